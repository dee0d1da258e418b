//! What waits for an agent to read it, in bytes: bounded for each connection and over all.
//!
//! A session takes room for each message it hands to its socket, and the socket gives it back when the
//! message is on its way to the operating system. Nothing is dropped here: an agent that does not read
//! what it is told is better told everything anew on another connection.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Bytes that may wait on one connection. A single message may be larger where nothing else waits.
const PER_CONNECTION: usize = 4 * 1024 * 1024;
/// Bytes that may wait on all connections together.
const OVER_ALL: usize = 256 * 1024 * 1024;
/// What each connection may use although there is too much over all.
const SHARE: usize = 64 * 1024;

/// The bytes that wait on one connection; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Outflow {
    own: Arc<Own>,
}

#[derive(Debug, Default)]
struct Own {
    waiting: AtomicUsize,
    total: Arc<AtomicUsize>,
}

impl Outflow {
    /// An outflow that counts into the total of all.
    #[must_use]
    pub fn counting_into(total: &Arc<AtomicUsize>) -> Self {
        Self { own: Arc::new(Own { waiting: AtomicUsize::new(0), total: Arc::clone(total) }) }
    }

    /// Takes room for a message of so many bytes; says whether there was any.
    #[must_use]
    pub(super) fn take(&self, bytes: usize) -> bool {
        let waiting = self.own.waiting.load(Ordering::Relaxed);
        let total = self.own.total.load(Ordering::Relaxed);
        let fits = waiting == 0 || waiting + bytes <= PER_CONNECTION;
        let fits_all = waiting + bytes <= SHARE || total + bytes <= OVER_ALL;
        if fits && fits_all {
            self.own.waiting.fetch_add(bytes, Ordering::Relaxed);
            self.own.total.fetch_add(bytes, Ordering::Relaxed);
        }
        fits && fits_all
    }

    /// So many bytes are on their way.
    pub fn give_back(&self, bytes: usize) {
        // A frame's own head was never taken room for.
        let took = |waiting: usize| Some(waiting.saturating_sub(bytes));
        if let Ok(waiting) =
            self.own.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, took)
        {
            self.own.total.fetch_sub(waiting.min(bytes), Ordering::Relaxed);
        }
    }

    /// How many bytes wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.own.waiting.load(Ordering::Relaxed)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.total.fetch_sub(*self.waiting.get_mut(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_for_each_and_over_all_and_comes_back() {
        let total = Arc::new(AtomicUsize::new(0));
        let stuck = Outflow::counting_into(&total);
        assert!(stuck.take(PER_CONNECTION * 3), "one message may be large");
        assert!(!stuck.take(1));
        stuck.give_back(PER_CONNECTION * 3);
        assert!(stuck.take(PER_CONNECTION) && !stuck.take(1));

        total.store(OVER_ALL, Ordering::Relaxed);
        let other = Outflow::counting_into(&total);
        assert!(other.take(SHARE), "a slow crowd does not silence the others");
        assert!(!other.take(1));
        assert_eq!(total.load(Ordering::Relaxed), OVER_ALL + SHARE);
        drop(other);
        assert_eq!(total.load(Ordering::Relaxed), OVER_ALL);
    }

    #[test]
    fn more_cannot_come_back_than_was_taken() {
        let total = Arc::new(AtomicUsize::new(0));
        let flow = Outflow::counting_into(&total);
        assert!(flow.take(10));
        flow.give_back(14);
        assert_eq!((flow.waiting(), total.load(Ordering::Relaxed)), (0, 0));
    }
}
