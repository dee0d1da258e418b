//! How a parent learns that a child has ended, whatever ended it.
//!
//! actix' own supervisor restarts an actor that stopped, but not one that panicked. So the child holds a
//! [`Lifeline`], whose drop tells the parent's [`Death`]; a panicking actor is dropped too.

use tokio::sync::oneshot;

/// How an actor ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End<T> {
    /// It said so itself.
    Orderly(T),
    /// It was dropped without a word: it panicked, or its thread has ended.
    Lost,
}

/// Held by the child.
#[derive(Debug)]
pub struct Lifeline<T> {
    sender: Option<oneshot::Sender<T>>,
}

/// Awaited by the parent.
#[derive(Debug)]
pub struct Death<T> {
    receiver: oneshot::Receiver<T>,
}

/// Makes the two ends.
#[must_use]
pub fn lifeline<T>() -> (Lifeline<T>, Death<T>) {
    let (sender, receiver) = oneshot::channel();
    (Lifeline { sender: Some(sender) }, Death { receiver })
}

impl<T> Lifeline<T> {
    /// Ends in an orderly way; only the first word counts.
    pub fn end(&mut self, word: T) {
        if let Some(sender) = self.sender.take() {
            // A parent that is gone needs no word.
            drop(sender.send(word));
        }
    }
}

impl<T> Death<T> {
    /// Waits for the end.
    pub async fn wait(self) -> End<T> {
        self.receiver.await.map_or(End::Lost, End::Orderly)
    }
}
