//! `POST /oauth2/token`: codes and refresh tokens exchanged for access tokens.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use kontena_protocol::api;

use super::{
    answer::{self, Shape},
    guessed_wrong, may_guess, origin, params,
};
use crate::{
    auth::Issued,
    commands::{
        config,
        tokens::{self, Exchange},
    },
    http::{App, error::ApiError, extract::body::Body, v1::view},
};

/// Exchanges a one-time code or a refresh token for an access token.
#[utoipa::path(
    post,
    path = "/oauth2/token",
    tag = "access",
    request_body = api::TokenRequest,
    responses(
        (status = 201, body = api::Token),
        (status = 404, description = "The code or refresh token is unknown, or was used."),
        (status = 429, description = "The address has called, or has guessed, too often."),
    ),
)]
pub(in crate::http) async fn exchange(
    request: HttpRequest,
    app: Data<App>,
    body: Body,
) -> HttpResponse {
    answer::give(&request, answer_to(&request, &app, &body).await)
}

fn refusal(status: StatusCode, about: Option<&'static str>) -> ApiError {
    ApiError::OAuth { status, error: "invalid_request", description: about.map(Into::into) }
}

async fn answer_to(
    request: &HttpRequest,
    app: &App,
    body: &Body,
) -> Result<HttpResponse, ApiError> {
    let sent = params::read(request, body.bytes())?;
    let bad = |about| refusal(StatusCode::BAD_REQUEST, about);
    let (means, origin) = (&app.means, origin(request));
    let grant_type = params::text(&sent, "grant_type").ok_or_else(|| bad(None))?;
    let (outcome, about) = match grant_type.as_str() {
        "authorization_code" => {
            let about = "authorization_code";
            let code = params::text(&sent, "code").ok_or_else(|| bad(Some(about)))?;
            may_guess(app, request)?;
            (tokens::exchange_code(means, &origin, &code).await?, about)
        }
        "refresh_token" => {
            let about = "refresh_token";
            let token = params::text(&sent, about).ok_or_else(|| bad(Some(about)))?;
            may_guess(app, request)?;
            (tokens::refresh(means, &origin, &token).await?, about)
        }
        _ => {
            let (status, error) = (StatusCode::BAD_REQUEST, "unsupported_grant_type");
            return Err(ApiError::oauth(status, error, "grant_type"));
        }
    };
    let Exchange::Issued(issued) = outcome else {
        guessed_wrong(app, request, about);
        return Err(refusal(StatusCode::NOT_FOUND, Some(about)));
    };
    let read = means.store.read(|conn| config::value(conn, config::SERVER_NAME));
    let server_name = read.await?;
    let state = params::text(&sent, "state");
    Ok(render(request, app, &issued, server_name, state.unwrap_or_default().as_str()))
}

fn render(
    request: &HttpRequest,
    app: &App,
    issued: &Issued,
    server_name: Option<String>,
    state: &str,
) -> HttpResponse {
    let token = view::issued(issued, server_name, app.means.clock.now());
    if answer::shape(request.headers()) == Shape::Json {
        return HttpResponse::Created().json(token);
    }
    let user = &issued.user;
    let username = if user.name.is_empty() { &user.email } else { &user.name };
    let expires_in = token.expires_in.map(|seconds| seconds.to_string()).unwrap_or_default();
    let pairs = [
        ("access_token", issued.access_token.as_str()),
        ("refresh_token", issued.refresh_token.as_deref().unwrap_or_default()),
        ("expires_in", expires_in.as_str()),
        ("username", username.as_str()),
        ("server_name", token.server.name.as_deref().unwrap_or_default()),
        ("state", state),
    ];
    answer::form(request, &pairs, StatusCode::CREATED)
}
