//! What a session needs of a connection: frames in, frames out, and a way to get a new one.
//!
//! The websocket is one transport ([`super::socket`]); [`memory_pair`] is another, for agents that
//! share a process with their master or are run without sockets under a paused clock.

use std::pin::Pin;

use futures_util::{Sink, SinkExt, Stream, StreamExt, future::BoxFuture};
use kontena_protocol::agent::CloseCode;
use tokio::sync::mpsc;

/// One websocket frame, as far as the protocol looks at frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// One MessagePack value.
    Binary(Vec<u8>),
    /// Never sent; received ones are logged and dropped.
    Text(String),
    /// To be answered with the same payload. A transport that answers by itself does not hand it on.
    Ping(Vec<u8>),
    /// The answer to a ping.
    Pong(Vec<u8>),
    /// The last frame of either side.
    Close(CloseCode, String),
}

/// Why a connection broke or never came to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The server answered the upgrade with something else than a websocket.
    #[error("unexpected response from server, check url: {0}")]
    Refused(String),
    /// Name resolution, TCP, TLS or a protocol error.
    #[error("{0}")]
    Broken(String),
}

/// The sending half of a connection.
pub type FrameSink = Pin<Box<dyn Sink<Frame, Error = TransportError> + Send>>;
/// The receiving half of a connection; it ends where the peer is gone.
pub type FrameStream = Pin<Box<dyn Stream<Item = Result<Frame, TransportError>> + Send>>;

/// An open connection.
pub struct Connection {
    /// Frames to the peer.
    pub sink: FrameSink,
    /// Frames from the peer.
    pub stream: FrameStream,
    /// Headers of the answer to the upgrade that a check looks at.
    pub response: Vec<(String, String)>,
}

/// The headers of one upgrade request, in the order they are sent.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Upgrade {
    /// Names and values; see `kontena_protocol::agent::header`.
    pub headers: Vec<(&'static str, String)>,
}

impl Upgrade {
    /// Finds a header's value by its name, ignoring case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values would show tokens.
        f.debug_list().entries(self.headers.iter().map(|(name, _)| name)).finish()
    }
}

/// Opens connections to one master.
pub trait Dialer: Send + Sync + 'static {
    /// Opens one connection. The caller bounds how long it may take.
    fn dial(&self, upgrade: Upgrade) -> BoxFuture<'_, Result<Connection, TransportError>>;
}

/// Makes two connected ends that live in this process; each holds up to `capacity` unread frames.
#[must_use]
pub fn memory_pair(capacity: usize) -> (Connection, Connection) {
    let (to_right, from_left) = mpsc::channel(capacity.max(1));
    let (to_left, from_right) = mpsc::channel(capacity.max(1));
    (end(to_right, from_right), end(to_left, from_left))
}

fn end(outgoing: mpsc::Sender<Frame>, incoming: mpsc::Receiver<Frame>) -> Connection {
    let sink = futures_util::sink::unfold(outgoing, |outgoing, frame: Frame| async move {
        match outgoing.send(frame).await {
            Ok(()) => Ok(outgoing),
            Err(_) => Err(TransportError::Broken("the peer is gone".into())),
        }
    });
    let stream = futures_util::stream::unfold(incoming, |mut incoming| async move {
        incoming.recv().await.map(|frame| (frame, incoming))
    });
    Connection {
        sink: Box::pin(sink.sink_map_err(|error: TransportError| error)),
        stream: Box::pin(stream.map(Ok)),
        response: Vec::new(),
    }
}
