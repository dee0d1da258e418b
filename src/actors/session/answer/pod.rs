//! A node's calls about the instances it runs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use kontena_core::domain::{Change, Grid, Instance, Service, ServiceId, ServiceSpec};
use kontena_protocol::agent::{PodRef, RegistryCredentials, RpcError, json};
use kontena_store::{
    Conn, Result, StoreError, grids, hooks, instances, nodes, registries, secrets, services,
};
use rmpv::Value;

use super::{Admitted, Answer, done, failed, read};
use crate::{
    actors::Tools,
    vault::Vault,
    wire::{self, Confidential, PodSource},
};

/// What shall run on the node. The list is authoritative: what is not in it is destroyed with its data,
/// so anything short of the whole truth must be an error.
pub(super) async fn list(tools: &Tools, node: &Admitted) -> Answer {
    let (id, grid, vault) = (node.node, node.grid, tools.vault.clone());
    let read = tools.store.read(move |conn| {
        let Some(grid) = grids::by_id(conn, grid)? else {
            return Ok(None);
        };
        let mut done_hooks: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for (service, number, hook) in hooks::marks_on(conn, id)? {
            done_hooks.entry((service, number)).or_default().insert(hook);
        }
        let listed = instances::on_node(conn, id)?;
        let services = services::on_node(conn, id)?.into_iter();
        let services: BTreeMap<_, _> = services.map(|service| (service.id, service)).collect();
        let specs = services::specs_on_node(conn, id)?.into_iter();
        let specs: BTreeMap<_, _> = specs.map(|(key, spec)| (key, Arc::new(spec))).collect();
        let mut sources = Vec::new();
        for instance in listed {
            // One that is gone meanwhile takes its instances along.
            let Some(service) = services.get(&instance.service).cloned() else {
                continue;
            };
            let spec = instance.service_revision;
            let spec = spec.and_then(|revision| specs.get(&(service.id, revision)).cloned());
            let done_hooks = done_hooks.remove(&(service.id, instance.number)).unwrap_or_default();
            sources.push(PodSource { instance, spec, service, done_hooks });
        }
        // Last, so that a node that was removed meanwhile is an error and not an empty list.
        let node = nodes::by_id(conn, id)?;
        let confidential = confidential(conn, &vault, &grid, &sources)?;
        Ok(node.map(|node| (grid, node, sources, confidential)))
    });
    let found = read.await.map_err(|error| failed(&error))?;
    let found = found.ok_or_else(|| RpcError::runtime("Node not found"))?;
    let (grid, node, sources, confidential) = found;
    let pod = |source: &PodSource| json::encode(&wire::pod(&grid, &node, source, &confidential));
    let pods: Vec<Value> = sources.iter().map(pod).collect();
    Ok(Value::Map(vec![(Value::from("service_pods"), Value::Array(pods))]))
}

/// Opens what the instances need. What cannot be opened is an error: a container without its secret is not
/// what was asked for.
fn confidential(
    conn: &mut Conn,
    vault: &Vault,
    grid: &Grid,
    sources: &[PodSource],
) -> Result<Confidential> {
    let open = |table, sealed: &str| {
        let opened = vault.open(sealed);
        opened.map_err(|error| StoreError::Corrupt { table, what: error.to_string() })
    };
    let specs = || sources.iter().map(PodSource::spec);
    let wanted = specs().flat_map(|spec| &spec.secrets).map(|used| used.secret.as_str()).collect();
    let mut confidential = Confidential::default();
    for (name, sealed) in secrets::sealed(conn, grid.id, &wanted)? {
        confidential.secrets.insert(name, open("secrets", &sealed)?);
    }
    let images: BTreeSet<&str> = specs().map(|spec| wire::registry_of(&spec.image)).collect();
    if images.is_empty() {
        return Ok(confidential);
    }
    for registry in registries::of_grid(conn, grid.id)? {
        if !images.contains(registry.name.as_str()) {
            continue;
        }
        let credentials = RegistryCredentials {
            username: registry.username,
            password: open("registries", &registry.password_sealed)?,
            email: registry.email,
        };
        confidential.registries.insert(registry.name, credentials);
    }
    Ok(confidential)
}

/// The specification that an instance was deployed with.
fn deployed_spec(
    conn: &mut Conn,
    instance: &Instance,
    service: &Service,
) -> Result<Option<ServiceSpec>> {
    let revision = instance.service_revision.unwrap_or(service.revision);
    services::spec_at(conn, service.id, revision)
}

pub(super) async fn set_state(tools: &Tools, node: &Admitted, state: &Value) -> Answer {
    let state = wire::read_pod_state(state)?;
    let reported = Change::InstanceReported {
        service: state.service,
        number: state.number,
        node: node.node,
        rev: state.rev,
        state: state.state,
        error: state.error,
        at: tools.clock.now(),
    };
    match tools.store.change(node.grid, reported).await {
        Ok(()) => Ok(done()),
        Err(StoreError::Conflict(_)) => Err(instance_not_found()),
        Err(error) => Err(failed(&error)),
    }
}

fn instance_not_found() -> RpcError {
    RpcError::runtime("Instance not found")
}

/// What came of a mark.
enum Marked {
    Done,
    NoInstance,
    NoHook,
}

/// A hook that runs once is about to run: it is not listed for the instance again. Only a hook that the
/// service has, and that runs once, can be marked.
pub(super) async fn mark_oneshot_hook(
    tools: &Tools,
    node: &Admitted,
    pod: &Value,
    hook: &Value,
) -> Answer {
    let pod: PodRef = read(pod)?;
    let service: ServiceId = pod.service_id.parse().map_err(|_| instance_not_found())?;
    let number = pod.instance_number;
    let named = json::lossy(hook);
    let hook_id = named.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
    let id = node.node;
    let written = tools.store.write(move |tx| {
        let found = instances::by_number(tx.conn(), service, number)?;
        let Some(instance) = found.filter(|instance| instance.node == Some(id)) else {
            return Ok(Marked::NoInstance);
        };
        let Some(record) = services::by_id(tx.conn(), service)? else {
            return Ok(Marked::NoInstance);
        };
        let spec = deployed_spec(tx.conn(), &instance, &record)?;
        let listed = spec.as_ref().unwrap_or(&record.spec);
        let mut known = listed.hooks.iter().chain(&record.spec.hooks);
        if !known.any(|known| known.oneshot && known.id == hook_id) {
            return Ok(Marked::NoHook);
        }
        hooks::mark(tx.conn(), service, number, &hook_id)?;
        Ok(Marked::Done)
    });
    match written.await {
        Ok(Marked::Done) => Ok(done()),
        Ok(Marked::NoInstance) => Err(instance_not_found()),
        Ok(Marked::NoHook) => Err(RpcError::runtime(format!("Hook not found: {named}"))),
        Err(error) => Err(failed(&error)),
    }
}

pub(super) async fn log_event(tools: &Tools, node: &Admitted, event: &Value) -> Answer {
    let event = wire::read_pod_event(event, node.grid, node.node, tools.clock.now())?;
    let grid = node.grid;
    let written = tools.store.write(move |tx| {
        let Some(service) = event.service else {
            return Ok(());
        };
        // Of a service that is gone, or of another grid: ignored, as in Kontena 1.5.
        let known = services::by_id(tx.conn(), service)?;
        if known.is_some_and(|known| known.grid == grid) {
            tx.apply(grid, Change::EventLogged(Box::new(event.clone())))?;
        }
        Ok(())
    });
    written.await.map(|()| Value::Nil).map_err(|error| failed(&error))
}
