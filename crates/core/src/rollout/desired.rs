//! What instances shall do where they are: start and stop of a service (`scheduling.md` 1.4), drain and
//! activation of a node (4.7). No deploy, and no new revision.

use std::collections::BTreeSet;

use crate::{
    domain::{Availability, Change, DesiredState, Instance, NodeId, ServiceId, ServiceState, Time},
    snapshot::Snapshot,
};

/// Every instance of a service shall run or stop; with the nodes to be told, by identity. The state of
/// the service itself is the caller's to change.
#[must_use]
pub fn desired_changes(
    snapshot: &Snapshot,
    service: ServiceId,
    desired_state: DesiredState,
    now: Time,
) -> (Vec<Change>, Vec<NodeId>) {
    let rows = snapshot.instances(service);
    let nodes: BTreeSet<_> = rows.filter_map(|row| row.node).collect();
    let changes = snapshot
        .instances(service)
        .filter(|row| row.desired_state != desired_state)
        .map(|row| wanted(row, desired_state, now));
    (changes.collect(), nodes.into_iter().collect())
}

/// The stateful instances of a node that is drained stop; those of a node that is activated start again
/// where their service shall run. With the nodes to be told. Nothing where the availability is the same.
#[must_use]
pub fn availability_changes(
    snapshot: &Snapshot,
    node: NodeId,
    availability: Availability,
    now: Time,
) -> (Vec<Change>, Vec<NodeId>) {
    let before = snapshot.node(node).map(|node| node.availability);
    if before.is_none_or(|before| before == availability) {
        return (Vec::new(), Vec::new());
    }
    let rows = snapshot.instances_on(node).filter_map(|row| {
        let service = snapshot.service(row.service)?;
        service.spec.stateful.then_some((row, service.state))
    });
    let changes: Vec<_> = rows
        .filter_map(|(row, state)| match availability {
            Availability::Drain if row.desired_state != DesiredState::Stopped => {
                Some(wanted(row, DesiredState::Stopped, now))
            }
            Availability::Active
                if state == ServiceState::Running && row.desired_state == DesiredState::Stopped =>
            {
                Some(wanted(row, DesiredState::Running, now))
            }
            Availability::Drain | Availability::Active => None,
        })
        .collect();
    let nodes = if changes.is_empty() { Vec::new() } else { vec![node] };
    (changes, nodes)
}

fn wanted(row: &Instance, desired_state: DesiredState, now: Time) -> Change {
    Change::InstanceDesired { service: row.service, number: row.number, desired_state, at: now }
}
