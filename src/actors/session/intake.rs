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
    task::{Context, Poll},
};

use actix_web::{
    error::PayloadError,
    web::{Bytes, Payload},
};
use futures_util::Stream;

/// What may still come after the connection was closed from this side: an answering close frame.
const AFTER_CLOSE: usize = 4 * 1024;

/// Shared between the socket, which knows what was decoded, and the chunks on their way to the decoder.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    limit: Cell<usize>,
    undecoded: Cell<usize>,
    may_hold_frames: Cell<bool>,
    overflowed: Cell<bool>,
}

impl Gauge {
    pub(super) fn new(limit: usize) -> Rc<Self> {
        let gauge = Self::default();
        gauge.limit.set(limit);
        Rc::new(gauge)
    }

    /// Accepts larger messages from now on.
    pub(super) fn raise(&self, limit: usize) {
        self.limit.set(limit);
    }

    /// The connection is closed from this side.
    pub(super) fn close(&self) {
        self.limit.set(AFTER_CLOSE);
        self.undecoded.set(0);
    }

    /// A frame was decoded; others may wait behind it.
    pub(super) fn decoded(&self) {
        self.undecoded.set(0);
        self.may_hold_frames.set(true);
    }

    /// Whether an unfinished frame was too large.
    pub(super) fn has_overflowed(&self) -> bool {
        self.overflowed.get()
    }
}

/// The chunks of a request's payload.
pub(super) struct Intake {
    payload: Payload,
    gauge: Rc<Gauge>,
    gave: bool,
}

impl Intake {
    pub(super) fn new(payload: Payload, gauge: Rc<Gauge>) -> Self {
        Self { payload, gauge, gave: false }
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
        match Pin::new(&mut self.payload).poll_next(cx) {
            Poll::Ready(Some(Ok(chunk))) => {
                let undecoded = self.gauge.undecoded.get() + chunk.len();
                self.gauge.undecoded.set(undecoded);
                self.gave = true;
                if undecoded > self.gauge.limit.get() + chunk.len() {
                    self.gauge.overflowed.set(true);
                    return Poll::Ready(Some(Err(PayloadError::Overflow)));
                }
                Poll::Ready(Some(Ok(chunk)))
            }
            other => other,
        }
    }
}
