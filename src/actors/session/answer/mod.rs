//! What an agent may call, and the answers: an explicit list, everything else is answered with 501.
//!
//! What is said of exec sessions is the session's own (`exec`).

mod container;
mod node;
mod pod;
mod volume;

use std::time::Duration;

use kontena_protocol::agent::{RpcError, json, method};
use kontena_store::StoreError;
use rmpv::Value;
use tokio::time::Instant;

use super::Admitted;
use crate::actors::Tools;

/// An agent gives a request up after 30 s.
const PATIENCE: Duration = Duration::from_secs(25);
/// The pause before a call that found no database is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// The code of an error that may pass; never sent.
const AWAY: i64 = 503;

/// The outcome of a call.
pub(super) type Answer = Result<Value, RpcError>;

/// Handles one call, which arrived at that moment, to its end. A database that is away is waited for as long
/// as the agent waits: what a stock agent reports and is refused, it does not report again.
pub(super) async fn call(
    tools: &Tools,
    node: &Admitted,
    called: &str,
    params: &[Value],
    arrived: Instant,
) -> Answer {
    loop {
        match try_call(tools, node, called, params).await {
            Err(error) if error.code == AWAY && arrived.elapsed() < PATIENCE => {
                tokio::time::sleep(AGAIN).await;
            }
            Err(error) if error.code == AWAY => {
                log::warn!("node {}: its call was not answered: {error}", node.engine_id);
                return Err(RpcError::new(500, error.message));
            }
            other => return other,
        }
    }
}

async fn try_call(tools: &Tools, node: &Admitted, called: &str, params: &[Value]) -> Answer {
    let mut params = params.iter();
    let mut next = || params.next().unwrap_or(&Value::Nil);
    match short(called).as_str() {
        method::NODES_UPDATE => {
            is_own(node, next()).map_err(missing_host_node)?;
            node::update(tools, node, next()).await
        }
        method::NODES_GET => {
            is_own(node, next()).map_err(missing_host_node)?;
            node::info(tools, node).await
        }
        method::NODES_STATS => {
            is_own(node, next()).map_err(missing_host_node)?;
            node::measured(tools, node, next()).await
        }
        method::PODS_LIST => {
            is_own(node, next()).map_err(node_not_found)?;
            pod::list(tools, node).await
        }
        method::PODS_SET_STATE => {
            is_own(node, next()).map_err(node_not_found)?;
            pod::set_state(tools, node, next()).await
        }
        method::MARK_ONESHOT_HOOK => {
            is_own(node, next()).map_err(node_not_found)?;
            pod::mark_oneshot_hook(tools, node, next(), next()).await
        }
        method::PODS_EVENT => {
            is_own(node, next()).map_err(node_not_found)?;
            pod::log_event(tools, node, next()).await
        }
        method::VOLUMES_LIST => {
            is_own(node, next()).map_err(node_not_found)?;
            volume::list(tools, node).await
        }
        method::VOLUMES_SET_STATE => {
            is_own(node, next()).map_err(node_not_found)?;
            volume::set_state(tools, node, next()).await
        }
        method::CONTAINERS_SAVE => container::save(tools, node, next()).await,
        method::CONTAINERS_EVENT => container::event(tools, node, next()).await,
        method::CONTAINERS_CLEANUP => match is_own(node, next()) {
            Ok(()) => container::cleanup(tools, node, next()).await,
            Err(_) => Ok(Value::Nil),
        },
        method::CONTAINERS_HEALTH => container::health(tools, node, next()).await,
        method::CONTAINERS_LOG_BATCH => container::logged(tools, node, next()).await,
        method::CONTAINERS_STAT => container::measured(tools, node, next()),
        _ => Err(RpcError::not_implemented()),
    }
}

/// Only the second and third segment count: "/nodes/update/x" is "/nodes/update".
pub(super) fn short(called: &str) -> String {
    let mut segments = called.split('/').skip(1);
    format!("/{}/{}", segments.next().unwrap_or_default(), segments.next().unwrap_or_default())
}

/// A node speaks for itself only; any other id is answered as if that node did not exist.
fn is_own(node: &Admitted, given: &Value) -> Result<(), String> {
    let given = given.as_str().unwrap_or_default();
    if given == node.engine_id.as_str() { Ok(()) } else { Err(given.to_owned()) }
}

fn missing_host_node(given: String) -> RpcError {
    RpcError::runtime(format!("Missing HostNode: {given}"))
}

fn node_not_found(_: String) -> RpcError {
    RpcError::runtime("Node not found")
}

fn failed(error: &StoreError) -> RpcError {
    let code = if error.is_unavailable() {
        AWAY
    } else {
        log::error!("cannot answer an agent: {error}");
        500
    };
    RpcError::new(code, format!("RuntimeError: {error}"))
}

/// Reads a parameter.
fn read<T: serde::de::DeserializeOwned>(body: &Value) -> Result<T, RpcError> {
    json::decode(body).map_err(|error| RpcError::new(500, format!("ArgumentError: {error}")))
}

/// A success without value.
fn done() -> Value {
    Value::Map(vec![])
}
