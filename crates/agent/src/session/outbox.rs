//! Frames on their way out of one connection: control frames first, and never more than a bound.

use std::{
    collections::VecDeque,
    future::poll_fn,
    task::{Context, Poll, ready},
};

use kontena_protocol::agent::CloseCode;

use super::transport::{Frame, FrameSink, TransportError};

/// How many frames may wait before requests of our own and frames from the master have to.
const BOUND: usize = 256;

/// The sending half of a connection with what waits in front of it.
pub(super) struct Outbox {
    sink: FrameSink,
    control: VecDeque<Frame>,
    data: VecDeque<Frame>,
    unflushed: bool,
    closed_by_peer: Option<(CloseCode, String)>,
}

impl Outbox {
    pub(super) fn new(sink: FrameSink) -> Self {
        Self {
            sink,
            control: VecDeque::new(),
            data: VecDeque::new(),
            unflushed: false,
            closed_by_peer: None,
        }
    }

    /// Queues a frame that must not wait behind data: a ping, a pong, a close.
    pub(super) fn urgent(&mut self, frame: Frame) {
        self.control.push_back(frame);
    }

    /// Queues a message.
    pub(super) fn data(&mut self, bytes: Vec<u8>) {
        self.data.push_back(Frame::Binary(bytes));
    }

    /// Notes the peer's close frame: from now on there is only [`Self::close`] to be called.
    pub(super) fn note_close(&mut self, code: CloseCode, reason: String) {
        self.closed_by_peer = Some((code, reason));
    }

    /// Hands out what [`Self::note_close`] noted.
    pub(super) fn closing(&mut self) -> Option<(CloseCode, String)> {
        self.closed_by_peer.take()
    }

    /// Tells whether there is something for [`Self::drive`] to do.
    pub(super) fn busy(&self) -> bool {
        self.unflushed || !self.control.is_empty() || !self.data.is_empty()
    }

    /// Tells whether more may be queued.
    pub(super) fn has_room(&self) -> bool {
        self.data.len() < BOUND
    }

    /// Sends until nothing waits. May be dropped at any point and called again.
    pub(super) async fn drive(&mut self) -> Result<(), TransportError> {
        poll_fn(|cx| self.poll_drive(cx)).await
    }

    /// Closes the connection in the transport's own way.
    pub(super) async fn close(&mut self) -> Result<(), TransportError> {
        poll_fn(|cx| self.sink.as_mut().poll_close(cx)).await
    }

    fn poll_drive(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        while !self.control.is_empty() || !self.data.is_empty() {
            ready!(self.sink.as_mut().poll_ready(cx))?;
            let next = self.control.pop_front().or_else(|| self.data.pop_front());
            if let Some(frame) = next {
                self.unflushed = true;
                self.sink.as_mut().start_send(frame)?;
            }
        }
        ready!(self.sink.as_mut().poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }
}
