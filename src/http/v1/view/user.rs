//! Users and their tokens, as clients read them.

use kontena_core::domain::Time;
use kontena_protocol::api;
use kontena_store::{
    tokens::{Kind, Token},
    users::User,
};
use serde_json::json;

use crate::auth::{Issued, role_title};

pub(in crate::http) fn user(user: &User) -> api::User {
    let role = |name: &String| json!({ "name": name, "description": role_title(name) });
    api::User {
        id: user.id.to_string(),
        email: user.email.clone(),
        name: Some(user.name.clone()),
        roles: user.roles.iter().map(role).collect(),
    }
}

/// A token or code without the token or code.
pub(in crate::http) fn token(
    token: &Token,
    owner: &User,
    server_name: Option<String>,
    now: Time,
) -> api::Token {
    let is_bearer = token.kind == Kind::Bearer;
    let word = |text: &str, wanted: bool| wanted.then(|| text.to_owned());
    api::Token {
        id: token.id.to_string(),
        token_type: word("bearer", is_bearer),
        grant_type: word("authorization_code", !is_bearer),
        code: None,
        access_token: None,
        refresh_token: None,
        access_token_last_four: token.last_four.clone(),
        refresh_token_last_four: token.refresh_last_four.clone(),
        expires_in: token.expires_at.map(|end| (end - now).num_seconds()),
        scopes: token.scopes.clone(),
        description: token.description.clone(),
        user: api::TokenUser {
            id: owner.id.to_string(),
            email: owner.email.clone(),
            name: owner.name.clone(),
        },
        server: api::Server { name: server_name },
    }
}

/// A token as it was just made, the only time it is shown.
pub(in crate::http) fn issued(
    issued: &Issued,
    server_name: Option<String>,
    now: Time,
) -> api::Token {
    let shown = token(&issued.record, &issued.user, server_name, now);
    api::Token {
        access_token: Some(issued.access_token.clone()),
        refresh_token: issued.refresh_token.clone(),
        ..shown
    }
}
