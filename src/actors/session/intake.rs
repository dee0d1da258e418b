//! What a websocket's decoder is fed: chunk by chunk, and no more of an unfinished frame than is allowed.
//!
//! The library reads everything there is into its buffer before it decodes, and looks at a frame's
//! length only once the whole frame is there. So the chunks pass through here: one at a time, none while
//! complete frames may still wait in the buffer, and an end as soon as an unfinished frame exceeds what
//! the session accepts, whoever sends it.

use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::{
    error::PayloadError,
    web::{Bytes, Payload},
};
use futures_util::Stream;
use tokio::time::Sleep;

/// What may still come after the connection was closed from this side: an answering close frame.
const AFTER_CLOSE: usize = 4 * 1024;
/// The pause after each chunk that comes then: what is in the way of the answer is read, and a flood costs
/// nothing.
const PAUSE_AFTER_CLOSE: Duration = Duration::from_millis(50);
/// Bytes of unfinished frames, and of messages in hand, over all connections.
const OVER_ALL: usize = 256 * 1024 * 1024;
/// What each connection may have unfinished although there is too much over all.
const SHARE: usize = 1024 * 1024;

/// Shared between the socket, which knows what was decoded, and the chunks on their way to the decoder.
#[derive(Debug)]
pub(super) struct Gauge {
    limit: Cell<usize>,
    undecoded: Cell<usize>,
    /// Bytes that were decoded and are not done with: parts of a message, and messages in hand.
    held: Cell<usize>,
    over_all: Arc<AtomicUsize>,
    may_hold_frames: Cell<bool>,
    overflowed: Cell<bool>,
    closed: Cell<bool>,
}

impl Gauge {
    pub(super) fn new(limit: usize, over_all: Arc<AtomicUsize>) -> Rc<Self> {
        Rc::new(Self {
            limit: Cell::new(limit),
            undecoded: Cell::new(0),
            held: Cell::new(0),
            over_all,
            may_hold_frames: Cell::new(false),
            overflowed: Cell::new(false),
            closed: Cell::new(false),
        })
    }

    /// Accepts larger messages from now on.
    pub(super) fn raise(&self, limit: usize) {
        self.limit.set(limit);
    }

    /// The connection is closed from this side.
    pub(super) fn close(&self) {
        self.limit.set(AFTER_CLOSE);
        self.closed.set(true);
        self.forget();
    }

    /// A frame was decoded; others may wait behind it.
    pub(super) fn decoded(&self) {
        self.forget();
        self.may_hold_frames.set(true);
    }

    /// Whether an unfinished frame was too large.
    pub(super) fn has_overflowed(&self) -> bool {
        self.overflowed.get()
    }

    /// Holds so many bytes more; says whether that is too much over all.
    #[must_use]
    pub(super) fn hold(&self, bytes: usize) -> bool {
        self.held.set(self.held.get() + bytes);
        let over_all = self.over_all.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.held.get() > SHARE && over_all > OVER_ALL
    }

    /// Is done with so many of the bytes it holds.
    pub(super) fn release(&self, bytes: usize) {
        let bytes = bytes.min(self.held.get());
        self.held.set(self.held.get() - bytes);
        self.over_all.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn forget(&self) {
        self.over_all.fetch_sub(self.undecoded.take(), Ordering::Relaxed);
    }

    /// Counts a chunk; says whether what is unfinished is too much by now.
    fn overflows(&self, chunk: usize) -> bool {
        let undecoded = self.undecoded.get() + chunk;
        self.undecoded.set(undecoded);
        let over_all = self.over_all.fetch_add(chunk, Ordering::Relaxed) + chunk;
        undecoded > self.limit.get() + chunk || (undecoded > SHARE && over_all > OVER_ALL)
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        self.release(self.held.get());
        self.forget();
    }
}

/// The chunks of a request's payload.
pub(super) struct Intake {
    payload: Payload,
    gauge: Rc<Gauge>,
    gave: bool,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Intake {
    pub(super) fn new(payload: Payload, gauge: Rc<Gauge>) -> Self {
        Self { payload, gauge, gave: false, pause: None }
    }
}

impl Stream for Intake {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.gauge.overflowed.get() {
            return Poll::Ready(None);
        }
        // The decoder's turn: after each chunk, and as long as it finds frames in what it has.
        if std::mem::take(&mut self.gave) || self.gauge.may_hold_frames.take() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        match Pin::new(&mut self.payload).poll_next(cx) {
            Poll::Ready(Some(Ok(chunk))) => {
                self.gave = true;
                if self.gauge.closed.get() {
                    self.pause = Some(Box::pin(tokio::time::sleep(PAUSE_AFTER_CLOSE)));
                }
                if self.gauge.overflows(chunk.len()) {
                    self.gauge.overflowed.set(true);
                    return Poll::Ready(Some(Err(PayloadError::Overflow)));
                }
                Poll::Ready(Some(Ok(chunk)))
            }
            other => other,
        }
    }
}
