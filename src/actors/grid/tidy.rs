//! What goes by itself after its time: ephemeral nodes that stay away, and records of containers that
//! were not reported again. `core::cleanup` says which.

use std::{collections::BTreeMap, time::Duration};

use actix::prelude::*;
use kontena_core::{
    Snapshot, cleanup,
    domain::{Change, Event, GridId, Node, NodeId, Severity, Time},
};
use kontena_store::{Result, Tx, containers, nodes, snapshots};

use super::GridActor;
use crate::actors::Rules;

/// An ephemeral node goes at most so long after its time.
const PERIOD: Duration = Duration::from_secs(30);
/// Records that are purged in one go; the rest follow at once.
const MOST: usize = 1000;

impl GridActor {
    /// Tidies up for as long as the actor lives.
    pub(super) fn tidy_regularly(&mut self, ctx: &mut Context<Self>) {
        ctx.run_interval(PERIOD, Self::tidy);
    }

    fn tidy(&mut self, ctx: &mut Context<Self>) {
        if self.draining {
            return;
        }
        let (tools, grid) = (self.tools().clone(), self.grid);
        let work = async move {
            let candidates = move |conn: &mut _| {
                Ok(containers::any_deleted(conn, grid)? || nodes::any_ephemeral(conn, grid)?)
            };
            if !tools.store.read(candidates).await? {
                return Ok(false);
            }
            let (rules, clock) = (tools.rules.clone(), tools.clock.clone());
            tools.store.write(move |tx| tidy(tx, grid, &rules, clock.now())).await
        };
        ctx.spawn(work.into_actor(self).map(|more: Result<bool>, actor, ctx| match more {
            Ok(true) => {
                ctx.run_later(Duration::from_millis(100), Self::tidy);
            }
            Ok(false) => {}
            Err(error) => log::error!("grid {}: cannot tidy up: {error}", actor.grid),
        }));
    }
}

/// Removes what is due; says whether there is more than was removed.
fn tidy(tx: &mut Tx<'_>, grid: GridId, rules: &Rules, now: Time) -> Result<bool> {
    let all = nodes::of_grid(tx.conn(), grid)?;
    remove_expired(tx, grid, &all, rules, now)?;
    let by_id: BTreeMap<NodeId, &Node> = all.iter().map(|node| (node.id, node)).collect();
    let deleted = containers::deleted(tx.conn(), grid)?;
    let mut due = deleted
        .iter()
        .filter(|container| {
            let node = by_id.get(&container.node).copied();
            cleanup::is_purgeable(container, node, &rules.graces, now)
        })
        .map(|container| container.id);
    for container in due.by_ref().take(MOST) {
        // Gone with its node just now, perhaps.
        match tx.apply(grid, Change::ContainerRemoved(container)) {
            Ok(()) | Err(kontena_store::StoreError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(due.next().is_some())
}

fn remove_expired(
    tx: &mut Tx<'_>,
    grid: GridId,
    all: &[Node],
    rules: &Rules,
    now: Time,
) -> Result<()> {
    let is_candidate = |node: &&Node| !node.connected && node.is_ephemeral();
    if !all.iter().any(|node| is_candidate(&node)) {
        return Ok(());
    }
    let Some(contents) = snapshots::load(tx.conn(), grid)? else {
        return Ok(());
    };
    let snapshot = Snapshot::new(contents, rules.limits.listening_since);
    for node in all.iter().filter(is_candidate) {
        let services = containers::services_on(tx.conn(), node.id)?.into_iter();
        let holds_state = cleanup::holds_state(&snapshot, node.id, services);
        let initial_size = snapshot.grid.initial_size;
        if cleanup::is_expired(node, initial_size, holds_state, &rules.limits, now) {
            tx.apply(grid, Change::NodeRemoved(node.id))?;
            tx.apply(grid, Change::EventLogged(Box::new(farewell(node, rules, now))))?;
            log::info!("grid {grid}: ephemeral node {} was offline for long: removed", node.name);
        }
    }
    Ok(())
}

fn farewell(node: &Node, rules: &Rules, now: Time) -> Event {
    let hours = rules.limits.ephemeral.as_seconds_f64() / 3600.0;
    Event {
        grid: node.grid,
        at: now,
        severity: Severity::Info,
        kind: "node:remove".to_owned(),
        message: format!(
            "node {} was removed: it is ephemeral and was offline for more than {hours} h",
            node.name
        ),
        service: None,
        node: None,
        instance_number: None,
    }
}
