//! The agents' end: as little as answers for a node, so that the two cores are the master's.

use std::{net::SocketAddr, time::Duration};

use anyhow::{bail, ensure};
use kontena_master::clock::{self, Clock};
use kontena_protocol::agent::{Decoded, Message, hello::format_connected_at, json, method};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    time::Instant,
};

const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// How a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The TCP connection, without a word.
    Tcp,
    /// With a close frame; the master answers it and closes the connection.
    CloseFrame,
}

/// A connected agent that answers pings until it is told to go.
pub struct Agent {
    order: oneshot::Sender<Order>,
    /// From the dial to the moment `node_info` was read.
    pub connecting: Duration,
}

struct Order {
    ending: Ending,
    /// Told the moment just before the connection was closed.
    closed: oneshot::Sender<Instant>,
}

impl Agent {
    /// Connects, waits until the connection counts, reports once, and stays.
    pub async fn connect(addr: SocketAddr, token: &str, engine: &str) -> anyhow::Result<Self> {
        let began = clock::instant();
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let mut line = Line { stream, buffer: Vec::new() };
        line.upgrade(token, engine).await?;
        line.until(|message| {
            matches!(message, Message::Notification { method, .. } if method == "/agent/node_info")
        })
        .await?;
        let connecting = began.elapsed();
        line.report(engine).await?;
        // What a long list of peers needed is not needed again.
        line.buffer.shrink_to_fit();
        let (order, orders) = oneshot::channel();
        tokio::spawn(line.live(orders));
        Ok(Self { order, connecting })
    }

    /// Closes the connection; returns the moment just before.
    pub async fn close(self, ending: Ending) -> anyhow::Result<Instant> {
        let (closed, at) = oneshot::channel();
        let told = self.order.send(Order { ending, closed });
        ensure!(told.is_ok(), "the master has closed the connection");
        Ok(at.await?)
    }
}

/// A websocket by hand: no library has buffers as small.
struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Line {
    async fn upgrade(&mut self, token: &str, engine: &str) -> anyhow::Result<()> {
        let now = format_connected_at(Clock::system().now());
        let request = format!(
            "GET / HTTP/1.1\r\nHost: master\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Kontena-Version: 1.5.4\r\nKontena-Node-Id: {engine}\r\nKontena-Node-Name: {engine}\r\n\
             Kontena-Node-Labels: \r\nKontena-Connected-At: {now}\r\n\
             Kontena-Grid-Token: {token}\r\n\r\n"
        );
        self.stream.write_all(request.as_bytes()).await?;
        loop {
            const END: &[u8] = b"\r\n\r\n";
            if let Some(end) = self.buffer.windows(END.len()).position(|four| four == END) {
                let head: Vec<u8> = self.buffer.drain(..end + END.len()).collect();
                let head = String::from_utf8_lossy(&head);
                ensure!(head.starts_with("HTTP/1.1 101"), "not upgraded: {head}");
                return Ok(());
            }
            self.read_more().await?;
        }
    }

    async fn report(&mut self, engine: &str) -> anyhow::Result<()> {
        // An address, since agents are told their peers'.
        let [high, low] = self.stream.local_addr()?.port().to_be_bytes();
        let info = json!({
            "Id": engine, "NCPU": 2, "MemTotal": 4_294_967_296_u64,
            "PrivateIp": format!("10.0.{high}.{low}"),
        });
        let params = vec![rmpv::Value::from(engine), json::pack(info)];
        let method = method::NODES_UPDATE.to_owned();
        self.send(BINARY, &Message::Request { id: 1, method, params }.encode()).await?;
        self.until(|message| matches!(message, Message::Response { id: 1, .. })).await
    }

    /// Answers pings until there is an order, and carries it out.
    async fn live(mut self, mut orders: oneshot::Receiver<Order>) -> anyhow::Result<()> {
        let Order { ending, closed } = loop {
            tokio::select! {
                frame = self.next() => self.answer(&frame?).await?,
                order = &mut orders => break order?,
            }
        };
        let at = clock::instant();
        match ending {
            Ending::Tcp => {
                drop(self);
                closed.send(at).ok();
            }
            Ending::CloseFrame => {
                self.send(CLOSE, &1000_u16.to_be_bytes()).await?;
                closed.send(at).ok();
                // What an agent does then: it waits for the answer, and for the end.
                while self.read_more().await.is_ok() {}
            }
        }
        Ok(())
    }

    /// Reads up to a message that was waited for.
    async fn until(&mut self, is_it: impl Fn(&Message) -> bool) -> anyhow::Result<()> {
        loop {
            let frame = self.next().await?;
            if frame.0 == CLOSE {
                bail!("refused: {}", String::from_utf8_lossy(&frame.1));
            }
            if frame.0 == BINARY
                && let Decoded::Message(message) = Message::decode(&frame.1)?
                && is_it(&message)
            {
                return Ok(());
            }
            self.answer(&frame).await?;
        }
    }

    async fn answer(&mut self, (opcode, payload): &(u8, Vec<u8>)) -> anyhow::Result<()> {
        if *opcode == PING {
            self.send(PONG, payload).await?;
        }
        Ok(())
    }

    /// Sends a frame, masked with zeros, which leave the payload as it is.
    async fn send(&mut self, opcode: u8, payload: &[u8]) -> anyhow::Result<()> {
        let mut frame = vec![0x80 | opcode];
        match u8::try_from(payload.len()) {
            Ok(short @ 0..126) => frame.push(0x80 | short),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(payload.len())?.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        Ok(self.stream.write_all(&frame).await?)
    }

    /// The next frame's opcode and payload. May be given up and called again.
    async fn next(&mut self) -> anyhow::Result<(u8, Vec<u8>)> {
        loop {
            if let Some((opcode, head, length)) = frame_head(&self.buffer)
                && self.buffer.len() >= head + length
            {
                let payload = self.buffer.drain(..head + length).skip(head).collect();
                return Ok((opcode, payload));
            }
            self.read_more().await?;
        }
    }

    async fn read_more(&mut self) -> anyhow::Result<()> {
        let read = self.stream.read_buf(&mut self.buffer).await?;
        ensure!(read > 0, "the master has closed the connection");
        Ok(())
    }
}

/// Opcode, and the lengths of head and payload, of the frame that begins here.
fn frame_head(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let ([first, second], rest) = bytes.split_first_chunk::<2>()?;
    let (head, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?),
        short => (2, usize::from(short)),
    };
    Some((first & 0x0f, head, length))
}
