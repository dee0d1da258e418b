//! A node's calls about its containers. They name no node but in `save` and `cleanup`; a node is heard
//! about its own containers only, and about one that it takes over by saving it.

use std::collections::BTreeSet;

use kontena_core::{
    containers::{MOST_OF_NODE, saved},
    domain::{Change, ContainerHealth, ContainerRecord},
};
use kontena_protocol::agent::{ContainerCheck, ContainerEvent, ContainerSave, RpcError, json};
use kontena_store::{Result, Tx, containers, services};
use rmpv::Value;

use super::{Admitted, Answer, done, failed, read};
use crate::{actors::Tools, telemetry::metrics, wire};

/// Most containers one call may name.
const MOST_NAMED: usize = 10_000;

pub(super) async fn save(tools: &Tools, node: &Admitted, body: &Value) -> Answer {
    let body: ContainerSave = read(body)?;
    if body.node != node.engine_id.as_str() {
        return Err(RpcError::runtime("Node not found"));
    }
    let described = wire::read_container(&body.container)?;
    let (grid, id, clock) = (node.grid, node.node, tools.clock.clone());
    let written = tools.store.write(move |tx| {
        let known = containers::by_container_id(tx.conn(), grid, &described.container_id)?;
        if known.is_none() && containers::count_on(tx.conn(), id)? >= MOST_OF_NODE {
            return Ok(Err(too_many()));
        }
        let mut record = saved(known.clone(), described.clone(), grid, id, &mut clock.moment());
        forget_secrets(tx, &mut record)?;
        if known.is_none_or(|known| !is_the_same(&known, &record)) {
            tx.apply(grid, Change::ContainerSaved(Box::new(record)))?;
        }
        Ok(Ok(done()))
    });
    written.await.unwrap_or_else(|error| Err(failed(&error)))
}

/// What is secret to a service is not kept with its containers.
fn forget_secrets(tx: &mut Tx<'_>, record: &mut ContainerRecord) -> Result<()> {
    let Some(id) = record.service else { return Ok(()) };
    let found = services::by_id(tx.conn(), id)?;
    let Some(service) = found.filter(|service| service.grid == record.grid) else {
        return Ok(());
    };
    // A container may be older than its service's last change.
    let revision = record.details.service_revision.as_deref().and_then(|text| text.parse().ok());
    let deployed = match revision {
        Some(revision) if revision != service.revision => {
            services::spec_at(tx.conn(), id, revision)?
        }
        _ => None,
    };
    let specs = deployed.iter().chain([&*service.spec]);
    let names: BTreeSet<&str> =
        specs.flat_map(|spec| &spec.secrets).map(|secret| secret.name.as_str()).collect();
    if !names.is_empty() {
        let name_of = |entry: &str| entry.split('=').next().unwrap_or_default().to_owned();
        record.details.env.retain(|entry| !names.contains(name_of(entry).as_str()));
    }
    Ok(())
}

fn too_many() -> RpcError {
    RpcError::new(413, format!("the node has {MOST_OF_NODE} containers, more are not kept"))
}

/// Agents save all they have whenever they connect: what is known already need not be written.
fn is_the_same(known: &ContainerRecord, saved: &ContainerRecord) -> bool {
    let known = ContainerRecord { updated_at: saved.updated_at, ..known.clone() };
    known == *saved
}

/// Only the end of a container matters here; its other states are saved.
pub(super) async fn event(tools: &Tools, node: &Admitted, body: &Value) -> Answer {
    let event: ContainerEvent = read(body)?;
    if event.status == "destroy" {
        forget(tools, node, vec![event.id]).await?;
    }
    Ok(done())
}

pub(super) async fn cleanup(tools: &Tools, node: &Admitted, ids: &Value) -> Answer {
    let ids = json::lossy(ids);
    let ids = ids.as_array().into_iter().flatten().filter_map(|id| id.as_str());
    let ids = ids.take(MOST_NAMED).map(str::to_owned).collect();
    forget(tools, node, ids).await.map(Value::from)
}

/// Removes the records of containers; returns how many there were.
async fn forget(
    tools: &Tools,
    node: &Admitted,
    ids: Vec<String>,
) -> std::result::Result<u64, RpcError> {
    let node = node.clone();
    let written = tools.store.write(move |tx| {
        let mut count = 0;
        for id in &ids {
            if let Some(known) = own(tx, &node, id)? {
                tx.apply(node.grid, Change::ContainerRemoved(known.id))?;
                count += 1;
            }
        }
        Ok(count)
    });
    written.await.map_err(|error| failed(&error))
}

pub(super) async fn health(tools: &Tools, node: &Admitted, body: &Value) -> Answer {
    let check: ContainerCheck = read(body)?;
    let health = ContainerHealth { healthy: check.status == "healthy", at: tools.clock.now() };
    let (node, named) = (node.clone(), check.id.clone());
    let written = tools.store.write(move |tx| {
        let Some(known) = own(tx, &node, &named)? else {
            return Ok(false);
        };
        let health = health.clone();
        tx.apply(node.grid, Change::ContainerChecked { container: known.id, health })?;
        Ok(true)
    });
    if !written.await.map_err(|error| failed(&error))? {
        log::warn!("health status update failed, could not find container for id: {}", check.id);
    }
    Ok(done())
}

/// A container's figures. What has none, and what is too much of one node, is dropped: the next one says
/// more.
pub(super) fn measured(tools: &Tools, node: &Admitted, stat: &Value) -> Answer {
    let noted = wire::read_container_stat(&json::lossy(stat), tools.clock.now())
        .is_some_and(|(id, figures)| tools.usage.note(node.grid, node.node, id, figures));
    if !noted {
        tools.metrics.count(metrics::DROPPED, "kind=\"container_stats\"".to_owned());
    }
    Ok(Value::Nil)
}

/// Lines that containers wrote; those of containers that this node is not known to have are ignored.
pub(super) async fn logged(tools: &Tools, node: &Admitted, items: &Value) -> Answer {
    let (said, surplus) = wire::read_log_batch(&json::lossy(items), tools.clock.now());
    if surplus > 0 {
        let surplus = u64::try_from(surplus).unwrap_or(u64::MAX);
        tools.metrics.add(metrics::DROPPED, "kind=\"logs\"".to_owned(), surplus);
    }
    let kept = match said.is_empty() {
        true => 0,
        false => {
            let kept = tools.store.log(node.grid, node.node, said).await;
            kept.map_err(|error| failed(&error))?
        }
    };
    Ok(Value::Map(vec![("count".into(), kept.into())]))
}

fn own(tx: &mut Tx<'_>, node: &Admitted, id: &str) -> Result<Option<ContainerRecord>> {
    let known = containers::by_container_id(tx.conn(), node.grid, id)?;
    Ok(known.filter(|known| known.node == node.node))
}
