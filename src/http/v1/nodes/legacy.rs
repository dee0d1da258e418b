//! What agents of old and provider plugins call: a node by the id of its engine, opened by its grid's token;
//! and two paths that name the grid twice.

use actix_web::{
    HttpRequest,
    web::{Data, Path},
};
use kontena_core::{
    domain::{EngineId, Grid, Node},
    validate::node::{self as validate, NodeEdit},
};
use kontena_protocol::api;

use super::{Answer, one, remove_by, update_by};
use crate::{
    auth::Caller,
    commands::nodes,
    http::{
        App,
        error::ApiError,
        extract::{body::Body, gate::grid_token},
        oauth::{guessed_wrong, may_guess, origin},
        v1::ok,
    },
};

type Twice = Path<(String, String, String)>;

/// Shows a node by the id of its engine, to whoever has the token of its grid.
#[utoipa::path(
    get,
    path = "/v1/nodes/{node}",
    tag = "nodes",
    responses((status = 200, body = api::Node)),
)]
pub(in crate::http) async fn show_by_engine(
    app: Data<App>,
    request: HttpRequest,
    engine: Path<String>,
) -> Answer {
    let (grid, node) = find(&app, &request, &engine).await?;
    ok(&one(&app, &grid, &node).await?)
}

/// Changes the labels of a node by the id of its engine, for whoever has the token of its grid.
#[utoipa::path(
    put,
    path = "/v1/nodes/{node}",
    tag = "nodes",
    request_body = api::NodeUpdate,
    responses((status = 200, body = api::Node)),
)]
pub(in crate::http) async fn update_by_engine(
    app: Data<App>,
    request: HttpRequest,
    engine: Path<String>,
    body: Body,
) -> Answer {
    let (grid, node) = find(&app, &request, &engine).await?;
    let edit = validate::update(&body.object()?)?;
    // A grid's token lets machines in; who may drain them is for users.
    let edit = NodeEdit { labels: edit.labels, availability: None };
    // Nobody that is known: the audit log names the grid whose token was shown.
    let caller = origin(&request).stranger(&format!("grid {}", grid.name));
    let node = nodes::update(&app.means, &caller, &grid, node.id, edit).await?;
    ok(&one(&app, &grid, &node).await?)
}

async fn find(app: &App, request: &HttpRequest, engine: &str) -> Result<(Grid, Node), ApiError> {
    let token = grid_token(request.headers()).ok_or(ApiError::NOT_FOUND)?;
    may_guess(app, request)?;
    let found = nodes::by_grid_token(&app.means, token, EngineId::new(engine)).await?;
    let Some((grid, node)) = found else {
        guessed_wrong(app, request, "grid token");
        return Err(ApiError::NOT_FOUND);
    };
    Ok((grid, node.ok_or(ApiError::NotFound("Node not found"))?))
}

/// Changes a node, by a path that names the grid twice.
#[utoipa::path(
    put,
    path = "/v1/nodes/{grid}/{again}/{node}",
    tag = "nodes",
    request_body = api::NodeUpdate,
    responses((status = 200, body = api::Node)),
)]
pub(in crate::http) async fn update_twice(
    app: Data<App>,
    caller: Caller,
    path: Twice,
    body: Body,
) -> Answer {
    update_by(&app, &caller, &once(path)?, &body).await
}

/// Removes a node, by a path that names the grid twice.
#[utoipa::path(
    delete,
    path = "/v1/nodes/{grid}/{again}/{node}",
    tag = "nodes",
    responses((status = 200, body = api::Done)),
)]
pub(in crate::http) async fn remove_twice(app: Data<App>, caller: Caller, path: Twice) -> Answer {
    remove_by(&app, &caller, &once(path)?).await
}

fn once(path: Twice) -> Result<Path<(String, String)>, ApiError> {
    let (grid, again, node) = path.into_inner();
    if grid == again { Ok(Path::from((grid, node))) } else { Err(ApiError::Gone) }
}
