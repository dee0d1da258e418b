//! The tokens of nodes.

use actix_web::web::{Bytes, Data};
use kontena_core::validate::node as validate;
use kontena_protocol::api;

use super::{OfGrid, find};
use crate::{
    auth::{Action, Caller},
    commands::nodes,
    http::{
        App,
        error::ApiError,
        extract,
        v1::{Answer, done, ok, view},
    },
};

/// `GET /v1/nodes/:grid/:node/token`.
pub(in crate::http) async fn show(app: Data<App>, caller: Caller, path: OfGrid) -> Answer {
    let (grid, node) = find(&app, &caller, &path, Action::ProvisionNodes).await?;
    let token = nodes::show_token(&app.means, &node)
        .await?
        .ok_or(ApiError::NotFound("Host node does not have a node token"))?;
    ok(&api::NodeToken { id: view::node_path(&grid, &node), token })
}

/// `PUT /v1/nodes/:grid/:node/token`.
pub(in crate::http) async fn reset(
    app: Data<App>,
    caller: Caller,
    path: OfGrid,
    body: Bytes,
) -> Answer {
    let (grid, node) = find(&app, &caller, &path, Action::ProvisionNodes).await?;
    let reset = validate::token_reset(&extract::object(&body)?)?;
    let token = nodes::reset_token(&app.means, &caller, &grid, &node, reset).await?;
    ok(&api::NodeToken { id: view::node_path(&grid, &node), token })
}

/// `DELETE /v1/nodes/:grid/:node/token`.
pub(in crate::http) async fn clear(
    app: Data<App>,
    caller: Caller,
    path: OfGrid,
    body: Bytes,
) -> Answer {
    let (grid, node) = find(&app, &caller, &path, Action::ProvisionNodes).await?;
    let reset = validate::token_reset(&extract::object(&body)?)?;
    nodes::clear_token(&app.means, &caller, &grid, &node, reset.reset_connection).await?;
    done()
}
