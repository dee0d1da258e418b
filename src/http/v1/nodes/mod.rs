//! Nodes.

pub(in crate::http) mod health;
pub(in crate::http) mod legacy;
pub(in crate::http) mod metrics;
mod roster;
pub(in crate::http) mod token;

use std::time::Duration;

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use kontena_core::{
    domain::{Grid, Node},
    validate::{FieldErrors, node as validate},
};
use kontena_protocol::api;

use super::{Answer, created, done, ok};
use crate::{
    actors::grid::{Probe, Probed},
    auth::{Action, Caller},
    commands::{CommandError, nodes},
    http::{
        App,
        error::ApiError,
        extract::{self, body::Body},
    },
};

use roster::Roster;
pub use roster::Rosters;

pub(super) type OfGrid = Path<(String, String)>;

/// Lists the nodes of a grid by name; `peer_ips` are empty where there are more than 254.
#[utoipa::path(
    get,
    path = "/v1/grids/{grid}/nodes",
    tag = "nodes",
    responses((status = 200, body = api::Nodes)),
)]
pub(in crate::http) async fn list(app: Data<App>, caller: Caller, name: Path<String>) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ReadGrid).await?;
    let list = Roster::of(&app, grid.id).await?.list()?;
    Ok(HttpResponse::Ok().content_type("application/json").body(list))
}

/// Creates a node with a token of its own.
#[utoipa::path(
    post,
    path = "/v1/grids/{grid}/nodes",
    tag = "nodes",
    request_body = api::NodeCreate,
    responses((status = 201, body = api::Node)),
)]
pub(in crate::http) async fn create(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    body: Body,
) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ProvisionNodes).await?;
    let draft = validate::create(&body.object()?)?;
    let node = nodes::create(&app.means, &caller, &grid, draft).await?;
    created(&one(&app, &grid, &node).await?)
}

/// Shows a node, by name or by the id of its engine.
#[utoipa::path(
    get,
    path = "/v1/nodes/{grid}/{node}",
    tag = "nodes",
    responses((status = 200, body = api::Node)),
)]
pub(in crate::http) async fn show(app: Data<App>, caller: Caller, path: OfGrid) -> Answer {
    let (grid, node) = find(&app, &caller, &path, Action::ReadGrid).await?;
    ok(&one(&app, &grid, &node).await?)
}

/// Changes the labels and the availability of a node.
#[utoipa::path(
    put,
    path = "/v1/nodes/{grid}/{node}",
    tag = "nodes",
    request_body = api::NodeUpdate,
    responses((status = 200, body = api::Node)),
)]
pub(in crate::http) async fn update(
    app: Data<App>,
    caller: Caller,
    path: OfGrid,
    body: Body,
) -> Answer {
    update_by(&app, &caller, &path, &body).await
}

async fn update_by(app: &App, caller: &Caller, path: &OfGrid, body: &Body) -> Answer {
    let (grid, node) = find(app, caller, path, Action::ManageNodes).await?;
    let edit = validate::update(&body.object()?)?;
    let node = nodes::update(&app.means, caller, &grid, node.id, edit).await?;
    ok(&one(app, &grid, &node).await?)
}

/// How often a node that connects again while it is being removed is looked at again.
const LOOKS: usize = 3;
/// The pause before a connection that is recorded, and not here yet, is looked for again.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// How long a probe may take in which the master was not always there.
const PROBE_LIMIT: Duration = Duration::from_secs(60);

/// Removes a node.
///
/// A connected node without a token of its own would come straight back: it is refused if its agent still
/// answers, since plugins remove a node right after its machine.
#[utoipa::path(
    delete,
    path = "/v1/nodes/{grid}/{node}",
    tag = "nodes",
    responses((status = 200, body = api::Done)),
)]
pub(in crate::http) async fn remove(app: Data<App>, caller: Caller, path: OfGrid) -> Answer {
    remove_by(&app, &caller, &path).await
}

async fn remove_by(app: &App, caller: &Caller, path: &OfGrid) -> Answer {
    for _ in 0..LOOKS {
        let (grid, node) = find(app, caller, path, Action::ManageNodes).await?;
        if node.connected && !node.has_token && answers(app, &grid, &node).await? {
            return Err(still_connected(&node));
        }
        match nodes::remove(&app.means, caller, &grid, &node).await {
            Ok(()) => return done(),
            Err(CommandError::Reconnected) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let (_, node) = find(app, caller, path, Action::ManageNodes).await?;
    Err(still_connected(&node))
}

/// Whether the agent of a node that is recorded as connected answers a ping. Where its connection is not
/// here, it may be about to be: it is looked for as long as a ping may take.
async fn answers(app: &App, grid: &Grid, node: &Node) -> Result<bool, ApiError> {
    let mut looks =
        app.registry.tools().rules.keepalive.timeout.as_millis() / LOOK_AGAIN.as_millis();
    loop {
        let probe = app.registry.grid(grid.id).send(Probe { node: node.id });
        // A master that is behind is not sure of anything, and says so rather than remove a living node.
        match tokio::time::timeout(PROBE_LIMIT, probe).await {
            Ok(Ok(Probed::Answers)) => return Ok(true),
            Ok(Ok(Probed::Silent)) => return Ok(false),
            Ok(Ok(Probed::NoSession) | Err(_)) if looks == 0 => return Ok(false),
            Ok(Ok(Probed::NoSession) | Err(_)) => {
                looks -= 1;
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Err(_) => return Err(ApiError::Unavailable),
        }
    }
}

fn still_connected(node: &Node) -> ApiError {
    let text = format!(
        "Node {} is still connected using a grid token and would come straight back. \
         Terminate it before removing it.",
        node.name
    );
    FieldErrors::single("node", text).into()
}

pub(super) async fn find(
    app: &App,
    caller: &Caller,
    path: &OfGrid,
    action: Action,
) -> Result<(Grid, Node), ApiError> {
    let (grid, node) = &**path;
    let grid = extract::grid(app, caller, grid, action).await?;
    let node = extract::node(app, &grid, node).await?;
    Ok((grid, node))
}

async fn one(app: &App, grid: &Grid, node: &Node) -> Result<api::Node, ApiError> {
    Ok(Roster::of(app, grid.id).await?.show(node))
}
