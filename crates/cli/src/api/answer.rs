//! Answers as they come: status, the headers that matter, and the body as a document.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::Response;

use super::HttpFailure;
use crate::failure::Failure;

/// A body larger than this is no answer of a master.
pub(super) const BODY_LIMIT: u64 = 256 * 1024 * 1024;

/// What a master sent back.
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// It says that it is JSON.
    pub(super) is_json: bool,
    /// How long the master asks to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// Where to go instead.
    pub(super) location: Option<String>,
    /// What there is to read.
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Reads the body; nothing at all is null, and what does not claim to be JSON is a text.
    pub(super) fn document(&self, path: &str) -> Result<Value, Failure> {
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

/// Returns a header that is a text.
pub(super) fn header(response: &Response<ureq::Body>, name: &str) -> Option<String> {
    response.headers().get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned)
}

/// Reads an answer to its end, and the version of the master.
pub(super) fn receive(
    mut response: Response<ureq::Body>,
) -> Result<(Answer, Option<String>), ureq::Error> {
    let version = header(&response, "X-Kontena-Version");
    let is_json = header(&response, "Content-Type").is_some_and(|kind| kind.contains("json"));
    let retry_after = header(&response, "Retry-After").and_then(|text| text.parse().ok());
    let retry_after = retry_after.map(Duration::from_secs);
    let location = header(&response, "Location");
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(BODY_LIMIT).read_to_vec()?;
    Ok((Answer { status, is_json, retry_after, location, body }, version))
}

/// Reads a value as what was asked for.
pub(crate) fn read<T: DeserializeOwned>(value: Value, path: &str) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|error| unreadable(path, &error))
}

/// Reads a part of an answer as what was asked for.
pub(crate) fn view<T: DeserializeOwned>(value: &Value, path: &str) -> Result<T, Failure> {
    T::deserialize(value).map_err(|error| unreadable(path, &error))
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
