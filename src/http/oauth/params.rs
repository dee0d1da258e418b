//! The parameters of an OAuth call: JSON or a form by its content type, else the query.

use actix_web::{
    HttpRequest,
    http::{StatusCode, header},
    web::Query,
};
use serde_json::{Map, Value};

use crate::http::error::ApiError;

/// Reads the parameters of a call; blank ones are left out.
pub(super) fn read(request: &HttpRequest, body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let mut sent = if is_json(request) && !body.is_empty() {
        match serde_json::from_slice(body) {
            Ok(Value::Object(sent)) => sent,
            _ => return Err(undecodable()),
        }
    } else {
        let text = std::str::from_utf8(body).map_err(|_| undecodable())?;
        pairs(if text.is_empty() { request.query_string() } else { text })?
    };
    sent.retain(|_, value| !is_blank(value));
    Ok(sent)
}

/// A parameter that is a text or a number.
pub(super) fn text(sent: &Map<String, Value>, key: &str) -> Option<String> {
    match sent.get(key)? {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn pairs(text: &str) -> Result<Map<String, Value>, ApiError> {
    let pairs = Query::<Vec<(String, String)>>::from_query(text).map_err(|_| undecodable())?;
    Ok(pairs.into_inner().into_iter().map(|(key, value)| (key, value.into())).collect())
}

fn is_json(request: &HttpRequest) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json"))
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

fn undecodable() -> ApiError {
    ApiError::oauth(StatusCode::BAD_REQUEST, "invalid_request", "Invalid parameters")
}
