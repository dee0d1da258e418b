//! Flat maps in files: JSON, or the YAML that such a map needs. Nested values are refused.

use serde_json::{Map, Value};

/// Reads a JSON object.
pub(super) fn from_json(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err("not a JSON object".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads a YAML map of texts, numbers and the like; what is wrong is said with its line.
pub(super) fn from_yaml(text: &str) -> Result<Map<String, Value>, String> {
    let mut map = Map::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let number = index + 1;
        if is_blank(line) || line.starts_with("---") || line.starts_with('#') {
            continue;
        }
        if line.starts_with([' ', '\t', '-', '[', '{']) {
            return Err(format!("line {number}: a map of keys and values is wanted"));
        }
        let (key, value) = split(line).ok_or_else(|| format!("line {number}: no KEY: VALUE"))?;
        let key = match scalar(key).map_err(|why| format!("line {number}: {why}"))? {
            Value::String(key) => key,
            other => other.to_string(),
        };
        let value = match value.trim() {
            style if style.starts_with(['|', '>']) => {
                let mut block = Vec::new();
                while let Some((_, line)) =
                    lines.next_if(|(_, line)| is_blank(line) || line.starts_with([' ', '\t']))
                {
                    block.push(line);
                }
                Value::String(unindented(&block, style))
            }
            value => scalar(value).map_err(|why| format!("line {number}: {why}"))?,
        };
        map.insert(key, value);
    }
    Ok(map)
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

/// Splits at the first colon that ends a key: one behind quotes, or one before a blank or the end.
fn split(line: &str) -> Option<(&str, &str)> {
    let start = match line.chars().next()? {
        quote @ ('"' | '\'') => line.get(1..)?.find(quote)? + 2,
        _ => 0,
    };
    let rest = line.get(start..)?;
    let colon = rest.find(": ").or_else(|| rest.ends_with(':').then(|| rest.len() - 1))?;
    Some((line.get(..start + colon)?, rest.get(colon + 1..)?))
}

/// Reads one value.
fn scalar(text: &str) -> Result<Value, String> {
    let text = text.trim();
    if text.starts_with('"') {
        let end = text.rfind('"').filter(|end| *end > 0).ok_or("a quote is not closed")?;
        let quoted = text.get(..=end).unwrap_or_default();
        return serde_json::from_str(quoted).map_err(|_| format!("cannot read {quoted}"));
    }
    if let Some(rest) = text.strip_prefix('\'') {
        let end = rest.rfind('\'').ok_or("a quote is not closed")?;
        return Ok(Value::String(rest.get(..end).unwrap_or_default().replace("''", "'")));
    }
    if text.starts_with(['[', '{', '&', '*', '!']) && text != "{}" {
        return Err(format!("{text} is not a plain value"));
    }
    let text = text.split_once(" #").map_or(text, |(value, _)| value.trim_end());
    Ok(match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        number if number.parse::<i64>().is_ok() => {
            number.parse::<i64>().map_or(Value::Null, Value::from)
        }
        other => Value::String(other.to_owned()),
    })
}

/// The text of a block; `-` in its style takes the last line end away.
fn unindented(block: &[&str], style: &str) -> String {
    let filled = || block.iter().filter(|line| !is_blank(line));
    let depth = filled().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let lines: Vec<&str> = block.iter().map(|line| line.get(depth..).unwrap_or_default()).collect();
    let joint = if style.starts_with('>') { " " } else { "\n" };
    let text = lines.join(joint);
    let text = text.trim_end();
    if style.contains('-') { text.to_owned() } else { format!("{text}\n") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_yaml_of_flat_maps() {
        let text = "---\n# comment\na: 1\nb.c: \"x: \\\"y\\\"\"\n'd e': 'it''s'\nf: ~\ng:\n\
                    h: plain text # said\nk: |\n  one\n    two\n\nl: http://x:80/y\nm: true\n";
        assert_eq!(
            Value::Object(from_yaml(text).unwrap()),
            json!({"a": 1, "b.c": "x: \"y\"", "d e": "it's", "f": null, "g": null,
                "h": "plain text", "k": "one\n  two\n", "l": "http://x:80/y", "m": true})
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let map =
            json!({"a": "yes: no", "b": null, "c": "two\nlines", "d": "12", "e": true, "f": 7});
        let written = crate::output::yaml(&map);
        assert_eq!(Value::Object(from_yaml(&written).unwrap()), map);
    }

    #[test]
    fn what_is_no_flat_map_is_said_with_its_line() {
        for (text, line) in [
            ("- a", "line 1"),
            ("a: 1\n  b: 2", "line 2"),
            ("a: [1]", "line 1"),
            ("a: 1\nword", "line 2"),
            ("a: \"x", "line 1"),
        ] {
            assert!(from_yaml(text).unwrap_err().starts_with(line), "{text}");
        }
        assert!(from_json("[]").is_err() && from_json("{").is_err());
    }
}
