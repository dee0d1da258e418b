//! A websocket to the master: how it is opened, and how it waits without a thread.
//!
//! ```text
//! TCP -> TLS if the master's URL says so -> upgrade, with the token -> non-blocking from then on
//! ```
//!
//! What is said through it is `exec`'s.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use tungstenite::error::ProtocolError;
use tungstenite::handshake::HandshakeError;
use tungstenite::protocol::CloseFrame;
use tungstenite::{ClientRequestBuilder, Error, Message, WebSocket};

use super::{Client, transport};
use crate::config::Environment;
use crate::failure::{Failure, Kind};

/// An open connection.
pub(crate) struct Socket {
    inner: WebSocket<Wire>,
    /// The system took only a part of what was written.
    is_full: bool,
}

/// What a peer can send that matters here.
pub(crate) enum Received {
    /// A frame with text.
    Text(String),
    /// The answer to a ping.
    Pong,
    /// The end, with the reason where one was given.
    Closed(Option<CloseFrame>),
    /// Nothing is there yet.
    Nothing,
}

impl Socket {
    /// Opens a websocket on `path`; a token that has expired is renewed once.
    pub(crate) fn open(
        client: &Client,
        environment: &Environment,
        path: &str,
    ) -> Result<Self, Failure> {
        let mut outcome = Self::upgrade(client, environment, path)?;
        if matches!(outcome, Err(401)) && client.bearer().is_some() && client.renew()? {
            outcome = Self::upgrade(client, environment, path)?;
        }
        outcome.map_err(|status| {
            Failure::known(
                Kind::of_status(status),
                format!("Error during WebSocket handshake: Unexpected response code: {status}"),
            )
        })
    }

    /// Opens a websocket, or returns the status of an answer that is no upgrade.
    fn upgrade(
        client: &Client,
        environment: &Environment,
        path: &str,
    ) -> Result<Result<Self, u16>, Failure> {
        let unreachable =
            |error: io::Error| transport::unreachable(client.url(), &error.into(), false);
        let wire = Wire::connect(client, environment).map_err(unreachable)?;
        let address = client.origin().join(path).replacen("http", "ws", 1);
        let uri = address.parse().map_err(|error| unsuitable(client.url(), &error))?;
        let mut request =
            ClientRequestBuilder::new(uri).with_header("User-Agent", transport::USER_AGENT);
        if let Some(bearer) = client.bearer() {
            request = request.with_header("Authorization", bearer);
        }
        let inner = match tungstenite::client(request, wire) {
            Ok((inner, _)) => inner,
            Err(HandshakeError::Failure(Error::Http(response))) => {
                let status = response.status().as_u16();
                client.note(&format!("GET {path} {status}"));
                return Ok(Err(status));
            }
            Err(HandshakeError::Failure(Error::Io(error))) => return Err(unreachable(error)),
            Err(HandshakeError::Failure(error)) => return Err(unsuitable(client.url(), &error)),
            // The connection blocks, so that only its time can have run out.
            Err(HandshakeError::Interrupted(_)) => {
                return Err(unreachable(ErrorKind::TimedOut.into()));
            }
        };
        client.note(&format!("GET {path} 101"));
        inner.get_ref().tcp().set_nonblocking(true).map_err(unreachable)?;
        Ok(Ok(Self { inner, is_full: false }))
    }

    /// Takes the next frame, if there is one.
    pub(crate) fn receive(&mut self) -> Result<Received, Failure> {
        loop {
            return Ok(match self.inner.read() {
                Ok(Message::Text(text)) => Received::Text(text.to_string()),
                Ok(Message::Binary(bytes)) => {
                    Received::Text(String::from_utf8_lossy(&bytes).into_owned())
                }
                Ok(Message::Pong(_)) => Received::Pong,
                Ok(Message::Close(frame)) => Received::Closed(frame),
                Ok(_) => continue,
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => Received::Nothing,
                Err(
                    Error::ConnectionClosed
                    | Error::AlreadyClosed
                    | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake),
                ) => Received::Closed(None),
                Err(error) => return Err(broken(&error)),
            });
        }
    }

    /// Sends text.
    pub(crate) fn send(&mut self, text: String) -> Result<(), Failure> {
        let sent = self.inner.send(Message::text(text));
        self.note_full(sent)
    }

    /// Asks for a sign of life.
    pub(crate) fn ping(&mut self) -> Result<(), Failure> {
        let sent = self.inner.send(Message::Ping(Vec::new().into()));
        self.note_full(sent)
    }

    /// Says goodbye without waiting for the answer.
    pub(crate) fn leave(mut self) {
        let _ = self.inner.close(None);
    }

    /// Tells whether the peer is so slow that more must wait.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Waits until there is something to read here or at `other`, or until the time is over.
    pub(crate) fn wait(&mut self, other: BorrowedFd<'_>, limit: Duration) -> Result<(), Failure> {
        let flushed = self.inner.flush();
        self.note_full(flushed)?;
        let mut wanted = PollFlags::IN;
        wanted.set(PollFlags::OUT, self.is_full);
        let mut sources = [
            PollFd::from_borrowed_fd(self.inner.get_ref().tcp().as_fd(), wanted),
            PollFd::from_borrowed_fd(other, PollFlags::IN),
        ];
        let limit = Timespec::try_from(limit).ok();
        match poll(&mut sources, limit.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(broken(&io::Error::from(error))),
        }
    }

    fn note_full(&mut self, outcome: Result<(), Error>) -> Result<(), Failure> {
        self.is_full = match outcome {
            Ok(()) => false,
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => true,
            // What the peer said last is still to be read.
            Err(Error::ConnectionClosed | Error::AlreadyClosed) => false,
            Err(error) => return Err(broken(&error)),
        };
        Ok(())
    }
}

fn broken(error: &dyn std::error::Error) -> Failure {
    Failure::said(format!("The connection to the master broke: {error}"))
}

fn unsuitable(url: &str, error: &dyn std::error::Error) -> Failure {
    Failure::said(format!("Cannot connect to {url}: {error}"))
}

/// What the websocket runs over.
enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Wire {
    fn connect(client: &Client, environment: &Environment) -> io::Result<Self> {
        let origin = client.origin();
        let tcp = dial(origin.host(), origin.port(), environment)?;
        tcp.set_read_timeout(Some(environment.seconds("EXCON_READ_TIMEOUT", 30)))?;
        tcp.set_write_timeout(Some(environment.seconds("EXCON_WRITE_TIMEOUT", 10)))?;
        tcp.set_nodelay(true)?;
        if !origin.is_tls() {
            return Ok(Self::Plain(tcp));
        }
        let config = transport::tls(origin, environment).map_err(io::Error::other)?;
        let name = ServerName::try_from(origin.host().to_owned()).map_err(io::Error::other)?;
        let session = ClientConnection::new(config, name).map_err(io::Error::other)?;
        Ok(Self::Tls(Box::new(StreamOwned::new(session, tcp))))
    }

    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => &tls.sock,
        }
    }
}

fn dial(host: &str, port: u16, environment: &Environment) -> io::Result<TcpStream> {
    let limit = environment.seconds("EXCON_CONNECT_TIMEOUT", 10);
    let mut last = io::Error::other("the host name is not known");
    for address in (host, port).to_socket_addrs().map_err(|_| io::Error::other(last.to_string()))? {
        match TcpStream::connect_timeout(&address, limit) {
            Ok(tcp) => return Ok(tcp),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.read(into),
            Self::Tls(tls) => tls.read(into),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(tcp) => tcp.write(from),
            Self::Tls(tls) => tls.write(from),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(tcp) => tcp.flush(),
            Self::Tls(tls) => tls.flush(),
        }
    }
}
