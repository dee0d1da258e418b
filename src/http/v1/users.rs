//! The caller's own user.

use kontena_protocol::api::User;

use super::{Answer, ok};
use crate::auth::Caller;

/// Shows the caller.
#[utoipa::path(get, path = "/v1/user", tag = "access", responses((status = 200, body = User)))]
pub(in crate::http) async fn current(caller: Caller) -> Answer {
    let user = caller.user;
    ok(&User {
        id: user.id.to_string(),
        email: user.email,
        name: Some(user.name),
        roles: user
            .roles
            .iter()
            .map(|role| serde_json::json!({ "name": role, "description": description(role) }))
            .collect(),
    })
}

fn description(role: &str) -> &'static str {
    match role {
        crate::auth::MASTER_ADMIN => "Master admin",
        crate::auth::GRID_ADMIN => "Grid admin",
        crate::auth::USER_ADMIN => "Invite and remove users",
        _ => "",
    }
}
