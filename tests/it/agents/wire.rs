//! A websocket by hand, so that it can say what no library would.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use kontena_protocol::agent::{Decoded, Message, hello::format_connected_at};
use serde_json::json;

use crate::conformance::server::Server;

/// A server with the grid `test`.
pub struct Host {
    pub server: Server,
    /// An administrator's access token.
    pub admin: String,
    /// `G`.
    pub token: String,
}

/// The agent's end of a connection.
pub struct Wire {
    pub stream: TcpStream,
    /// The response to the upgrade.
    pub head: String,
}

/// Who dials, and where.
#[derive(Clone)]
pub struct Dial<'a> {
    pub path: &'a str,
    pub id: &'a str,
    pub name: &'a str,
    pub labels: &'a str,
    pub version: &'a str,
    pub token: &'a str,
    /// Sent in one piece with the upgrade.
    pub tail: &'a [u8],
}

impl Host {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        let server = Server::start_with(settings);
        let admin = server.log_in();
        let grid = server.call("POST", "/v1/grids", &admin, Some(&json!({ "name": "test" })));
        let token = grid.body["token"].as_str().expect("a token").to_owned();
        Self { server, admin, token }
    }

    /// Agent `A`.
    pub fn a(&self) -> Dial<'_> {
        let (id, name, labels) = ("ID1", "node-1", "test=yes");
        let version = "1.5.4";
        Dial { path: "/", id, name, labels, version, token: &self.token, tail: &[] }
    }

    pub fn dial(&self, dial: &Dial<'_>) -> Wire {
        let mut wire = Wire::connect(&self.server);
        wire.send(&dial.request());
        wire.read_head();
        wire
    }

    /// Dials as `A` and reads up to `node_info`.
    pub fn accepted(&self) -> Wire {
        self.accepted_as(&self.a())
    }

    pub fn accepted_as(&self, dial: &Dial<'_>) -> Wire {
        let mut wire = self.dial(dial);
        assert!(wire.head.starts_with("HTTP/1.1 101"), "{}", wire.head);
        for expected in ["/agent/master_info", "/agent/node_info"] {
            match wire.message() {
                Message::Notification { method, .. } => assert_eq!(method, expected),
                other => panic!("{expected} is due: {other:?}"),
            }
        }
        wire
    }

    /// The node as the API shows it.
    pub fn node(&self, name: &str) -> serde_json::Value {
        self.server.call("GET", &format!("/v1/nodes/test/{name}"), &self.admin, None).body
    }

    /// Waits, not for long, until the API shows of a node what is asked for.
    pub fn node_when(
        &self,
        name: &str,
        holds: impl Fn(&serde_json::Value) -> bool,
    ) -> serde_json::Value {
        for _ in 0..200 {
            let node = self.node(name);
            if holds(&node) {
                return node;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("not in time: {}", self.node(name));
    }
}

impl Dial<'_> {
    /// The upgrade as it is sent, connected at this very moment.
    pub fn request(&self) -> Vec<u8> {
        let Self { path, id, name, labels, version, token, tail } = self;
        let now = format_connected_at(kontena_master::clock::Clock::system().now());
        let mut request = format!(
            "GET {path} HTTP/1.1\r\nHost: m\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Kontena-Version: {version}\r\nKontena-Node-Id: {id}\r\nKontena-Node-Name: {name}\r\n\
             Kontena-Node-Labels: {labels}\r\nKontena-Connected-At: {now}\r\n\
             Kontena-Grid-Token: {token}\r\n\r\n"
        )
        .into_bytes();
        request.extend_from_slice(tail);
        request
    }
}

/// A frame with an opcode, masked with zeros, which leave the payload as it is.
pub fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80 | opcode];
    match payload.len() {
        short @ 0..126 => bytes.push(0x80 | u8::try_from(short).expect("short")),
        middle @ 126..65536 => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(middle).expect("fits").to_be_bytes());
        }
        long => {
            bytes.push(0x80 | 127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// A close frame.
pub fn goodbye(code: u16, reason: &str) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend(reason.as_bytes());
    frame(8, &payload)
}

/// A request in a frame.
pub fn request(id: u64, method: &str, params: Vec<rmpv::Value>) -> Vec<u8> {
    frame(2, &Message::Request { id, method: method.to_owned(), params }.encode())
}

/// A request for the pods of a node.
pub fn list(id: u64, node: &str) -> Vec<u8> {
    request(id, "/node_service_pods/list", vec![rmpv::Value::from(node)])
}

impl Wire {
    /// Opens a connection on which nothing has been said yet.
    pub fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.addr).expect("listens");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("sets");
        Self { stream, head: String::new() }
    }

    /// Reads the response to the upgrade, and nothing of what follows it.
    pub fn read_head(&mut self) {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            self.stream.read_exact(&mut byte).expect("a response");
            head.push(byte[0]);
        }
        self.head = String::from_utf8_lossy(&head).into_owned();
    }

    /// The values of a response header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect()
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("sends");
    }

    /// The next frame's opcode and payload.
    pub fn next(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).expect("a frame");
        assert_eq!(head[0] & 0x80, 0x80, "the master sends whole messages");
        let length = match head[1] & 0x7f {
            126 => {
                let mut length = [0; 2];
                self.stream.read_exact(&mut length).expect("a length");
                usize::from(u16::from_be_bytes(length))
            }
            127 => {
                let mut length = [0; 8];
                self.stream.read_exact(&mut length).expect("a length");
                usize::try_from(u64::from_be_bytes(length)).expect("fits")
            }
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).expect("a payload");
        (head[0] & 0x0f, payload)
    }

    /// The next frame that is not the master's own ping, which comes at a moment of its choice.
    pub fn next_but_pings(&mut self) -> (u8, Vec<u8>) {
        loop {
            match self.next() {
                (9, _) => {}
                other => return other,
            }
        }
    }

    pub fn message(&mut self) -> Message {
        loop {
            if let (2, payload) = self.next()
                && let Decoded::Message(message) = Message::decode(&payload).expect("a message")
            {
                return message;
            }
        }
    }

    /// Waits for the close frame; returns its whole payload.
    pub fn close_payload(&mut self) -> Vec<u8> {
        loop {
            if let (8, payload) = self.next() {
                return payload;
            }
        }
    }

    pub fn closed(&mut self) -> (u16, String) {
        let payload = self.close_payload();
        let (code, reason) = payload.split_first_chunk::<2>().expect("a code");
        (u16::from_be_bytes(*code), String::from_utf8(reason.to_vec()).expect("UTF-8"))
    }

    /// The next frame is the answer to this request, and a success.
    pub fn answers(&mut self, expected: u64) {
        let (opcode, payload) = self.next_but_pings();
        assert_eq!(opcode, 2, "{payload:?}");
        match Message::decode(&payload) {
            Ok(Decoded::Message(Message::Response { id, outcome })) => {
                assert_eq!(id, expected);
                assert!(outcome.is_ok(), "{outcome:?}");
            }
            other => panic!("an answer to {expected} is due: {other:?}"),
        }
    }
}
