//! `POST /oauth2/token`: codes and refresh tokens exchanged for access tokens.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::Data,
};
use kontena_protocol::api::{self, Server, Token, TokenUser};
use serde_json::Value;

use super::{App, error::ApiError, extract::body::Body};
use crate::auth::{self, Exchange, Issued};

fn refusal(status: StatusCode, error: &'static str, about: Option<&'static str>) -> ApiError {
    ApiError::OAuth { status, error, description: about }
}

/// Exchanges a one-time code or a refresh token for an access token.
#[utoipa::path(
    post,
    path = "/oauth2/token",
    tag = "access",
    request_body = api::TokenRequest,
    responses((status = 201, body = Token)),
)]
pub(super) async fn token(
    request: HttpRequest,
    app: Data<App>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let body = read(&request, body.bytes())?;
    let text = |key: &str| body.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty());
    let bad = |about| refusal(StatusCode::BAD_REQUEST, "invalid_request", about);
    let means = &app.means;
    let moment = means.clock.moment();
    let (exchange, about) = match text("grant_type") {
        None => return Err(bad(None)),
        Some("authorization_code") => {
            let about = "authorization_code";
            let code = text("code").ok_or_else(|| bad(Some(about)))?;
            (auth::exchange_code(&means.store, &means.vault, code, moment).await?, about)
        }
        Some("refresh_token") => {
            let about = "refresh_token";
            let token = text("refresh_token").ok_or_else(|| bad(Some(about)))?;
            (auth::refresh(&means.store, &means.vault, token, moment).await?, about)
        }
        Some(_) => {
            let error = "unsupported_grant_type";
            return Err(refusal(StatusCode::BAD_REQUEST, error, Some("grant_type")));
        }
    };
    match exchange {
        Exchange::Issued(issued) => {
            let now = means.clock.now();
            Ok(HttpResponse::Created().json(view(&issued, now)))
        }
        Exchange::Unknown => Err(refusal(StatusCode::NOT_FOUND, "invalid_request", Some(about))),
    }
}

/// Reads the body by its content type: JSON, or form parameters.
fn read(request: &HttpRequest, body: &[u8]) -> Result<Value, ApiError> {
    let undecodable =
        || refusal(StatusCode::BAD_REQUEST, "invalid_request", Some("Invalid parameters"));
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("application/json")) {
        if body.is_empty() {
            return Ok(Value::Null);
        }
        return serde_json::from_slice(body).map_err(|_| undecodable());
    }
    let text = std::str::from_utf8(body).map_err(|_| undecodable())?;
    let text = if text.is_empty() { request.query_string() } else { text };
    let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(text)
        .map_err(|_| undecodable())?;
    Ok(Value::Object(
        pairs.into_inner().into_iter().map(|(key, value)| (key, value.into())).collect(),
    ))
}

fn view(issued: &Issued, now: kontena_core::domain::Time) -> Token {
    let record = &issued.record;
    Token {
        id: record.id.to_string(),
        token_type: Some("bearer".to_owned()),
        access_token: Some(issued.access_token.clone()),
        refresh_token: issued.refresh_token.clone(),
        access_token_last_four: record.last_four.clone(),
        refresh_token_last_four: record.refresh_last_four.clone(),
        expires_in: record.expires_at.map(|end| (end - now).num_seconds()),
        scopes: record.scopes.clone(),
        description: record.description.clone(),
        user: TokenUser {
            id: issued.user.id.to_string(),
            email: issued.user.email.clone(),
            name: issued.user.name.clone(),
        },
        server: Server { name: None },
    }
}
