//! The tokens of nodes.

use actix_web::web::Data;
use kontena_core::validate::node as validate;
use kontena_protocol::api;

use super::{OfGrid, find};
use crate::{
    auth::{Action, Caller},
    commands::nodes,
    http::{
        App,
        error::ApiError,
        extract::body::Body,
        v1::{Answer, done, ok, view},
    },
};

/// Shows the token of a node.
#[utoipa::path(
    get,
    path = "/v1/nodes/{grid}/{node}/token",
    tag = "nodes",
    responses((status = 200, body = api::NodeToken)),
)]
pub(in crate::http) async fn show(app: Data<App>, caller: Caller, path: OfGrid) -> Answer {
    let (grid, node) = find(&app, &caller, &path, Action::ProvisionNodes).await?;
    let token = nodes::show_token(&app.means, &node)
        .await?
        .ok_or(ApiError::NotFound("Host node does not have a node token"))?;
    ok(&api::NodeToken { id: view::node_path(&grid, &node), token })
}

/// Gives a node another token.
#[utoipa::path(
    put,
    path = "/v1/nodes/{grid}/{node}/token",
    tag = "nodes",
    request_body = api::TokenReset,
    responses((status = 200, body = api::NodeToken)),
)]
pub(in crate::http) async fn reset(
    app: Data<App>,
    caller: Caller,
    path: OfGrid,
    body: Body,
) -> Answer {
    let (grid, node) = find(&app, &caller, &path, Action::ProvisionNodes).await?;
    let reset = validate::token_reset(&body.object()?)?;
    let token = nodes::reset_token(&app.means, &caller, &grid, &node, reset).await?;
    ok(&api::NodeToken { id: view::node_path(&grid, &node), token })
}

/// Takes the token of a node away; it uses the grid token from then on.
#[utoipa::path(
    delete,
    path = "/v1/nodes/{grid}/{node}/token",
    tag = "nodes",
    request_body = api::TokenReset,
    responses((status = 200, body = api::Done)),
)]
pub(in crate::http) async fn clear(
    app: Data<App>,
    caller: Caller,
    path: OfGrid,
    body: Body,
) -> Answer {
    let (grid, node) = find(&app, &caller, &path, Action::ProvisionNodes).await?;
    let reset = validate::token_reset(&body.object()?)?;
    nodes::clear_token(&app.means, &caller, &grid, &node, reset.reset_connection).await?;
    done()
}
