//! The handshake over a real websocket: what the upgrade answers, and how a refusal reads on the wire.

use std::{io::Read, time::Duration};

use chrono::{TimeDelta, Utc};
use kontena_protocol::agent::{
    Message,
    hello::{format_connected_at, parse_connected_at},
    json::lossy,
};
use serde_json::json;

use super::wire::{Dial, Host, goodbye, list};

/// `[2,"/agent/master_info",[{"version":"1.5.4"}]]`, as the contract has it.
const MASTER_INFO: &[u8] = b"\x93\x02\xb2/agent/master_info\x91\x81\xa7version\xa51.5.4";

#[test]
fn case_1_the_upgrade_is_what_stock_agents_accept() {
    let host = Host::start();
    let wire = host.dial(&host.a());
    assert!(wire.head.starts_with("HTTP/1.1 101 "), "{}", wire.head);
    let single = |name: &str| {
        let values = wire.header(name);
        assert_eq!(values.len(), 1, "{name}: {values:?}");
        values[0].to_owned()
    };
    assert_eq!(single("Upgrade").to_ascii_lowercase(), "websocket");
    assert_eq!(single("Connection").to_ascii_lowercase(), "upgrade");
    assert_eq!(single("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(single("Kontena-Version"), "1.5.4");
    let text = single("Kontena-Connected-At");
    let at = parse_connected_at(&text).expect("a moment");
    assert_eq!(format_connected_at(at), text, "the layout with nine digits and Z");
    assert_eq!(text.len(), "2017-08-01 12:34:56.123456789Z".len());
    assert!((now() - at).abs() < TimeDelta::seconds(2), "{text}");
    for absent in ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"] {
        assert_eq!(wire.header(absent), Vec::<&str>::new(), "{absent}");
    }
}

fn now() -> chrono::DateTime<Utc> {
    kontena_master::clock::Clock::system().now()
}

#[test]
fn case_2_the_first_frames_say_who_is_who() {
    let host = Host::start();
    let mut wire = host.dial(&host.a());
    assert_eq!(wire.next(), (2, MASTER_INFO.to_vec()));
    let (opcode, payload) = wire.next();
    assert_eq!(opcode, 2);
    let frame = rmpv::decode::read_value(&mut payload.as_slice()).expect("MessagePack");
    let info = lossy(&frame);
    assert_eq!((&info[0], &info[1]), (&json!(2), &json!("/agent/node_info")));
    assert_eq!(info[2].as_array().map(Vec::len), Some(1));
    assert_eq!(info[2][0]["id"], "ID1");
    assert_eq!(info[2][0]["name"], "node-1");
}

#[test]
fn case_4_a_query_string_is_tolerated() {
    let host = Host::start();
    let _wire = host.accepted_as(&Dial { path: "/?x=1", ..host.a() });
    assert_eq!(host.node("node-1")["connected"], true);
}

#[test]
fn case_5_no_other_path_is_the_agents() {
    let host = Host::start();
    for path in ["/v1/ping", "/ping", "/v1/nodes", "/agent", "/v1/grids/test/nodes"] {
        let wire = host.dial(&Dial { path, ..host.a() });
        assert!(wire.head.starts_with("HTTP/1.1 "), "{path}: {}", wire.head);
        assert!(!wire.head.starts_with("HTTP/1.1 101"), "{path}: {}", wire.head);
    }
    let nodes = host.server.call("GET", "/v1/grids/test/nodes", &host.admin, None).body;
    assert_eq!(nodes["nodes"], json!([]));
}

#[test]
fn case_6_the_same_path_without_upgrade_is_the_info_page() {
    let host = Host::start();
    let answer = host.server.raw("GET", "/", &[], "");
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
    for key in ["name", "tagline", "version"] {
        assert!(answer.body[key].is_string(), "{key}: {}", answer.body);
    }
    assert_eq!(answer.body["version"], "1.5.4");
    assert!(!answer.head.contains("upgrade"), "{}", answer.head);
}

/// Reasons with characters of two, three and four bytes, cut at odd and even places.
#[test]
fn case_38_close_reasons_fit_their_frame() {
    let host = Host::start();
    let names = ["ä".repeat(100), format!("a{}", "ä".repeat(100)), "€".repeat(60), "🐳".repeat(40)];
    for (number, name) in names.iter().enumerate() {
        let id = format!("ID{number}");
        let dial = Dial { id: &id, name, ..host.a() };
        let mut first = host.accepted_as(&dial);
        // Connections are told apart by milliseconds.
        std::thread::sleep(Duration::from_millis(5));
        let mut second = host.accepted_as(&dial);
        assert_fits(&first.close_payload(), 4041, name);

        let nodes = host.server.call("GET", "/v1/grids/test/nodes", &host.admin, None).body;
        let nodes = nodes["nodes"].as_array().expect("a list").clone();
        let node = nodes.iter().find(|node| node["node_id"] == id.as_str()).expect("the node");
        let path = format!("/v1/nodes/{}/token", percent(node["id"].as_str().expect("an id")));
        let body = json!({ "token": null, "reset_connection": true });
        let answer = host.server.call("PUT", &path, &host.admin, Some(&body));
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_fits(&second.close_payload(), 4031, name);
    }
}

fn assert_fits(payload: &[u8], code: u16, name: &str) {
    assert!(payload.len() <= 125, "{} bytes", payload.len());
    let (found, reason) = payload.split_first_chunk::<2>().expect("a code");
    assert_eq!(u16::from_be_bytes(*found), code);
    let reason = std::str::from_utf8(reason).expect("whole characters");
    let whole = format!("host node {name}");
    assert!(whole.starts_with(reason), "{reason}");
    // No more is cut than must be.
    assert!(payload.len() > 125 - 4, "{} bytes", payload.len());
}

fn percent(path: &str) -> String {
    let letter = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() || b"/-_".contains(&byte) => char::from(byte).into(),
        byte => format!("%{byte:02X}"),
    };
    path.bytes().map(letter).collect()
}

#[test]
fn case_49_a_refused_socket_is_not_answered() {
    let host = Host::start();
    let mut wire = host.dial(&Dial { token: "wrong", tail: &list(1, "ID1"), ..host.a() });
    assert_eq!(wire.next().0, 8, "the close frame is the first and only one");
    wire.send(&list(2, "ID1"));
    wire.stream.set_read_timeout(Some(Duration::from_millis(500))).expect("sets");
    let mut byte = [0];
    assert!(wire.stream.read_exact(&mut byte).is_err(), "no answer");
    // The agent answers the close frame; the master hangs up.
    wire.send(&goodbye(4001, ""));
    assert_eq!(wire.stream.read(&mut byte).unwrap_or(0), 0, "no answer");
}

#[test]
fn case_86_a_request_in_one_segment_with_the_upgrade_is_answered() {
    let host = Host::start();
    let mut wire = host.accepted_as(&Dial { tail: &list(1, "ID1"), ..host.a() });
    wire.answers(1);
    // Several, and half of another one.
    let burst: Vec<u8> = (2..5).flat_map(|id| list(id, "ID2")).collect();
    let (whole, half) = burst.split_at(burst.len() - 7);
    let mut wire = host.accepted_as(&Dial { id: "ID2", tail: whole, ..host.a() });
    wire.send(half);
    (2..5).for_each(|id| wire.answers(id));
}

#[test]
fn a_refusal_reads_as_the_contract_has_it() {
    let host = Host::start();
    let mut wire = host.dial(&Dial { id: "", ..host.a() });
    assert_eq!(wire.closed(), (4000, "Missing Kontena-Node-ID".to_owned()));
    let mut wire = host.accepted();
    wire.send(&list(1, "ID1"));
    assert!(matches!(wire.message(), Message::Response { id: 1, .. }));
}
