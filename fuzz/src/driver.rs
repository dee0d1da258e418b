//! Does with bytes all that the master and its agent do with the bytes of their peer before anything is
//! looked up, and checks what must be true of any bytes.
//!
//! Included by path in `tests/it/agents/fuzz_corpus.rs`, which replays the corpus; what surrounds this
//! file has the master's room `wire` beside it.

use std::{fmt::Debug, hint::black_box};

use kontena_core::{
    Moment, containers,
    domain::{GridId, NodeId, ServiceId, Time},
    login,
};
use kontena_protocol::agent::{
    ContainerCheck, ContainerEvent, ContainerPort, ContainerSave, Decoded, Driver, GridInfo, Hello,
    HookSpec, MasterInfo, Message, Mount, NetworkInfo, NodeInfo, PodEvent, PodRef, PodSecret,
    PodState, RegistryCredentials, ServicePod,
    close::{MAX_REASON_BYTES, truncate_reason},
    hello::{format_connected_at, parse_connected_at},
    json,
};
use rmpv::Value;
use serde::{Serialize, de::DeserializeOwned};

use super::wire;

/// A notification without a method, up to its parameters.
const NAMELESS: [u8; 3] = [0x93, 0x02, 0xa0];

/// Reads the bytes as a frame, as the parameters of a call, and as headers of an upgrade.
///
/// # Panics
/// Where something is not true that must be true of any bytes.
pub fn drive(bytes: &[u8]) {
    frame(bytes);
    // Whatever the method is: a mutation that reaches a body should not have to keep a frame intact.
    frame(&[&NAMELESS, bytes].concat());
    headers(&String::from_utf8_lossy(bytes));
}

fn frame(bytes: &[u8]) {
    let early = Message::notification_method(bytes);
    // The master's own limit is the same check with another number.
    drop(Message::decode_from_agent(bytes));
    let Ok(decoded) = Message::decode(bytes) else {
        return;
    };
    let Decoded::Message(message) = decoded else {
        assert_eq!(early, None, "named before it was read, and then no notification");
        return;
    };
    if let Some(early) = early {
        let same = matches!(&message, Message::Notification { method, .. } if method == early);
        assert!(same, "named {early} before it was read, and then {message:?}");
    }
    round_trip(&message);
    match message {
        Message::Request { params, .. } | Message::Notification { params, .. } => {
            params.iter().for_each(|param| body(param, bytes.len()));
        }
        Message::Response { outcome: Ok(result), .. } => body(&result, bytes.len()),
        Message::Response { outcome: Err(error), .. } => drop(black_box(error.to_string())),
    }
}

/// What was read is written, and read again as the same.
fn round_trip(message: &Message) {
    let written = message.clone().encode();
    let again = match Message::decode(&written) {
        Ok(Decoded::Message(again)) => again,
        other => {
            // A map in place of the parameters becomes the first of them, one level deeper.
            assert!(is_map_alone(message), "{message:?} was read again as {other:?}");
            return;
        }
    };
    // Compared as text and as bytes, since NaN is not equal to itself.
    assert_eq!(format!("{again:?}"), format!("{:?}", as_written(message)));
    assert_eq!(again.encode(), written);
    let expected = match message {
        Message::Notification { method, .. } if method.len() < 256 => Some(method.as_str()),
        _ => None,
    };
    assert_eq!(Message::notification_method(&written), expected);
}

/// Text that is not UTF-8 is written as binary: only peers send it, and readers take one for the other.
fn as_written(message: &Message) -> Message {
    let mut message = message.clone();
    match &mut message {
        Message::Request { params, .. } | Message::Notification { params, .. } => {
            params.iter_mut().for_each(text_or_binary);
        }
        Message::Response { outcome: Ok(result), .. } => text_or_binary(result),
        Message::Response { outcome: Err(_), .. } => {}
    }
    message
}

fn text_or_binary(value: &mut Value) {
    match value {
        Value::String(text) if text.as_str().is_none() => {
            *value = Value::Binary(text.as_bytes().to_vec());
        }
        Value::Array(items) => items.iter_mut().for_each(text_or_binary),
        Value::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
            text_or_binary(key);
            text_or_binary(value);
        }),
        _ => {}
    }
}

fn is_map_alone(message: &Message) -> bool {
    match message {
        Message::Request { params, .. } | Message::Notification { params, .. } => {
            matches!(params.as_slice(), [Value::Map(_)])
        }
        Message::Response { .. } => false,
    }
}

/// Every reader of every method: which of them a parameter meets is up to the peer.
fn body(param: &Value, frame: usize) {
    let document = json::lossy(param);
    let text = document.to_string();
    // A control character of one byte is six in JSON, and `false` as a key seven and a half.
    assert!(text.len() <= 8 * frame + 64, "{frame} bytes became {} of JSON", text.len());

    let (grid, node, now) =
        (GridId::from_bytes([1; 12]), NodeId::from_bytes([2; 12]), Time::default());
    black_box(wire::read_docker_info(&document));
    black_box(wire::read_node_stats(&document, now));
    black_box(wire::read_container_stat(&document, now));
    black_box(wire::read_log_batch(&document, now));
    black_box(wire::chunk_bytes(param));
    for (interactive, running) in [(true, false), (true, true), (false, false)] {
        let mode = wire::ExecMode { interactive, shell: true, tty: interactive };
        black_box(wire::read_exec(&text, mode, running)).ok();
    }
    black_box(wire::read_pod_state(param)).ok();
    black_box(wire::read_pod_event(param, grid, node, now)).ok();
    container(&document, grid, node, now);
    if let Some(save) = same_again::<ContainerSave>(param) {
        container(&save.container, grid, node, now);
    }
    if let Some(pod) = same_again::<PodRef>(param) {
        black_box(pod.service_id.parse::<ServiceId>()).ok();
    }
    same_again::<ContainerCheck>(param);
    same_again::<ContainerEvent>(param);
    same_again::<PodEvent>(param);
    same_again::<PodState>(param);

    // What the agent reads of the master.
    same_again::<MasterInfo>(param);
    same_again::<NodeInfo>(param);
    same_again::<GridInfo>(param);
    same_again::<ServicePod>(param);
    same_again::<ContainerPort>(param);
    same_again::<Driver>(param);
    same_again::<HookSpec>(param);
    same_again::<Mount>(param);
    same_again::<NetworkInfo>(param);
    same_again::<PodSecret>(param);
    same_again::<RegistryCredentials>(param);
}

/// An engine's description, saved as a container that is new and as one that is known.
fn container(document: &serde_json::Value, grid: GridId, node: NodeId, now: Time) {
    let Ok(described) = wire::read_container(document) else {
        return;
    };
    let mut moment = Moment::new(now, 1);
    let new = containers::saved(None, described.clone(), grid, node, &mut moment);
    let known = containers::saved(Some(new.clone()), described, grid, node, &mut moment);
    assert_eq!(known.details, new.details, "saved again without a change");
}

/// A body that is readable is also writable, and is read again as the same.
fn same_again<T>(param: &Value) -> Option<T>
where
    T: DeserializeOwned + Serialize + PartialEq + Debug,
{
    let read: T = json::decode(param).ok()?;
    match json::decode::<T>(&json::encode(&read)) {
        Ok(again) => assert_eq!(again, read),
        Err(error) => panic!("{read:?} cannot be read again: {error}"),
    }
    Some(read)
}

fn headers(text: &str) {
    let hello = Hello::read(|_| Some(text));
    for label in &hello.labels {
        assert!(!label.is_empty() && label.trim() == label, "{label:?} is a label");
    }
    black_box(login::is_compatible(&hello.version));
    if let Some(at) = parse_connected_at(text) {
        let again = parse_connected_at(&format_connected_at(at));
        // The layout has four digits for the year.
        let is_written = (0..=253_402_300_799).contains(&at.timestamp());
        assert!(!is_written || again == Some(at), "{at:?} was read again as {again:?}");
    }
    let reason = truncate_reason(text);
    assert!(reason.len() <= MAX_REASON_BYTES && text.starts_with(reason));
    // A character has four bytes at most: no more than three are cut beyond the limit.
    assert!(reason == text || reason.len() + 3 >= MAX_REASON_BYTES);
}
