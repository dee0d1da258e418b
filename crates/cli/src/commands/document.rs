//! Output for programs: the API's objects, unchanged.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::view;
use crate::args::{ListFormat, ShowFormat};
use crate::failure::Failure;
use crate::output::{Console, yaml};

/// Reads API objects as views.
pub(super) fn views<T: DeserializeOwned>(values: &[Value], path: &str) -> Result<Vec<T>, Failure> {
    values.iter().map(|value| view(value, path)).collect()
}

/// Prints a list as JSON or YAML; false where another format is asked for.
pub(super) fn list(
    console: &Console,
    format: ListFormat,
    objects: &[Value],
) -> Result<bool, Failure> {
    let whole = || Value::Array(objects.to_vec());
    match format {
        ListFormat::Json => console.text(&json(&whole()))?,
        ListFormat::Yaml => console.text(&yaml(&whole()))?,
        ListFormat::Table | ListFormat::Wide | ListFormat::Name => return Ok(false),
    }
    Ok(true)
}

/// Prints a list of texts, one per line or as a document.
pub(super) fn texts(
    console: &Console,
    format: ListFormat,
    texts: &[String],
) -> Result<(), Failure> {
    let objects: Vec<Value> = texts.iter().map(|text| Value::from(text.as_str())).collect();
    if list(console, format, &objects)? {
        return Ok(());
    }
    texts.iter().try_for_each(|text| Ok(console.line(text)?))
}

/// Prints an object as JSON, YAML or by its name; false where the text for people is asked for.
pub(super) fn object(
    console: &Console,
    format: ShowFormat,
    object: &Value,
) -> Result<bool, Failure> {
    match format {
        ShowFormat::Json => console.text(&json(object))?,
        ShowFormat::Yaml => console.text(&yaml(object))?,
        ShowFormat::Name => {
            let name = ["name", "id", "service", "user", "cli"]
                .into_iter()
                .find_map(|key| object.get(key)?.as_str());
            console.line(name.unwrap_or_default())?;
        }
        ShowFormat::Text => return Ok(false),
    }
    Ok(true)
}

fn json(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Writes a number or text as it stands; other masters send either.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Returns the list under `key` of an answer, empty where there is none.
pub(super) fn items<'a>(answer: &'a Value, key: &str) -> &'a [Value] {
    answer.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Sorts objects by their `name`.
pub(super) fn by_name(objects: &[Value]) -> Vec<Value> {
    let mut objects = objects.to_vec();
    objects.sort_by_cached_key(|object| object.get("name").map(plain));
    objects
}
