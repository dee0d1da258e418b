//! Answers of the OAuth endpoints in the form their client reads: JSON, else a form, text or HTML.

use actix_web::{
    HttpRequest, HttpResponse, Responder, ResponseError,
    http::header::{self, HeaderMap},
    web::Form,
};

use crate::http::error::ApiError;

/// The forms an answer may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Json,
    Form,
    Text,
    Html,
}

/// What a client reads: JSON where it says so or sends it itself.
pub(super) fn shape(headers: &HeaderMap) -> Shape {
    let sends = kinds(headers, header::CONTENT_TYPE);
    let accepts = kinds(headers, header::ACCEPT);
    if sends.iter().chain(&accepts).any(|kind| kind == "application/json") {
        return Shape::Json;
    }
    let known = accepts.iter().find_map(|kind| match kind.as_str() {
        "text/html" => Some(Shape::Html),
        "text/plain" => Some(Shape::Text),
        "application/x-www-form-urlencoded" => Some(Shape::Form),
        _ => None,
    });
    known.unwrap_or(Shape::Form)
}

fn kinds(headers: &HeaderMap, name: header::HeaderName) -> Vec<String> {
    let lines = headers.get_all(name).filter_map(|value| value.to_str().ok());
    let kinds = lines.flat_map(|line| line.split(','));
    let bare = kinds.map(|kind| kind.split(';').next().unwrap_or_default());
    bare.map(|kind| kind.trim().to_ascii_lowercase()).collect()
}

/// An answer, or its refusal in the form the client reads.
pub(super) fn give(request: &HttpRequest, answer: Result<HttpResponse, ApiError>) -> HttpResponse {
    answer.unwrap_or_else(|error| refuse(request, &error))
}

/// A refusal in the form the client reads; what is no OAuth error is JSON in any case.
pub(in crate::http) fn refuse(request: &HttpRequest, error: &ApiError) -> HttpResponse {
    let ApiError::OAuth { status, error: code, description } = error else {
        return error.error_response();
    };
    let description = description.as_deref().unwrap_or_default();
    // What stands in them are our own words: nothing has to be escaped.
    let text = format!("{code} {description}");
    let mut response = HttpResponse::build(*status);
    match shape(request.headers()) {
        Shape::Json => error.error_response(),
        Shape::Form => {
            let pairs = [("error", *code), ("error_description", description)];
            form(request, &pairs, *status)
        }
        Shape::Text => response.content_type("text/plain; charset=utf-8").body(text),
        Shape::Html => response
            .content_type("text/html; charset=utf-8")
            .body(format!("<!doctype html>\n<title>{code}</title>\n<p>{text}</p>\n")),
    }
}

/// Pairs as a form.
pub(super) fn form(
    request: &HttpRequest,
    pairs: &[(&str, &str)],
    status: actix_web::http::StatusCode,
) -> HttpResponse {
    let mut response = Form(pairs).respond_to(request).map_into_boxed_body();
    if response.status().is_success() {
        *response.status_mut() = status;
    }
    response
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn json_is_for_who_speaks_it() {
        let of = |headers: &[(&'static str, &'static str)]| {
            let request = headers
                .iter()
                .fold(TestRequest::default(), |request, header| request.append_header(*header));
            shape(request.to_http_request().headers())
        };
        assert_eq!(of(&[]), Shape::Form);
        assert_eq!(of(&[("Accept", "*/*")]), Shape::Form);
        assert_eq!(of(&[("Accept", "text/html, application/json;q=0.9")]), Shape::Json);
        assert_eq!(of(&[("Content-Type", "application/json; charset=utf-8")]), Shape::Json);
        assert_eq!(of(&[("Accept", "text/html,application/xhtml+xml")]), Shape::Html);
        assert_eq!(of(&[("Accept", "text/plain")]), Shape::Text);
    }
}
