//! Containers, as agents report them.

use std::collections::HashMap;

use actix_web::{
    HttpResponse,
    web::{Data, Path, Query},
};
use kontena_core::domain::{
    ContainerRecord, Grid, Node, NodeId, Service, ServiceId, container::VOLUME,
};
use kontena_protocol::{
    agent::{json, method},
    api,
};
use kontena_store::{containers, nodes, services};
use serde::Deserialize;

use super::{Answer, list as list_of, ok, view};
use crate::{
    actors::grid::{Call, CallFailed},
    auth::{Action, Caller},
    commands,
    http::{App, error::ApiError, extract},
};

/// How long an agent may take to describe a container.
const INSPECT_LIMIT: std::time::Duration = std::time::Duration::from_secs(300);

pub(super) type OfNode = Path<(String, String, String)>;

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
    render(&app, grid, found.into_iter().filter(wanted).collect()).await
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
    ok(&Surroundings::read(&app, grid).await?.show(&container))
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
    commands::containers::looked_into(&app.means, &caller, &grid, &node, &container, "inspect")
        .await?;
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
pub(super) async fn render(app: &App, grid: Grid, found: Vec<ContainerRecord>) -> Answer {
    let surroundings = Surroundings::read(app, grid).await?;
    list_of("containers", found.into_iter().map(move |one| surroundings.show(&one)))
}

/// What containers are shown with. A grid may have thousands of each.
struct Surroundings {
    grid: Grid,
    nodes: HashMap<NodeId, Node>,
    services: HashMap<ServiceId, Service>,
}

impl Surroundings {
    async fn read(app: &App, grid: Grid) -> Result<Self, ApiError> {
        let id = grid.id;
        let read = app
            .means
            .store
            .read(move |conn| Ok((nodes::of_grid(conn, id)?, services::of_grid(conn, id)?)));
        let (nodes, services) = read.await?;
        Ok(Self {
            grid,
            nodes: nodes.into_iter().map(|node| (node.id, node)).collect(),
            services: services.into_iter().map(|service| (service.id, service)).collect(),
        })
    }

    fn show(&self, container: &ContainerRecord) -> api::Container {
        let service = container.service.and_then(|id| self.services.get(&id));
        view::container(&self.grid, container, self.nodes.get(&container.node), service)
    }
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
