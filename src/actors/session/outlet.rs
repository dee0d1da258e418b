//! What a websocket's encoder gives, on its way to the operating system: piece by piece, and counted.
//!
//! The library encodes all that waits into one piece and hands it over at once, however slowly the peer
//! reads. So it passes through here: small pieces, each given back to the session's outflow as it goes.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{Error, web::Bytes};
use futures_util::Stream;

use super::Outflow;

/// Bytes that are handed over at a time.
const PIECE: usize = 64 * 1024;

/// The pieces of a response's body.
pub(super) struct Outlet {
    frames: Pin<Box<dyn Stream<Item = Result<Bytes, Error>>>>,
    rest: Bytes,
    outflow: Outflow,
}

impl Outlet {
    pub(super) fn new(
        frames: impl Stream<Item = Result<Bytes, Error>> + 'static,
        outflow: Outflow,
    ) -> Self {
        Self { frames: Box::pin(frames), rest: Bytes::new(), outflow }
    }
}

impl Stream for Outlet {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.rest.is_empty() {
            match ready!(self.frames.as_mut().poll_next(cx)) {
                Some(Ok(bytes)) => self.rest = bytes,
                other => return Poll::Ready(other),
            }
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        self.outflow.give_back(piece.len());
        Poll::Ready(Some(Ok(piece)))
    }
}
