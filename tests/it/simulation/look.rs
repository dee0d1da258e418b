//! What a look at the machines may find: S2 and S9. And how what is left of a killed master is put to rest.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kontena_core::{
    Snapshot,
    domain::{Change, DesiredState, Time},
};
use kontena_store::Store;

use super::{
    machine::Machine,
    world::{Master, World},
};

/// How long an agent that is well may take to be connected: the longest pause between two attempts, and one
/// that was lost in a cable that was cut.
const CONNECTS_WITHIN: TimeDelta = TimeDelta::seconds(120);
/// How long the silence of a machine may stay unnoticed: a keepalive interval, its time-out, and a second.
const MISSED_WITHIN: TimeDelta = TimeDelta::seconds(36);
/// How long a container may run that no row names, on a machine that is well and connected: until the next
/// poll of the agent, and what it is busy with then.
const SURPLUS_RUNS: TimeDelta = TimeDelta::seconds(45);
const SURPLUS_RUNS_SLOWLY: TimeDelta = TimeDelta::seconds(120);

/// Looks at every machine; the words go to the watch.
pub fn at_machines(world: &mut World, now: Time) {
    let mut wrong = Vec::new();
    let master_for = match world.master {
        Master::Runs(_) => now - world.master_since,
        Master::Away(_) | Master::Changing => {
            world.machines.iter_mut().for_each(|machine| machine.surplus.clear());
            return;
        }
    };
    for at in 0..world.machines.len() {
        let machine = &world.machines[at];
        wrong.extend(connection(world, machine, master_for, now));
        let found = surplus(world, machine, now);
        let limit = if machine.slow { SURPLUS_RUNS_SLOWLY } else { SURPLUS_RUNS };
        let late = found.iter().filter(|(_, since)| now - **since > limit);
        wrong.extend(late.map(|(name, since)| {
            format!("S2: {name} runs on {} since {since} and no row says so", machine.name)
        }));
        world.machines[at].surplus = found;
    }
    world.watch.wrong.extend(wrong);
}

/// S9.
fn connection(
    world: &World,
    machine: &Machine,
    master_for: TimeDelta,
    now: Time,
) -> Option<String> {
    let node = world.node_of(machine);
    let connected = node.is_some_and(|node| node.connected);
    let name = &machine.name;
    if machine.is_well_for(CONNECTS_WITHIN, now) && master_for >= CONNECTS_WITHIN && !connected {
        return Some(format!("S9: {name} is well and not connected: {node:?}"));
    }
    if machine.is_away_for(MISSED_WITHIN, now) && master_for >= MISSED_WITHIN && connected {
        return Some(format!("S9: {name} is away and still connected: {node:?}"));
    }
    None
}

/// Running containers that should not, with the moment from which on that holds.
fn surplus(world: &World, machine: &Machine, now: Time) -> BTreeMap<String, Time> {
    let node = world.node_of(machine).filter(|node| node.connected && machine.is_whole());
    let Some(node) = node else { return BTreeMap::new() };
    let named: Vec<(String, u32)> = world
        .watch
        .picture
        .instances_on(node.id)
        .filter(|row| row.desired_state == DesiredState::Running)
        .map(|row| (row.service.to_string(), row.number))
        .collect();
    let mut found = BTreeMap::new();
    for container in machine.running() {
        let Some(pod) = container.pod() else { continue };
        let is_named = named.iter().any(|(service, number)| {
            *service == pod.service_id && i64::from(*number) == i64::from(pod.instance_number)
        });
        if !is_named {
            let since = machine.surplus.get(&container.name).copied().unwrap_or(now);
            found.insert(container.name, since);
        }
    }
    found
}

/// Ends the actors of a master whose database nobody will look at any more: they would go on in this
/// process for ever.
pub async fn put_to_rest(store: &Store, picture: &Snapshot) {
    let mut changes: Vec<Change> =
        picture.services().map(|service| Change::ServiceRemoved(service.id)).collect();
    changes.extend(picture.nodes().map(|node| Change::NodeRemoved(node.id)));
    let grid = picture.grid.id;
    changes.push(Change::GridRemoved(grid));
    store.write(move |tx| tx.apply_all(grid, changes.clone())).await.expect("writes");
}
