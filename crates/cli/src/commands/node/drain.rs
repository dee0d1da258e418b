//! `kontena node drain`.
//!
//! ```text
//! PUT availability -> services -> instances of each -> those on the node: wait until no stateless one is left
//! ```

use serde_json::Value;

use super::{update, wait};
use crate::api::{Client, Instance, Node, Service, Services, path, path_of};
use crate::args::node::NodeDrain;
use crate::commands::{document, text};
use crate::failure::{Failure, Kind};
use crate::output::Ink;
use crate::session::Session;

/// Keeps services off nodes, and waits where asked to.
pub(super) fn run(session: &Session<'_>, args: &NodeDrain) -> Result<(), Failure> {
    update::set_availability(session, &args.nodes, "drain")?;
    if args.wait {
        args.nodes.iter().try_for_each(|node| wait_for(session, args, node))?;
    }
    Ok(())
}

fn wait_for(session: &Session<'_>, args: &NodeDrain, node: &str) -> Result<(), Failure> {
    let (client, console) = (session.client()?, session.console);
    // The node may have been named by its engine's id; instances know it by name.
    let view: Node = client.get(&super::node_path(session, node)?)?;
    let name = view.name.as_deref().unwrap_or(node);
    let services_path = path(&["grids", session.grid()?, "services"]);
    let answer: Services = client.get(&services_path)?;
    let services: Vec<Service> = document::views(&answer.services, &services_path)?;
    let (stateful, mut stateless): (Vec<Service>, Vec<Service>) =
        services.into_iter().partition(|service| service.stateful.unwrap_or(false));
    let mut stopping = Vec::new();
    for service in &stateful {
        stopping.extend(instances_on(client, service, name)?);
    }
    if !stopping.is_empty() {
        let list = stopping.join(", ");
        console.warn(format!("Stateful instances of node {node} stop and do not move: {list}"));
    }
    let shown = console.paint(Ink::Cyan, node);
    let message = format!("Waiting for stateless instances to leave node {shown} ");
    console.step(message, |progress| {
        let mut left = Vec::new();
        let done = wait::until(args.timeout, || {
            left.clear();
            // A service that has left does not come back to a node that is being drained.
            let mut staying = Vec::new();
            for service in stateless.drain(..) {
                let here = instances_on(client, &service, name)?;
                if !here.is_empty() {
                    left.extend(here);
                    staying.push(service);
                }
            }
            stateless = staying;
            progress.detail(format!("{} left", left.len()));
            Ok(left.is_empty())
        })?;
        done.ok_or_else(|| {
            let list = left.join(", ");
            let text =
                format!("Timed out waiting for node {node} to be drained, still there: {list}");
            Failure::known(Kind::Timeout, text)
        })
    })
}

/// Names the instances of a service on a node; a service that is gone has none.
fn instances_on(client: &Client, service: &Service, node: &str) -> Result<Vec<String>, Failure> {
    let id = text(&service.id);
    let path = format!("{}/instances", path_of("services", id));
    let answer: Value = match client.get(&path) {
        Ok(answer) => answer,
        Err(failure) if failure.status() == Some(404) => return Ok(Vec::new()),
        Err(failure) => return Err(failure),
    };
    let instances: Vec<Instance> = document::views(document::items(&answer, "instances"), &path)?;
    let is_here = |instance: &&Instance| {
        instance.node.as_ref().and_then(|node| node.name.as_deref()) == Some(node)
    };
    let named = |instance: &Instance| format!("{id}-{}", instance.instance_number.unwrap_or(0));
    Ok(instances.iter().filter(is_here).map(named).collect())
}
