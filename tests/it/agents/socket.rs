//! Over a real websocket: what the library, the operating system and a hostile peer add.

use std::io::Write;

use kontena_protocol::agent::{Decoded, Message};
use serde_json::json;

use super::wire::{Dial, Host, Wire, frame, list};

/// An agent of this name dials.
fn dial(host: &Host, name: &str) -> Wire {
    let id = format!("ID-{name}");
    host.dial(&Dial { id: &id, name, labels: "grüße=ja,b", ..host.a() })
}

#[test]
fn free_text_survives_the_headers() {
    let host = Host::start();
    let mut wire = dial(&host, "nöde");
    wire.message();
    wire.message();
    let nodes = host.server.call("GET", "/v1/grids/test/nodes", &host.admin, None).body;
    assert_eq!(nodes["nodes"][0]["name"], "nöde");
    assert_eq!(nodes["nodes"][0]["labels"], json!(["grüße=ja", "b"]));
}

#[test]
fn cases_52_82_and_85_a_burst_keeps_its_order_and_rubbish_is_survived() {
    let host = Host::start();
    let mut wire = dial(&host, "a");
    let mut burst = Vec::new();
    for id in 0..1000 {
        burst.extend(list(id, "ID-a"));
    }
    burst.extend(frame(1, b"a text frame"));
    burst.extend(frame(2, &[0xc1]));
    burst.extend(frame(9, b"2017-08-01T12:34:56.123456789Z"));
    burst.extend(list(1000, "ID-a"));
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
    let host = Host::start();
    let mut wire = dial(&host, "a");
    let whole = list(7, "ID-a");
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
    let host = Host::start();
    let mut wire = dial(&host, "a");
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
    assert_eq!(wire.closed().0, 1009);
}

#[test]
fn a_stranger_cannot_make_the_master_hold_what_it_sends() {
    let host = Host::start();
    let mut wire = host.dial(&Dial { token: "wrong", ..host.a() });
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
    assert_eq!(host.server.raw("GET", "/ping", &[], "").status, 200);
}

/// Memory of this process, in which the master runs.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a figure");
    let kib = line.split_whitespace().nth(1).expect("a figure");
    kib.parse::<u64>().expect("a number") / 1024
}
