//! `POST /oauth2/authorize`: tokens, codes and invitations made by who is logged in.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, ReqData},
};
use kontena_core::validate::{FieldErrors, access as validate};
use kontena_protocol::api;
use serde_json::{Map, Value};

use super::{answer, browser, params};
use crate::{
    auth::{Caller, Scopes},
    commands::{
        config,
        tokens::{self, NotInvited, NotMade},
    },
    http::{App, error::ApiError, extract::body::Body, v1::view},
};

const NO_INVITES: &str = "You do not have the permission to create invites";
const SOMEBODY: &str = "The user is known already: only a master admin may invite them again";
const TYPES: &str = "Unsupported response type. Supported: code, token, invite";

/// Makes an access token or a one-time code, or invites a user; each is shown this once.
#[utoipa::path(
    post,
    path = "/oauth2/authorize",
    tag = "access",
    request_body = api::AuthorizeRequest,
    responses(
        (status = 201, body = api::Token, description = "With `invite`: `email`, `invite_code`, `link`."),
        (status = 404, description = "The user does not exist."),
    ),
)]
pub(in crate::http) async fn authorize(
    request: HttpRequest,
    app: Data<App>,
    caller: Caller,
    scopes: ReqData<Scopes>,
    body: Body,
) -> HttpResponse {
    let answer = answer_to(&request, &app, &caller, &scopes, &body).await;
    answer::give(&request, answer)
}

async fn answer_to(
    request: &HttpRequest,
    app: &App,
    caller: &Caller,
    scopes: &Scopes,
    body: &Body,
) -> Result<HttpResponse, ApiError> {
    if !scopes.include("user") {
        return Err(denied(None));
    }
    let sent = params::read(request, body.bytes())?;
    match params::text(&sent, "response_type").as_deref() {
        Some("token") => token(app, caller, sent).await,
        Some("code") => code(app, caller, sent).await,
        Some("invite") => invite(request, app, caller, sent).await,
        _ => Err(ApiError::oauth(StatusCode::BAD_REQUEST, "unsupported_response_type", TYPES)),
    }
}

async fn token(app: &App, caller: &Caller, sent: Map<String, Value>) -> Answer {
    let wish = wish(sent)?;
    let issued = tokens::token(&app.means, caller, wish).await?.map_err(not_made)?;
    let (name, now) = (server_name(app).await?, app.means.clock.now());
    Ok(HttpResponse::Created().json(view::issued(&issued, name, now)))
}

async fn code(app: &App, caller: &Caller, sent: Map<String, Value>) -> Answer {
    let wish = wish(sent)?;
    let made = tokens::code(&app.means, caller, wish).await?.map_err(not_made)?;
    let (name, now) = (server_name(app).await?, app.means.clock.now());
    let mut token = view::token(&made.record, &made.user, name, now);
    token.code = Some(made.code);
    Ok(HttpResponse::Created().json(token))
}

async fn invite(
    request: &HttpRequest,
    app: &App,
    caller: &Caller,
    sent: Map<String, Value>,
) -> Answer {
    crate::auth::check(crate::auth::Action::ManageUsers, &caller.user, false)
        .map_err(|_| denied(Some(NO_INVITES)))?;
    let wish = validate::invite(&Value::Object(sent)).map_err(|errors| invalid(&errors))?;
    let invited = tokens::invite(&app.means, caller, wish).await?;
    let invited = invited.map_err(|error| match error {
        NotInvited::Denied => denied(Some(NO_INVITES)),
        NotInvited::Somebody => denied(Some(SOMEBODY)),
    })?;
    let root = app.means.store.read(|conn| config::value(conn, config::ROOT_URL)).await?;
    let link = browser::invitation_link(request, root.as_deref(), &invited.code);
    let (email, invite_code) = (invited.email, invited.code);
    Ok(HttpResponse::Created().json(api::Invitation { email, invite_code, link }))
}

type Answer = Result<HttpResponse, ApiError>;

fn wish(sent: Map<String, Value>) -> Result<validate::TokenWish, ApiError> {
    if !sent.contains_key("scope") {
        return Err(ApiError::OAuth {
            status: StatusCode::BAD_REQUEST,
            error: "invalid_scope",
            description: None,
        });
    }
    validate::token(&Value::Object(sent)).map_err(|errors| invalid(&errors))
}

/// All wrong fields in one line: OAuth has no room for more.
fn invalid(errors: &FieldErrors) -> ApiError {
    let one = |(field, error): (&str, &kontena_core::validate::FieldError)| match error.to_json() {
        Value::String(text) => text,
        _ => format!("{field} is invalid"),
    };
    let description = errors.fields().map(one).collect::<Vec<_>>().join("; ");
    ApiError::oauth(StatusCode::BAD_REQUEST, "invalid_request", description)
}

fn not_made(error: NotMade) -> ApiError {
    match error {
        NotMade::Denied => denied(Some(NO_INVITES)),
        NotMade::UnknownUser => ApiError::oauth(StatusCode::NOT_FOUND, "not_found", "user"),
    }
}

fn denied(description: Option<&'static str>) -> ApiError {
    ApiError::OAuth {
        status: StatusCode::FORBIDDEN,
        error: "access_denied",
        description: description.map(Into::into),
    }
}

async fn server_name(app: &App) -> Result<Option<String>, ApiError> {
    Ok(app.means.store.read(|conn| config::value(conn, config::SERVER_NAME)).await?)
}
