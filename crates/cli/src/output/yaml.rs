//! JSON values as YAML, the way error bodies and `-o yaml` are printed.

use serde_json::{Map, Value};

/// Writes a value as YAML lines; maps nest by two spaces, lists stand under their key.
pub(crate) fn yaml(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => write_map(&mut text, map, 0),
        Value::Array(items) if !items.is_empty() => write_list(&mut text, items, 0),
        other => {
            text.push_str(&scalar(other));
            text.push('\n');
        }
    }
    text
}

fn write_map(text: &mut String, map: &Map<String, Value>, depth: usize) {
    for (index, (key, value)) in map.iter().enumerate() {
        // The first key of a map inside a list stands behind the dash.
        if index > 0 || !text.ends_with("- ") {
            indent(text, depth);
        }
        text.push_str(&string(key));
        text.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                text.push('\n');
                write_map(text, inner, depth + 1);
            }
            Value::Array(items) if !items.is_empty() => {
                text.push('\n');
                write_list(text, items, depth);
            }
            Value::Null => text.push('\n'),
            other => {
                text.push(' ');
                text.push_str(&scalar(other));
                text.push('\n');
            }
        }
    }
}

fn write_list(text: &mut String, items: &[Value], depth: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 || !text.ends_with("- ") {
            indent(text, depth);
        }
        match item {
            Value::Object(map) if !map.is_empty() => {
                text.push_str("- ");
                write_map(text, map, depth + 1);
            }
            Value::Array(inner) if !inner.is_empty() => {
                text.push_str("- ");
                write_list(text, inner, depth + 1);
            }
            Value::Null => text.push_str("-\n"),
            other => {
                text.push_str("- ");
                text.push_str(&scalar(other));
                text.push('\n');
            }
        }
    }
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        other => other.to_string(),
    }
}

/// Quotes a string only where YAML would read it as something else.
fn string(text: &str) -> String {
    if text.contains(|letter: char| letter.is_control()) {
        // A JSON string is one in YAML too.
        return Value::from(text).to_string();
    }
    if is_plain(text) { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

fn is_plain(text: &str) -> bool {
    let special = |first: char| "!&*-?:,[]{}#|>@`\"'%=<~".contains(first);
    let bad_start = text.starts_with(special) && !is_dashed_word(text);
    let word = text.to_ascii_lowercase();
    let reserved = matches!(
        word.as_str(),
        "" | "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "---" | "..."
    );
    let looks_like_number = text.contains(|c: char| c.is_ascii_digit())
        && text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        && text.chars().all(|c| c.is_ascii_digit() || "+-._:eExXabcdefABCDEF".contains(c));
    !(bad_start
        || reserved
        || looks_like_number
        || text.contains(": ")
        || text.contains(" #")
        || text.ends_with(':')
        || text.starts_with(' ')
        || text.ends_with(' '))
}

/// `-x` is a word; `-` and `- x` are a list.
fn is_dashed_word(text: &str) -> bool {
    matches!(text.strip_prefix(['-', '?', ':']), Some(rest) if !rest.is_empty() && !rest.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_of_the_api() {
        for (value, text) in [
            (json!({"name": "Name is too short"}), "name: Name is too short\n"),
            (
                json!({"logs": {"forwarder": "Forwarder isn't an option"}}),
                "logs:\n  forwarder: Forwarder isn't an option\n",
            ),
            (json!({"env": [null, "Env[1] is bad"]}), "env:\n-\n- Env[1] is bad\n"),
            (json!({"ports": [{"a": "b", "c": "d"}]}), "ports:\n- a: b\n  c: d\n"),
            (json!({"env": [[1, 2], []]}), "env:\n- - 1\n  - 2\n- []\n"),
            (json!("x"), "x\n"),
        ] {
            assert_eq!(yaml(&value), text);
        }
    }

    #[test]
    fn strings_are_quoted_where_they_must() {
        for (text, written) in [
            ("yes", "'yes'"),
            ("12", "'12'"),
            ("a: b", "'a: b'"),
            ("it's: x", "'it''s: x'"),
            ("1.5.4", "'1.5.4'"),
            ("*", "'*'"),
            ("-x", "-x"),
            ("a\nb", "\"a\\nb\""),
            ("", "''"),
            ("core-03 exists", "core-03 exists"),
        ] {
            assert_eq!(string(text), written);
        }
    }
}
