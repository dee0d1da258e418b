//! Between MessagePack and JSON values, lenient in the direction that stock agents need.

use rmpv::Value;
use serde::{Serialize, de::DeserializeOwned};

/// Reads a wire value as JSON: `bin`, broken UTF-8 and NUL become text with replacement characters, NaN and
/// infinities become null, map keys become text. An entry whose key is a list or a map is left out: no body
/// has such a field, and as text within text it would double in length with every level of nesting.
#[must_use]
pub fn lossy(value: &Value) -> serde_json::Value {
    match value {
        Value::Nil => serde_json::Value::Null,
        Value::Boolean(flag) => (*flag).into(),
        Value::Integer(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => serde_json::Value::Null,
        },
        Value::F32(number) => f64::from(*number).into(),
        Value::F64(number) => (*number).into(),
        Value::String(text) => readable(text.as_bytes()).into(),
        Value::Binary(bytes) => readable(bytes).into(),
        Value::Array(items) => items.iter().map(lossy).collect(),
        Value::Map(entries) => {
            entries.iter().filter_map(|(key, value)| Some((map_key(key)?, lossy(value)))).collect()
        }
        Value::Ext(..) => serde_json::Value::Null,
    }
}

/// Text without what no database and no JSON reader takes.
fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

fn map_key(key: &Value) -> Option<String> {
    match key {
        Value::Array(_) | Value::Map(_) => None,
        key => match lossy(key) {
            serde_json::Value::String(text) => Some(text),
            other => Some(other.to_string()),
        },
    }
}

/// Turns a JSON value into a wire value: text is always `str`, whole numbers are integers.
#[must_use]
pub fn pack(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(flag) => flag.into(),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => number.as_f64().map_or(Value::Nil, Value::F64),
        },
        serde_json::Value::String(text) => text.into(),
        serde_json::Value::Array(items) => Value::Array(items.into_iter().map(pack).collect()),
        serde_json::Value::Object(entries) => Value::Map(
            entries.into_iter().map(|(key, value)| (Value::from(key), pack(value))).collect(),
        ),
    }
}

/// Turns a body into a wire value.
#[must_use]
pub fn encode(body: &impl Serialize) -> Value {
    // Bodies are plain structs of text, numbers and maps with text keys, which always serialise.
    serde_json::to_value(body).map_or(Value::Nil, pack)
}

/// Reads a body out of a wire value.
///
/// # Errors
/// Where a field has a type the body does not accept; the text names the field.
pub fn decode<T: DeserializeOwned>(value: &Value) -> Result<T, serde_json::Error> {
    serde_json::from_value(lossy(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stock_agents_oddities_become_plain_json() {
        let value = Value::Map(vec![
            (Value::from("bin"), Value::Binary("hé".into())),
            (Value::from("nan"), Value::F64(f64::NAN)),
            (Value::from("big"), Value::from(u64::MAX)),
            (Value::from(3), Value::Nil),
        ]);
        assert_eq!(
            lossy(&value),
            serde_json::json!({"bin": "hé", "nan": null, "big": u64::MAX, "3": null})
        );
    }

    #[test]
    fn a_map_as_the_key_of_a_map_is_left_out() {
        let nested = (0..30).fold(Value::Nil, |key, _| Value::Map(vec![(key, Value::Nil)]));
        assert_eq!(lossy(&nested), serde_json::json!({}));
        let beside = Value::Map(vec![
            (Value::Array(vec![]), Value::from(1)),
            (Value::from("name"), Value::from(2)),
        ]);
        assert_eq!(lossy(&beside), serde_json::json!({"name": 2}));
    }
}
