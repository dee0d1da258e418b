//! Whether a node is well, asked of its agent.

use std::time::Duration;

use actix_web::web::Data;
use kontena_core::{presence, validate::FieldErrors};
use kontena_protocol::{
    agent::{json, method},
    api::{EtcdHealth, NodeHealth, timestamp},
};

use super::{OfGrid, find};
use crate::{
    actors::grid::{Call, CallFailed},
    auth::{Action, Caller},
    http::{
        App,
        error::{ApiError, connection_timeout},
        v1::{Answer, ok, view},
    },
};

/// How long the agent may take to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// Asks the agent of a node whether it is well.
#[utoipa::path(
    get,
    path = "/v1/nodes/{grid}/{node}/health",
    tag = "nodes",
    responses((status = 200, body = NodeHealth)),
)]
pub(in crate::http) async fn show(app: Data<App>, caller: Caller, path: OfGrid) -> Answer {
    let (grid, node) = find(&app, &caller, &path, Action::ReadGrid).await?;
    if let Some(reason) = presence::connection_error(&node) {
        return Err(FieldErrors::single("connection", reason).into());
    }
    let call =
        Call { node: node.id, method: method::ETCD_HEALTH, params: Vec::new(), timeout: LIMIT };
    let etcd_health = match app.registry.grid(grid.id).send(call).await {
        Ok(Ok(answer)) => {
            let answer = json::lossy(&answer);
            let error = answer.get("error").and_then(|error| error.as_str()).map(str::to_owned);
            let health = answer.get("health").and_then(serde_json::Value::as_bool);
            EtcdHealth { health, error }
        }
        Ok(Err(CallFailed::TimedOut | CallFailed::NotConnected)) => {
            return Err(FieldErrors::single("etcd_health", connection_timeout(LIMIT)).into());
        }
        Ok(Err(failed)) => return Err(ApiError::agent(failed, LIMIT)),
        Err(_) => return Err(ApiError::Unavailable),
    };
    ok(&NodeHealth {
        id: view::node_path(&grid, &node),
        name: node.name.clone(),
        node_number: node.number,
        initial_member: node.is_initial(grid.initial_size),
        status: node.status().as_str().to_owned(),
        connected_at: node.connected_at.map(timestamp),
        disconnected_at: node.disconnected_at.map(timestamp),
        connected: node.connected,
        etcd_health,
    })
}
