//! What holds in every picture of a grid, whatever has happened: asserted by tests, properties and
//! simulations alike.
//!
//! | name | holds |
//! | --- | --- |
//! | I1 | numbers of instances begin at 1, and every instance has its service |
//! | I2 | an instance's node exists |
//! | I3 | at most one deploy of a service is under way |
//! | I4 | a deploy takes up the numbers up to its total in ascending order, each once |
//! | I5 | no more instances of a deploy are in flight than `min_health` and the cap allow |
//! | I6 | while a deploy is under way, no instance has a later revision than it |
//! | I7 | no stateful instance is destroyed because a node is away ([`lost_state`]) |

use std::collections::BTreeSet;

use crate::{
    domain::{Change, Deploy, Service, Strategy},
    rollout::most_in_flight,
    snapshot::Snapshot,
};

/// The invariants that do not hold, each in a sentence that begins with its name.
#[must_use]
pub fn violations(snapshot: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for node in snapshot.nodes() {
        for row in snapshot.instances_on(node.id) {
            if snapshot.service(row.service).is_none() {
                found.push(format!("I1: instance {} on {} has no service", row.number, node.name));
            }
        }
    }
    for service in snapshot.services() {
        let path = snapshot.path(service);
        for row in snapshot.instances(service.id) {
            if row.number == 0 {
                found.push(format!("I1: {path} has an instance 0"));
            }
            if row.node.is_some_and(|node| snapshot.node(node).is_none()) {
                found.push(format!("I2: {path}-{} is on a node that is gone", row.number));
            }
        }
        let deploys = snapshot.deploys_of(service.id);
        let under_way: Vec<_> = deploys.into_iter().filter(|deploy| !deploy.is_pending()).collect();
        if under_way.len() > 1 {
            found.push(format!("I3: {} deploys of {path} are under way", under_way.len()));
        }
        for deploy in under_way {
            found.extend(deploy_violations(snapshot, service, deploy));
        }
    }
    found
}

fn deploy_violations(snapshot: &Snapshot, service: &Service, deploy: &Deploy) -> Vec<String> {
    let mut found = Vec::new();
    let path = snapshot.path(service);
    let total = deploy.total.unwrap_or(0);
    let numbers = deploy.instances.iter().map(|instance| instance.number);
    if !numbers.clone().eq(1..=total.min(u32::try_from(numbers.len()).unwrap_or(0))) {
        found.push(format!(
            "I4: a deploy of {path} takes up {:?} of {total}",
            numbers.collect::<Vec<_>>()
        ));
    }
    let in_flight = deploy.instances.iter();
    let in_flight = in_flight.filter(|instance| !instance.state.is_final()).count();
    let most = most_in_flight(total, service.spec.deploy_opts.min_health);
    if u32::try_from(in_flight).is_ok_and(|in_flight| in_flight > most) {
        found.push(format!("I5: {in_flight} instances of {path} are in flight, not {most}"));
    }
    for row in snapshot.instances(service.id) {
        if row.deploy_rev > deploy.deploy_rev {
            found.push(format!("I6: {path}-{} is later than the deploy", row.number));
        }
    }
    found
}

/// I7: whether a change, made in this picture, destroys a stateful instance without one of the reasons
/// that count: fewer instances wanted, fewer nodes that may hold one, or no node.
#[must_use]
pub fn lost_state(snapshot: &Snapshot, change: &Change) -> Option<String> {
    let Change::InstanceRemoved { service, number } = change else {
        return None;
    };
    let service = snapshot.service(*service)?;
    let row = snapshot.instance(service.id, *number)?;
    if !service.spec.stateful || row.node.is_none() {
        return None;
    }
    let wanted = usize::try_from(service.instances).unwrap_or(0);
    let most = match service.spec.strategy {
        Strategy::Ha | Strategy::Random => wanted,
        // Every node that holds an instance and is away counts, so the total is never below this.
        Strategy::Daemon => {
            let nodes: BTreeSet<_> = snapshot
                .instances(service.id)
                .filter_map(|row| snapshot.node(row.node?))
                .filter(|node| !node.connected)
                .map(|node| node.id)
                .collect();
            wanted.saturating_mul(nodes.len())
        }
    };
    let any_connected = snapshot.any_connected();
    let justified = usize::try_from(*number).is_ok_and(|number| number > most) && any_connected;
    (!justified).then(|| {
        let path = snapshot.path(service);
        format!("I7: the state of {path}-{number} is lost")
    })
}
