//! Answers of a master, read whole: their status, what clients heed of their headers, and their JSON.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::Response;

use super::HttpFailure;
use crate::failure::Failure;

/// A body larger than this is no answer of a master.
pub(super) const BODY_LIMIT: u64 = 256 * 1024 * 1024;

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
    is_json: bool,
}

impl Answer {
    /// Reads an answer, and the version the master announces in it.
    pub(super) fn receive(
        mut response: Response<ureq::Body>,
    ) -> Result<(Self, Option<String>), ureq::Error> {
        let version = header(&response, "X-Kontena-Version");
        let is_json = header(&response, "Content-Type").is_some_and(|kind| kind.contains("json"));
        let retry_after = header(&response, "Retry-After").and_then(|text| text.parse().ok());
        let retry_after = retry_after.map(Duration::from_secs);
        let location = header(&response, "Location");
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(BODY_LIMIT).read_to_vec()?;
        Ok((Self { status, retry_after, location, body, is_json }, version))
    }

    /// Reads the body; nothing is null, and a text that is no JSON is a text.
    pub(super) fn parse(&self, path: &str) -> Result<Value, Failure> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Value::Null);
        }
        match serde_json::from_slice(&self.body) {
            Ok(value) => Ok(value),
            Err(error) if self.is_json => Err(unreadable(path, &error)),
            Err(_) => Ok(Value::String(String::from_utf8_lossy(&self.body).into_owned())),
        }
    }
}

/// Returns a header, where it is there and readable.
pub(super) fn header(response: &Response<ureq::Body>, name: &str) -> Option<String> {
    response.headers().get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned)
}

/// Reads a value as what was asked for.
pub(crate) fn read<T: DeserializeOwned>(value: Value, path: &str) -> Result<T, Failure> {
    // The value is gone by the time it is known whether it was good.
    let form = form(&value);
    serde_json::from_value(value).map_err(|_| misshapen(path, form))
}

/// Reads a part of an answer as what was asked for.
pub(crate) fn view<T: DeserializeOwned>(value: &Value, path: &str) -> Result<T, Failure> {
    T::deserialize(value).map_err(|_| misshapen(path, form(value)))
}

/// JSON, but not that of the API: most often something else answers under the address.
fn misshapen(path: &str, form: &str) -> Failure {
    let text = format!("Invalid response JSON from server for {path}: {form}");
    HttpFailure::new(520, text).at(path).into()
}

fn form(value: &Value) -> &'static str {
    match value {
        Value::Null => "the answer is empty",
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            "a text or number came where an object was asked for"
        }
        Value::Array(_) => "a list came where an object was asked for",
        Value::Object(_) => "a part of the object has another form than it should",
    }
}

/// The parser quotes what it stumbles over, which may be a whole page of a proxy.
const REASON_LETTERS: usize = 160;

fn unreadable(path: &str, error: &serde_json::Error) -> Failure {
    let reason = error.to_string();
    let mut shown: String = reason.lines().next().unwrap_or_default().to_owned();
    if let Some((cut, _)) = shown.char_indices().nth(REASON_LETTERS) {
        shown.truncate(cut);
        shown.push_str("...");
    }
    let text = format!("Invalid response JSON from server for {path}: {shown}");
    HttpFailure::new(520, text).at(path).into()
}
