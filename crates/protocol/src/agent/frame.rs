//! One binary websocket message is one MessagePack value: a request, a response or a notification.
//!
//! Decoding never fails a connection: what is not a message is reported as [`Decoded::Ignored`] or as a
//! [`DecodeError`] to be logged.

use rmpv::Value;

use super::limit::{Limited, MAX_HEADERS, MAX_HEADERS_OF_AGENTS};

/// Nesting beyond which a message is refused. `rmpv` counts a list or map twice, so that 31 of them may lie
/// in each other; Docker's own documents stay below 20.
const MAX_DEPTH: usize = 64;

/// Bytes of an error's text.
const MOST_ERROR_TEXT: usize = 4096;

/// A message of the agent protocol.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// `[0, id, method, params]`: the peer must answer.
    Request {
        /// Chosen by the sender, unique among its pending requests. Agents use up to 2^31 inclusive.
        id: u64,
        /// `/handler/operation`.
        method: String,
        /// Positional arguments.
        params: Vec<Value>,
    },
    /// `[1, id, error, result]`.
    Response {
        /// The request's id.
        id: u64,
        /// The outcome; both sides may be nil for a success without value.
        outcome: Result<Value, RpcError>,
    },
    /// `[2, method, params]`: never answered.
    Notification {
        /// `/handler/operation`.
        method: String,
        /// Positional arguments.
        params: Vec<Value>,
    },
}

/// The error object of a response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RpcError {
    /// 404, 500, 501 or 503.
    pub code: i64,
    /// The text; on the master's side of Kontena 1.5 with the prefix `RuntimeError: `.
    pub message: String,
}

impl RpcError {
    /// Makes an error of a code and a text; what is longer than anybody reads is cut, since it may repeat
    /// what a peer sent.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        let mut message = message.into();
        message.truncate(message.floor_char_boundary(MOST_ERROR_TEXT));
        Self { code, message }
    }

    /// The answer to a method nobody implements.
    #[must_use]
    pub fn not_implemented() -> Self {
        Self::new(501, "service not implemented")
    }

    /// A handler's own failure, with the prefix that peers match on.
    #[must_use]
    pub fn runtime(text: impl std::fmt::Display) -> Self {
        Self::new(500, format!("RuntimeError: {text}"))
    }

    fn to_value(&self) -> Value {
        let mut map = vec![(Value::from("code"), Value::from(self.code))];
        // Peers of the 1.5 line read `error` for 501 and `message` for everything else.
        if self.code == 501 {
            map.push((Value::from("error"), Value::from(self.message.as_str())));
        }
        map.push((Value::from("message"), Value::from(self.message.as_str())));
        Value::Map(map)
    }

    fn from_value(value: &Value) -> Self {
        let field = |name: &str| {
            value
                .as_map()?
                .iter()
                .find(|(key, _)| key.as_str() == Some(name))
                .map(|(_, value)| value)
        };
        let text = field("message").or_else(|| field("error")).unwrap_or(value);
        Self {
            code: field("code").and_then(Value::as_i64).unwrap_or(500),
            message: text.as_str().map_or_else(|| text.to_string(), str::to_owned),
        }
    }
}

/// Why a frame is not a MessagePack value.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Truncated, of an unknown type, or nested too deeply.
    #[error("not a MessagePack value: {0}")]
    Value(#[from] rmpv::decode::Error),
    /// More values than any message of the contract has.
    #[error("more values than one frame may have")]
    TooMany,
    /// A value followed by something else.
    #[error("{0} bytes after the value")]
    Trailing(usize),
}

/// What a frame turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// A message to be handled.
    Message(Message),
    /// A request whose method is not a string: to be answered with 500.
    BadRequest {
        /// The request's id.
        id: u64,
    },
    /// A value of another shape: to be ignored.
    Ignored,
}

impl Message {
    /// Reads one frame, as agents read what their master sends.
    ///
    /// # Errors
    /// Where the bytes are not exactly one MessagePack value, or are too many values.
    pub fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
        Self::decode_up_to(bytes, MAX_HEADERS)
    }

    /// Reads one frame, as the master reads what agents send: fewer values may be in it.
    ///
    /// # Errors
    /// As [`Message::decode`].
    pub fn decode_from_agent(bytes: &[u8]) -> Result<Decoded, DecodeError> {
        Self::decode_up_to(bytes, MAX_HEADERS_OF_AGENTS)
    }

    fn decode_up_to(bytes: &[u8], headers: usize) -> Result<Decoded, DecodeError> {
        let mut bytes = Limited::new(bytes, headers);
        match rmpv::decode::read_value_with_max_depth(&mut bytes, MAX_DEPTH) {
            Ok(_) if bytes.rest() > 0 => Err(DecodeError::Trailing(bytes.rest())),
            Ok(value) => Ok(Self::from_value(value)),
            Err(_) if bytes.is_spent() => Err(DecodeError::TooMany),
            Err(error) => Err(error.into()),
        }
    }

    /// The method of a notification, without reading its arguments; none for every other frame. Says
    /// whether a frame may be dropped at a fraction of the cost of reading it.
    #[must_use]
    pub fn notification_method(bytes: &[u8]) -> Option<&str> {
        let (length, rest) = match bytes.strip_prefix(&[0x93, 0x02])? {
            [short @ 0xa0..=0xbf, rest @ ..] => (usize::from(short & 0x1f), rest),
            [0xd9, length, rest @ ..] => (usize::from(*length), rest),
            _ => return None,
        };
        std::str::from_utf8(rest.get(..length)?).ok()
    }

    fn from_value(value: Value) -> Decoded {
        let Value::Array(items) = value else {
            return Decoded::Ignored;
        };
        let mut items = items.into_iter();
        let parts = [items.next(), items.next(), items.next(), items.next()];
        if items.next().is_some() {
            return Decoded::Ignored;
        }
        let [Some(kind), Some(second), Some(third), fourth] = parts else {
            return Decoded::Ignored;
        };
        match (kind.as_u64(), fourth) {
            (Some(0), Some(params)) => {
                let Some(id) = second.as_u64() else {
                    return Decoded::Ignored;
                };
                match text(third) {
                    Some(method) => {
                        Decoded::Message(Self::Request { id, method, params: arguments(params) })
                    }
                    None => Decoded::BadRequest { id },
                }
            }
            (Some(1), Some(result)) => {
                let Some(id) = second.as_u64() else {
                    return Decoded::Ignored;
                };
                let outcome = match third {
                    Value::Nil => Ok(result),
                    error => Err(RpcError::from_value(&error)),
                };
                Decoded::Message(Self::Response { id, outcome })
            }
            (Some(2), None) => match text(second) {
                Some(method) => {
                    Decoded::Message(Self::Notification { method, params: arguments(third) })
                }
                None => Decoded::Ignored,
            },
            _ => Decoded::Ignored,
        }
    }

    /// Writes one frame.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        let value = match self {
            Self::Request { id, method, params } => Value::Array(vec![
                Value::from(0),
                Value::from(id),
                Value::from(method),
                Value::Array(params),
            ]),
            Self::Response { id, outcome } => {
                let (error, result) = match outcome {
                    Ok(result) => (Value::Nil, result),
                    Err(error) => (error.to_value(), Value::Nil),
                };
                Value::Array(vec![Value::from(1), Value::from(id), error, result])
            }
            Self::Notification { method, params } => {
                Value::Array(vec![Value::from(2), Value::from(method), Value::Array(params)])
            }
        };
        let mut bytes = Vec::new();
        // Writing into memory cannot fail; an empty frame would be ignored by the peer.
        if rmpv::encode::write_value(&mut bytes, &value).is_err() {
            bytes.clear();
        }
        bytes
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => text.into_str(),
        _ => None,
    }
}

/// Nil means no arguments and a scalar one argument, as Kontena 1.5 treats them.
fn arguments(params: Value) -> Vec<Value> {
    match params {
        Value::Array(items) => items,
        Value::Nil => Vec::new(),
        scalar => vec![scalar],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| {
                u8::from_str_radix(std::str::from_utf8(pair).expect("ascii"), 16).expect("hex")
            })
            .collect()
    }

    #[test]
    fn a_notification_tells_its_method_before_it_is_read() {
        for method in ["/nodes/stats", "/a/method/whose/name/is/longer/than/31/bytes"] {
            let notification = Message::Notification { method: method.to_owned(), params: vec![] };
            assert_eq!(Message::notification_method(&notification.encode()), Some(method));
            let request = Message::Request { id: 2, method: method.to_owned(), params: vec![] };
            assert_eq!(Message::notification_method(&request.encode()), None);
        }
        for other in [&b""[..], &[0x93], &[0x93, 0x02, 0xa5, b'x'], &[0x93, 0x02, 0xd9]] {
            assert_eq!(Message::notification_method(other), None);
        }
    }

    #[test]
    fn golden_frames_are_read_and_written_to_the_byte() {
        let master_info = Message::Notification {
            method: "/agent/master_info".into(),
            params: vec![Value::Map(vec![(Value::from("version"), Value::from("1.5.4"))])],
        };
        let test = |id| Message::Request {
            id,
            method: "/node_service_pods/list".into(),
            params: vec![Value::from("AAAA")],
        };
        let empty = Message::Response { id: 7, outcome: Ok(Value::Map(vec![])) };
        let notify = Message::Request {
            id: 5,
            method: "/service_pods/notify_update".into(),
            params: vec![Value::Array(vec![])],
        };
        for (message, hex) in [
            (
                master_info,
                "9302b22f6167656e742f6d61737465725f696e666f9181a776657273696f6ea5312e352e34",
            ),
            (
                test(2_147_483_648),
                "9400ce80000000b72f6e6f64655f736572766963655f706f64732f6c69737491a441414141",
            ),
            (empty, "940107c080"),
            (notify, "940005bb2f736572766963655f706f64732f6e6f746966795f7570646174659190"),
        ] {
            assert_eq!(message.clone().encode(), bytes(hex));
            assert_eq!(Message::decode(&bytes(hex)).expect("decodes"), Decoded::Message(message));
        }
    }

    #[test]
    fn an_error_carries_both_keys_where_peers_disagree() {
        let sent = Message::Response { id: 7, outcome: Err(RpcError::not_implemented()) };
        let golden = bytes(
            "94010782a4636f6465cd01f5a56572726f72b773657276696365206e6f7420696d706c656d656e746564c0",
        );
        let received = Message::decode(&golden).expect("decodes");
        assert_eq!(received, Decoded::Message(sent.clone()));
        let round = Message::decode(&sent.clone().encode()).expect("decodes");
        assert_eq!(round, Decoded::Message(sent));
    }

    #[test]
    fn what_is_no_message_is_ignored_or_named() {
        for frame in ["80", "930301 02", "920001", "c0", "c1", "90", "9500010203 04"] {
            assert_eq!(Message::decode(&bytes(frame)).expect(frame), Decoded::Ignored, "{frame}");
        }
        let bad = Message::decode(&bytes("9400010203")).expect("a value");
        assert_eq!(bad, Decoded::BadRequest { id: 1 });
        for frame in ["", "94", "c0c0"] {
            assert!(Message::decode(&bytes(frame)).is_err(), "{frame}");
        }
        let deep = [vec![0x91; 100_000], vec![0xc0]].concat();
        assert!(Message::decode(&deep).is_err());
    }

    /// A list of so many times the same value, as a frame.
    fn list(length: u32, of: &[u8]) -> Vec<u8> {
        [&[0xdd], length.to_be_bytes().as_slice(), &of.repeat(length as usize)].concat()
    }

    #[test]
    fn a_frame_of_too_many_values_is_refused_however_they_are_arranged() {
        let many = u32::try_from(MAX_HEADERS).expect("small");
        // One header is the list's type, one its length.
        assert_eq!(Message::decode(&list(many - 2, &[0x90])).expect("fits"), Decoded::Ignored);
        let nested = [[0x81, 0xc0].repeat(28).as_slice(), &[0xc0]].concat();
        for frame in [
            list(many - 1, &[0x90]),
            list(16 << 20, &[0xc0]),
            list((16 << 20) / 2, &[0xa1, b'a']),
            list((16 << 20) / 57, &nested),
        ] {
            assert!(matches!(Message::decode(&frame), Err(DecodeError::TooMany)));
        }
        // A text counts as one value, however long it is.
        let text = [&[0xdb], (8_u32 << 20).to_be_bytes().as_slice(), &vec![b'a'; 8 << 20]].concat();
        assert_eq!(Message::decode(&text).expect("fits"), Decoded::Ignored);
        // What is announced is not made room for.
        for header in [0xdd, 0xdf, 0xdb, 0xc6, 0xc9] {
            let frame = [&[0x93, 0x02, 0xa1, b'/', header][..], &[0xff; 4]].concat();
            assert!(matches!(Message::decode(&frame), Err(DecodeError::Value(_))), "{header:x}");
        }
    }
}
