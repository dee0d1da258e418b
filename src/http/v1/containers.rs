//! Containers, as agents report them.

use std::collections::HashMap;

use actix_web::{
    HttpResponse,
    web::{Data, Path, Query},
};
use kontena_core::domain::{ContainerRecord, Grid, Node, container::VOLUME};
use kontena_protocol::{
    agent::{json, method},
    api,
};
use kontena_store::{containers, nodes, services};
use serde::Deserialize;

use super::{Answer, ok, view};
use crate::{
    actors::grid::{Call, CallFailed},
    auth::{Action, Caller},
    commands,
    http::{App, error::ApiError, extract},
};

/// How long an agent may take to describe a container.
const INSPECT_LIMIT: std::time::Duration = std::time::Duration::from_secs(300);

type OfNode = Path<(String, String, String)>;

/// Which containers are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Which {
    /// Every container, whatever the value.
    all: Option<String>,
}

/// Lists the running containers of a grid, oldest first; with `all` every one.
#[utoipa::path(
    get,
    path = "/v1/containers/{grid}",
    tag = "containers",
    params(Which),
    responses((status = 200, body = api::Containers)),
)]
pub(in crate::http) async fn list(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    which: Query<Which>,
) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ReadGrid).await?;
    let id = grid.id;
    let found = app.means.store.read(move |conn| containers::of_grid(conn, id)).await?;
    let wanted = |container: &ContainerRecord| {
        which.all.is_some() || (container.status() == "running" && container.kind != VOLUME)
    };
    render(&app, &grid, found.into_iter().filter(wanted).collect()).await
}

/// Shows a container.
#[utoipa::path(
    get,
    path = "/v1/containers/{grid}/{node}/{container}",
    tag = "containers",
    responses((status = 200, body = api::Container)),
)]
pub(in crate::http) async fn show(app: Data<App>, caller: Caller, path: OfNode) -> Answer {
    let (grid, _, container) = find(&app, &caller, &path, Action::ReadGrid).await?;
    let mut shown = views(&app, &grid, vec![container]).await?;
    ok(&shown.pop().ok_or(ApiError::NOT_FOUND)?)
}

/// Shows what the engine says of a container now.
#[utoipa::path(
    get,
    path = "/v1/containers/{grid}/{node}/{container}/inspect",
    tag = "containers",
    responses((status = 200, body = Value, description = "The document of the Docker engine.")),
)]
pub(in crate::http) async fn inspect(app: Data<App>, caller: Caller, path: OfNode) -> Answer {
    let (grid, node, container) = find(&app, &caller, &path, Action::ManageServices).await?;
    commands::containers::inspected(&app.means, &caller, &grid, &node, &container).await?;
    let call = Call {
        node: node.id,
        method: method::CONTAINERS_INSPECT,
        params: vec![container.container_id.as_str().into()],
        timeout: INSPECT_LIMIT,
    };
    match app.registry.grid(grid.id).send(call).await {
        Ok(Ok(document)) => Ok(HttpResponse::Ok().json(json::lossy(&document))),
        Ok(Err(CallFailed::Refused(error))) if error.code == 404 => Err(ApiError::Gone),
        Ok(Err(failed)) => Err(ApiError::agent(failed, INSPECT_LIMIT)),
        Err(_) => Err(ApiError::Unavailable),
    }
}

/// Answers with containers.
pub(super) async fn render(app: &App, grid: &Grid, found: Vec<ContainerRecord>) -> Answer {
    ok(&api::Containers { containers: views(app, grid, found).await? })
}

async fn views(
    app: &App,
    grid: &Grid,
    found: Vec<ContainerRecord>,
) -> Result<Vec<api::Container>, ApiError> {
    let id = grid.id;
    let (nodes, services) = app
        .means
        .store
        .read(move |conn| Ok((nodes::of_grid(conn, id)?, services::of_grid(conn, id)?)))
        .await?;
    // A grid may have thousands of each.
    let nodes: HashMap<_, _> = nodes.iter().map(|node| (node.id, node)).collect();
    let services: HashMap<_, _> = services.iter().map(|service| (service.id, service)).collect();
    let shown = found.iter().map(|one| {
        let service = one.service.and_then(|id| services.get(&id).copied());
        view::container(grid, one, nodes.get(&one.node).copied(), service)
    });
    Ok(shown.collect())
}

/// The container of a path, where the caller may do this in its grid.
pub(super) async fn find(
    app: &App,
    caller: &Caller,
    path: &OfNode,
    action: Action,
) -> Result<(Grid, Node, ContainerRecord), ApiError> {
    let (grid, node, name) = (&path.0, &path.1, path.2.clone());
    let grid = extract::grid(app, caller, grid, action).await?;
    let node = extract::node(app, &grid, node).await?;
    let id = node.id;
    let found = app.means.store.read(move |conn| containers::by_name(conn, id, &name)).await?;
    Ok((grid, node, found.ok_or(ApiError::NOT_FOUND)?))
}
