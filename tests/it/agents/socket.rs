//! Over a real websocket: what the library, the operating system and a hostile peer add.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use kontena_protocol::agent::{Decoded, Message, hello::format_connected_at};
use serde_json::json;

use crate::api::server::Server;

/// A websocket by hand, so that it can say what no library would.
struct Wire {
    stream: TcpStream,
    head: String,
}

fn upgrade(server: &Server, token: &str, name: &str) -> Wire {
    let mut stream = TcpStream::connect(server.addr).expect("listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("sets");
    let now = kontena_master::clock::Clock::system().now();
    let request = format!(
        "GET /?x=1 HTTP/1.1\r\nHost: m\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Kontena-Version: 1.5.4\r\nKontena-Node-Id: ID-{name}\r\nKontena-Node-Name: {name}\r\n\
         Kontena-Node-Labels: grüße=ja,b\r\nKontena-Connected-At: {}\r\n\
         Kontena-Grid-Token: {token}\r\n\r\n",
        format_connected_at(now)
    );
    stream.write_all(request.as_bytes()).expect("sends");
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a response");
        head.push(byte[0]);
    }
    Wire { stream, head: String::from_utf8_lossy(&head).to_ascii_lowercase() }
}

fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
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
    // A mask of zeros leaves the payload as it is.
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

impl Wire {
    fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("sends");
    }

    /// The next frame's opcode and payload.
    fn next(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).expect("a frame");
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

    fn message(&mut self) -> Message {
        loop {
            if let (2, payload) = self.next()
                && let Decoded::Message(message) = Message::decode(&payload).expect("a message")
            {
                return message;
            }
        }
    }

    fn closed(&mut self) -> u16 {
        loop {
            if let (8, payload) = self.next() {
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
        }
    }
}

fn server() -> (Server, String, String) {
    let server = Server::start();
    let admin = server.log_in();
    let grid = server.call("POST", "/v1/grids", &admin, Some(&json!({ "name": "test" })));
    let token = grid.body["token"].as_str().expect("a token").to_owned();
    (server, admin, token)
}

fn list(id: u64, name: &str) -> Vec<u8> {
    let params = vec![rmpv::Value::from(format!("ID-{name}"))];
    let method = "/node_service_pods/list".to_owned();
    frame(2, &Message::Request { id, method, params }.encode())
}

#[test]
fn cases_1_and_2_the_upgrade_is_what_stock_agents_accept() {
    let (server, admin, token) = server();
    let mut wire = upgrade(&server, &token, "nöde");
    assert!(wire.head.starts_with("http/1.1 101"), "{}", wire.head);
    assert!(wire.head.contains("connection: upgrade\r\n"));
    assert!(wire.head.contains("kontena-version: 1.5.4\r\n"));
    assert!(wire.head.contains("kontena-connected-at: 20"));
    assert!(!wire.head.contains("sec-websocket-protocol"));
    assert!(!wire.head.contains("sec-websocket-extensions"));
    let (opcode, first) = wire.next();
    assert_eq!(opcode, 2);
    assert!(first.starts_with(b"\x93\x02\xb2/agent/master_info"), "{first:?}");
    let Message::Notification { method, .. } = wire.message() else { panic!("node info") };
    assert_eq!(method, "/agent/node_info");
    let nodes = server.call("GET", "/v1/grids/test/nodes", &admin, None).body;
    assert_eq!(nodes["nodes"][0]["name"], "nöde", "free text survives the headers");
    assert_eq!(nodes["nodes"][0]["labels"], json!(["grüße=ja", "b"]));
}

#[test]
fn cases_52_82_and_85_a_burst_keeps_its_order_and_rubbish_is_survived() {
    let (server, _, token) = server();
    let mut wire = upgrade(&server, &token, "a");
    let mut burst = Vec::new();
    for id in 0..1000 {
        burst.extend(list(id, "a"));
    }
    burst.extend(frame(1, b"a text frame"));
    burst.extend(frame(2, &[0xc1]));
    burst.extend(frame(9, b"2017-08-01T12:34:56.123456789Z"));
    burst.extend(list(1000, "a"));
    wire.send(&burst);
    let mut expected = 0;
    let mut ponged = false;
    while expected <= 1000 {
        match wire.next() {
            (10, payload) => {
                assert_eq!(payload, b"2017-08-01T12:34:56.123456789Z");
                ponged = true;
            }
            (2, payload) => {
                let decoded = Message::decode(&payload).expect("a message");
                if let Decoded::Message(Message::Response { id, outcome }) = decoded {
                    assert_eq!(id, expected);
                    assert!(outcome.is_ok());
                    expected += 1;
                }
            }
            // The master's own keepalive, at a moment of its choice.
            (9, _) => {}
            (opcode, payload) => panic!("frame {opcode}: {payload:?}"),
        }
    }
    assert!(ponged);
}

#[test]
fn case_88_fragments_are_joined() {
    let (server, _, token) = server();
    let mut wire = upgrade(&server, &token, "a");
    let whole = list(7, "a");
    let payload = &whole[6..];
    let (first, rest) = payload.split_at(10);
    let (second, third) = rest.split_at(10);
    for (head, part) in [(0x02, first), (0x00, second), (0x80, third)] {
        let mut bytes = frame(0, part);
        bytes[0] = head;
        wire.send(&bytes);
    }
    loop {
        if let Message::Response { id, outcome } = wire.message() {
            assert_eq!(id, 7);
            assert!(outcome.is_ok());
            return;
        }
    }
}

#[test]
fn case_87_a_large_message_is_taken_once_admitted_and_a_larger_one_is_not() {
    let (server, _, token) = server();
    let mut wire = upgrade(&server, &token, "a");
    while !matches!(wire.message(), Message::Notification { method, .. } if method.ends_with("node_info"))
    {
    }
    let filler = rmpv::Value::from("x".repeat(10 * 1024 * 1024));
    let params = vec![rmpv::Value::from("ID-a"), filler];
    let method = "/nodes/update".to_owned();
    wire.send(&frame(2, &Message::Request { id: 1, method, params }.encode()));
    let Message::Response { id: 1, outcome } = wire.message() else { panic!("an answer") };
    assert!(outcome.is_ok(), "{outcome:?}");
    // The announcement alone is enough once more than the limit has come.
    let mut huge = vec![0x82, 0x80 | 127];
    huge.extend((1_u64 << 32).to_be_bytes());
    huge.extend([0; 4]);
    wire.send(&huge);
    let chunk = vec![0; 1 << 20];
    for _ in 0..40 {
        // The master hangs up in the middle.
        if wire.stream.write_all(&chunk).is_err() {
            return;
        }
    }
    assert_eq!(wire.closed(), 1009);
}

#[test]
fn a_stranger_cannot_make_the_master_hold_what_it_sends() {
    let server = Server::start();
    let mut wire = upgrade(&server, "wrong", "a");
    let mut huge = vec![0x82, 0x80 | 127];
    huge.extend((1_u64 << 32).to_be_bytes());
    huge.extend([0; 4]);
    wire.stream.write_all(&huge).ok();
    let chunk = vec![0; 1 << 20];
    let before = resident_mib();
    for _ in 0..512 {
        if wire.stream.write_all(&chunk).is_err() {
            break;
        }
    }
    let held = resident_mib().saturating_sub(before);
    assert!(held < 256, "{held} MiB are held for somebody without a token");
    assert_eq!(server.raw("GET", "/ping", &[], "").status, 200);
}

/// Memory of this process, in which the master runs.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a figure");
    let kib = line.split_whitespace().nth(1).expect("a figure");
    kib.parse::<u64>().expect("a number") / 1024
}
