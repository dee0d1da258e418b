//! Frames, calls and ends of connections over a real websocket.

use std::{net::Shutdown, time::Duration};

use kontena_protocol::agent::{Message, json::lossy};
use kontena_store::{DatabaseUrl, Options, Store};
use rmpv::Value;
use serde_json::json;

use super::wire::{Host, Wire, frame, goodbye, list, request};

/// The next frame, whole and undecoded.
fn raw(wire: &mut Wire) -> Value {
    let (opcode, payload) = wire.next_but_pings();
    assert_eq!(opcode, 2, "{payload:?}");
    let mut rest = payload.as_slice();
    let value = rmpv::decode::read_value(&mut rest).expect("MessagePack");
    assert!(rest.is_empty(), "one value per message");
    value
}

/// Nothing has been said, and the connection lives.
fn assert_undisturbed(wire: &mut Wire, id: u64) {
    wire.send(&list(id, "ID1"));
    wire.answers(id);
}

#[test]
fn case_52_a_ping_is_answered_with_its_payload_while_a_request_is_slow() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("k.db").to_string_lossy().into_owned();
    let host = Host::start_with(&[("DATABASE_URL", &format!("sqlite://{file}"))]);
    let mut wire = host.accepted();
    let payload = b"2017-08-01T12:34:56.123456789Z";
    // Somebody else writes, and the master's report has to wait for it.
    let other = Store::open(&DatabaseUrl::Sqlite(file), Options::default()).expect("opens");
    let (writing, written) = std::sync::mpsc::channel();
    let slow = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let job = other.write(move |_| {
            writing.send(()).ok();
            std::thread::sleep(Duration::from_millis(800));
            Ok(())
        });
        runtime.block_on(job).expect("writes");
    });
    written.recv().expect("begun");
    let began = kontena_master::clock::instant();
    wire.send(&request(1, "/nodes/update", vec![Value::from("ID1"), Value::Map(vec![])]));
    wire.send(&frame(9, payload));
    assert_eq!(wire.next_but_pings(), (10, payload.to_vec()));
    assert!(began.elapsed() < Duration::from_millis(400), "after {:?}", began.elapsed());
    wire.answers(1);
    assert!(began.elapsed() > Duration::from_millis(400), "the request was slow");
    slow.join().expect("ends");
}

#[test]
fn case_64_a_dropped_connection_is_1006_without_words() {
    let host = Host::start();
    let wire = host.accepted();
    wire.stream.shutdown(Shutdown::Both).expect("hangs up");
    let node = host.node_when("node-1", |node| node["connected"] == false);
    assert_eq!(node["status"], "offline");
    let error = node["connection_error"].as_str().expect("an error");
    let at = error
        .strip_prefix("Websocket disconnected at ")
        .and_then(|rest| rest.strip_suffix(" with code 1006: "))
        .unwrap_or_else(|| panic!("{error:?}"));
    assert!(at.ends_with(" UTC") && at.len() == "2017-08-01 12:34:56 UTC".len(), "{error}");
}

#[test]
fn case_65_a_goodbye_is_recorded_with_its_code_and_words() {
    let host = Host::start();
    let mut wire = host.accepted();
    wire.send(&goodbye(1000, "bye"));
    assert_eq!(wire.closed().0, 1000);
    let node = host.node_when("node-1", |node| node["connected"] == false);
    let error = node["connection_error"].as_str().expect("an error");
    assert!(error.starts_with("Websocket disconnected at "), "{error}");
    assert!(error.ends_with(" with code 1000: bye"), "{error}");
}

#[test]
fn case_78_the_largest_id_comes_back() {
    let host = Host::start();
    let mut wire = host.accepted();
    let mut bytes = vec![0x94, 0x00, 0xce, 0x80, 0, 0, 0, 0xb7];
    bytes.extend(b"/node_service_pods/list");
    bytes.extend(b"\x91\xa3ID1");
    wire.send(&frame(2, &bytes));
    let answer = lossy(&raw(&mut wire));
    assert_eq!(answer, json!([1, 2_147_483_648_u64, null, { "service_pods": [] }]));
}

#[test]
fn case_79_an_unknown_service_is_501() {
    let host = Host::start();
    let mut wire = host.accepted();
    wire.send(&request(1, "/foo/bar", vec![]));
    let mut answer = lossy(&raw(&mut wire));
    if let Some(error) = answer[2].as_object_mut() {
        let message = error.remove("message");
        assert!(message.is_none_or(|message| message == "service not implemented"));
    }
    let expected = json!([1, 1, { "code": 501, "error": "service not implemented" }, null]);
    assert_eq!(answer, expected);
}

#[test]
fn case_80_an_unknown_operation_is_an_error() {
    let host = Host::start();
    let mut wire = host.accepted();
    wire.send(&request(2, "/nodes/nope", vec![]));
    let answer = lossy(&raw(&mut wire));
    assert_eq!((&answer[0], &answer[1], &answer[3]), (&json!(1), &json!(2), &json!(null)));
    assert!([500, 501].map(|code| json!(code)).contains(&answer[2]["code"]), "{answer}");
    assert_undisturbed(&mut wire, 3);
}

#[test]
fn case_81_an_unknown_notification_has_no_answer() {
    let host = Host::start();
    let mut wire = host.accepted();
    let unknown = Message::Notification { method: "/foo/bar".to_owned(), params: vec![] };
    wire.send(&frame(2, &unknown.encode()));
    assert_undisturbed(&mut wire, 1);
}

#[test]
fn case_82_what_cannot_be_unpacked_is_ignored() {
    let host = Host::start();
    let mut wire = host.accepted();
    let mut trailing = Message::Request {
        id: 77,
        method: "/node_service_pods/list".to_owned(),
        params: vec![Value::from("ID1")],
    }
    .encode();
    trailing.push(0xc0);
    let random: Vec<u8> = (0..200_u32).map(|at| (at * 167 % 251) as u8).collect();
    let rubbish: [(u8, &[u8]); 6] =
        [(1, b"a text frame"), (1, b""), (2, &random), (2, &[0xc1]), (2, &[]), (2, &trailing)];
    for (id, (opcode, payload)) in (1..).zip(rubbish) {
        wire.send(&frame(opcode, payload));
        assert_undisturbed(&mut wire, id);
    }
}

#[test]
fn case_83_what_is_no_message_is_ignored() {
    let host = Host::start();
    let mut wire = host.accepted();
    for (id, payload) in (10..).zip([
        &[0x80][..],
        &[0x93, 3, 1, 2],
        &[0x92, 0, 1],
        &[0x90],
        &[0xc0],
        &[0x94, 9, 1, 2, 3],
    ]) {
        wire.send(&frame(2, payload));
        assert_undisturbed(&mut wire, id);
    }
    // A method that is no string: the caller is told (3.5).
    wire.send(&frame(2, &[0x94, 0, 1, 2, 3]));
    let answer = lossy(&raw(&mut wire));
    assert_eq!((&answer[0], &answer[1], &answer[2]["code"]), (&json!(1), &json!(1), &json!(500)));
    assert_undisturbed(&mut wire, 99);
}

#[test]
fn case_84_an_answer_nobody_waits_for_is_ignored() {
    let host = Host::start();
    let mut wire = host.accepted();
    for id in [0, 7, 2_147_483_648] {
        let answer = Message::Response { id, outcome: Ok(Value::Nil) };
        wire.send(&frame(2, &answer.encode()));
    }
    assert_undisturbed(&mut wire, 1);
}
