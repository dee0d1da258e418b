//! Answers that are no success, in the words of Kontena 1.5.

use serde_json::{Map, Value};

use crate::log::masked_path;
use crate::output::yaml;

/// An answer with a status other than 200, 201 and 204, or one that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} : {text}")]
pub(crate) struct HttpFailure {
    status: u16,
    text: String,
    /// What the master said in `error`, where that is a text.
    said: Option<String>,
    /// What the master said in `error`, where that is an object.
    reasons: Option<Map<String, Value>>,
    /// What was asked for.
    path: Option<String>,
    timed_out: bool,
}

impl HttpFailure {
    /// Makes a failure with a text of this program.
    pub(crate) fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), said: None, reasons: None, path: None, timed_out: false }
    }

    /// Makes a failure of something that took too long, in the form Kontena 1.5 gives it.
    pub(crate) fn timed_out(text: impl Into<String>) -> Self {
        Self { timed_out: true, ..Self::new(500, text) }
    }

    /// Adds what was asked for.
    pub(crate) fn at(mut self, path: &str) -> Self {
        self.path = path.split('?').next().map(masked_path);
        self
    }

    /// Reads the body of an answer.
    pub(crate) fn of_answer(status: u16, body: &[u8], path: &str) -> Self {
        // A query may hold what is not for every eye, and says little.
        let path = &masked_path(path.split('?').next().unwrap_or_default());
        let phrase = reason_phrase(status);
        let text = String::from_utf8_lossy(body);
        let Ok(document) = serde_json::from_slice::<Value>(body) else {
            let text = text.trim_end();
            let text = if text.is_empty() { phrase } else { text };
            return Self::new(status, format!("{text} ({path})"));
        };
        if let Some(errors) = document.get("errors").and_then(Value::as_array)
            && !errors.is_empty()
            && errors.iter().all(Value::is_object)
        {
            let named = errors.iter().find_map(|error| error.get("status"));
            let named = named.and_then(number).and_then(|status| u16::try_from(status).ok());
            return Self::new(named.unwrap_or(status), object(phrase, &document));
        }
        match document.get("error") {
            Some(error @ Value::Object(reasons)) => {
                Self { reasons: Some(reasons.clone()), ..Self::new(status, object(phrase, error)) }
            }
            Some(Value::String(error)) => {
                // Logins say in a word what they refuse, and in another field why.
                let text = match document.get("error_description").and_then(Value::as_str) {
                    Some(why) if !why.is_empty() => format!("{error} : {why} ({path})"),
                    _ => format!("{error} ({path})"),
                };
                Self { said: Some(error.clone()), ..Self::new(status, text) }
            }
            _ => match document {
                Value::String(text) if !text.is_empty() => {
                    Self::new(status, format!("{text} ({path})"))
                }
                _ => Self::new(status, format!("{phrase} ({path})")),
            },
        }
    }

    /// Returns the words, without the status.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the status.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// Returns what the master said in `error`.
    pub(crate) fn said(&self) -> Option<&str> {
        self.said.as_deref()
    }

    /// Returns what was asked for.
    pub(crate) fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// Tells whether it took too long, rather than failed.
    pub(crate) fn is_timeout(&self) -> bool {
        self.timed_out
    }

    /// Writes the failure's parts for programs.
    pub(crate) fn describe(&self, error: &mut Map<String, Value>) {
        let bare = match (&self.said, &self.reasons, &self.path) {
            (Some(said), _, _) => said.clone(),
            (None, Some(_), _) => reason_phrase(self.status).to_owned(),
            (None, None, Some(path)) => {
                self.text.trim_end_matches(&format!(" ({path})")).to_owned()
            }
            (None, None, None) => self.text.clone(),
        };
        error.insert("status".to_owned(), Value::from(self.status));
        error.insert("message".to_owned(), Value::from(bare));
        for (key, value) in [
            ("path", self.path.clone().map(Value::from)),
            ("details", self.reasons.clone().map(Value::from)),
        ] {
            if let Some(value) = value {
                error.insert(key.to_owned(), value);
            }
        }
    }

    /// Returns what the master said in `error`, key by key.
    pub(crate) fn reasons(&self) -> Option<&Map<String, Value>> {
        self.reasons.as_ref()
    }
}

/// An error object: the reason phrase and the object as indented YAML.
fn object(phrase: &str, error: &Value) -> String {
    let mut text = format!("{phrase}:");
    for line in yaml(error).lines() {
        text.push_str("\n\t");
        text.push_str(line);
    }
    text
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The words of a status, whatever the master put in its status line.
pub(crate) fn reason_phrase(status: u16) -> &'static str {
    ureq::http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Unknown Status")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_masked() {
        let path = format!("/oauth2/tokens/{}", "f".repeat(64));
        let failure = HttpFailure::of_answer(404, br#"{"error":"Not found"}"#, &path).at(&path);
        assert_eq!(failure.to_string(), "404 : Not found (/oauth2/tokens/***)");
        assert_eq!(failure.path(), Some("/oauth2/tokens/***"));
    }

    #[test]
    fn every_shape_of_body() {
        for (status, body, text) in [
            (404, r#"{"error":"Not found"}"#, "404 : Not found (/v1/x)"),
            (
                422,
                r#"{"error":{"name":"Node with name core-03 already exists"}}"#,
                "422 : Unprocessable Entity:\n\tname: Node with name core-03 already exists",
            ),
            (
                422,
                r#"{"error":{"logs":{"forwarder":"bad"}}}"#,
                "422 : Unprocessable Entity:\n\tlogs:\n\t  forwarder: bad",
            ),
            (
                400,
                r#"{"errors":[{"title":"x","status":409}]}"#,
                "409 : Bad Request:\n\terrors:\n\t- status: 409\n\t  title: x",
            ),
            (
                400,
                r#"{"error":"invalid_grant","error_description":"The code was used"}"#,
                "400 : invalid_grant : The code was used (/v1/x)",
            ),
            (502, "bad gateway\n", "502 : bad gateway (/v1/x)"),
            (503, "", "503 : Service Unavailable (/v1/x)"),
            (404, "\"Not found\"", "404 : Not found (/v1/x)"),
            (500, r#"{"message":"no"}"#, "500 : Internal Server Error (/v1/x)"),
            (500, r#"{"error":null}"#, "500 : Internal Server Error (/v1/x)"),
        ] {
            let failure = HttpFailure::of_answer(status, body.as_bytes(), "/v1/x");
            assert_eq!(failure.to_string(), text, "{body}");
        }
    }
}
