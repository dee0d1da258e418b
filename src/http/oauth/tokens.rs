//! `/oauth2/tokens`: one's own tokens and codes; a master admin shows and revokes those of others, too.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use kontena_protocol::api;
use kontena_store::{
    tokens::{self as table, Token},
    users::User,
};

use crate::{
    auth::{self, Action, Caller},
    commands::{config, tokens},
    http::{
        App,
        error::ApiError,
        v1::{Answer, ok, view},
    },
};

/// Lists the caller's tokens and codes.
#[utoipa::path(
    get,
    path = "/oauth2/tokens",
    tag = "access",
    responses(
        (status = 200, body = api::Tokens),
        (status = 429, description = "The address has called too often."),
    ),
)]
pub(in crate::http) async fn list(app: Data<App>, caller: Caller) -> Answer {
    let user = caller.user.id;
    let (all, name) = app
        .means
        .store
        .read(move |conn| {
            Ok((table::of_user(conn, user)?, config::value(conn, config::SERVER_NAME)?))
        })
        .await?;
    let now = app.means.clock.now();
    let tokens = all.iter().map(|token| view::token(token, &caller.user, name.clone(), now));
    ok(&api::Tokens { tokens: tokens.collect() })
}

/// Shows a token or code.
#[utoipa::path(
    get,
    path = "/oauth2/tokens/{token}",
    tag = "access",
    responses(
        (status = 200, body = api::Token),
        (status = 429, description = "The address has called too often."),
    ),
)]
pub(in crate::http) async fn show(app: Data<App>, caller: Caller, name: Path<String>) -> Answer {
    let (token, owner) = find(&app, &caller, &name).await?;
    let read = app.means.store.read(|conn| config::value(conn, config::SERVER_NAME));
    ok(&view::token(&token, &owner, read.await?, app.means.clock.now()))
}

/// Revokes a token or code.
#[utoipa::path(
    delete,
    path = "/oauth2/tokens/{token}",
    tag = "access",
    responses(
        (status = 201, description = "It is good for nothing from now on."),
        (status = 429, description = "The address has called too often."),
    ),
)]
pub(in crate::http) async fn remove(app: Data<App>, caller: Caller, name: Path<String>) -> Answer {
    let (token, owner) = find(&app, &caller, &name).await?;
    if !tokens::remove(&app.means, &caller, &token, &owner.email).await? {
        return Err(ApiError::NOT_FOUND);
    }
    Ok(HttpResponse::Created().content_type("application/json").body(""))
}

/// The token of a path, by id or by the access token itself, if the caller may look at it.
async fn find(app: &App, caller: &Caller, name: &str) -> Result<(Token, User), ApiError> {
    let (token, owner) = tokens::find(&app.means, name).await?.ok_or(ApiError::NOT_FOUND)?;
    let is_own = owner.id == caller.user.id;
    if !is_own && auth::check(Action::ManageRoles, &caller.user, false).is_err() {
        let (status, error) = (StatusCode::UNAUTHORIZED, "Unauthorized");
        return Err(ApiError::OAuth { status, error, description: None });
    }
    Ok((token, owner))
}
