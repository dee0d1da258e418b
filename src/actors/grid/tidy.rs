//! What goes by itself after its time: ephemeral nodes that stay away, and records of containers that
//! were not reported again. `core::cleanup` says which.
//!
//! What may go is looked for by reading, since there is nearly always nothing; the writer, for whom
//! everybody waits, looks again at only that, and removes what is still due.

use std::{collections::BTreeSet, time::Duration};

use actix::prelude::*;
use kontena_core::{
    cleanup,
    domain::{Change, Event, Grid, GridId, Node, NodeId, Severity, Time},
};
use kontena_store::{Conn, Result, StoreError, Tx, containers, grids, instances, nodes, services};

use super::GridActor;
use crate::actors::{Rules, Tools};

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
            let (rules, now) = (present(&tools), tools.clock.now());
            let due = tools.store.read(move |conn| Due::find(conn, grid, &rules, now)).await?;
            if due.is_nothing() {
                return Ok(false);
            }
            let (rules, clock) = (present(&tools), tools.clock.clone());
            tools.store.write(move |tx| due.remove(tx, grid, &rules, clock.now())).await
        };
        ctx.spawn(work.into_actor(self).map(|more: Result<bool>, actor, ctx| match more {
            Ok(true) => {
                ctx.run_later(Duration::from_millis(100), Self::tidy);
            }
            Ok(false) => {}
            Err(error) if error.is_fenced() => {}
            Err(error) => log::error!("grid {}: cannot tidy up: {error}", actor.grid),
        }));
    }
}

/// The rules, with the absences of this master up to now.
fn present(tools: &Tools) -> Rules {
    let mut rules = (*tools.rules).clone();
    rules.limits.absences = tools.attendance.absences();
    rules
}

/// What was found to be due.
#[derive(Default)]
struct Due {
    /// Nodes that have been away for too long.
    expired: Vec<NodeId>,
    /// Nodes with records that are of no use any more.
    purgeable: Vec<NodeId>,
}

impl Due {
    fn find(conn: &mut Conn, grid: GridId, rules: &Rules, now: Time) -> Result<Self> {
        let Some(grid) = grids::by_id(conn, grid)? else {
            return Ok(Self::default());
        };
        let mut due = Self::default();
        for node in nodes::maybe_ephemeral(conn, grid.id)? {
            if is_expired(conn, &grid, &node, rules, now)? {
                due.expired.push(node.id);
            }
        }
        for (id, first) in containers::first_deleted(conn, grid.id)? {
            let node = nodes::by_id(conn, id)?;
            if cleanup::is_purgeable(first, node.as_ref(), &rules.graces, now) {
                due.purgeable.push(id);
            }
        }
        Ok(due)
    }

    fn is_nothing(&self) -> bool {
        self.expired.is_empty() && self.purgeable.is_empty()
    }

    /// Removes what is still due; says whether there is more than was removed.
    fn remove(&self, tx: &mut Tx<'_>, grid: GridId, rules: &Rules, now: Time) -> Result<bool> {
        let Some(grid) = grids::by_id(tx.conn(), grid)? else {
            return Ok(false);
        };
        for node in &self.expired {
            remove_node(tx, &grid, *node, rules, now)?;
        }
        let mut left = MOST;
        for node in &self.purgeable {
            left = left.saturating_sub(purge(tx, grid.id, *node, left, rules, now)?);
        }
        Ok(left == 0)
    }
}

/// Asks whether the node holds state only where nothing else keeps it.
fn is_expired(conn: &mut Conn, grid: &Grid, node: &Node, rules: &Rules, now: Time) -> Result<bool> {
    let expired =
        |holds_state| cleanup::is_expired(node, grid.initial_size, holds_state, &rules.limits, now);
    Ok(expired(false) && expired(holds_state(conn, grid.id, node.id)?))
}

fn holds_state(conn: &mut Conn, grid: GridId, node: NodeId) -> Result<bool> {
    let mut ids: BTreeSet<_> = instances::services_on(conn, node)?.into_iter().collect();
    ids.extend(containers::services_on(conn, node)?);
    let mut on_node = Vec::new();
    for id in ids {
        // Labels of containers may name a service that is gone, or one of another grid.
        on_node.extend(services::by_id(conn, id)?.filter(|service| service.grid == grid));
    }
    Ok(cleanup::holds_state(&on_node))
}

fn remove_node(tx: &mut Tx<'_>, grid: &Grid, node: NodeId, rules: &Rules, now: Time) -> Result<()> {
    let Some(node) = nodes::by_id(tx.conn(), node)? else {
        return Ok(());
    };
    // It may be back, or have been, since it was looked for.
    if is_expired(tx.conn(), grid, &node, rules, now)? {
        tx.apply(grid.id, Change::NodeRemoved(node.id))?;
        tx.apply(grid.id, Change::EventLogged(Box::new(farewell(&node, rules, now))))?;
        log::info!("grid {}: ephemeral node {} was offline for long: removed", grid.id, node.name);
    }
    Ok(())
}

/// Removes records of a node, at most so many; says how many.
fn purge(
    tx: &mut Tx<'_>,
    grid: GridId,
    id: NodeId,
    most: usize,
    rules: &Rules,
    now: Time,
) -> Result<usize> {
    let node = nodes::by_id(tx.conn(), id)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut purged = 0;
    for (container, deleted_at) in containers::deleted_on(tx.conn(), id, most)? {
        if !cleanup::is_purgeable(deleted_at, node.as_ref(), &rules.graces, now) {
            continue;
        }
        match tx.apply(grid, Change::ContainerRemoved(container)) {
            Ok(()) => purged += 1,
            Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(purged)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::TimeDelta;
    use kontena_core::{
        Moment,
        containers::saved,
        domain::{Cidr, ContainerDetails, ContainerReport, StackId},
        grace::Graces,
        keepalive, login, presence,
    };
    use kontena_store::{DatabaseUrl, Options, Store};

    use super::*;

    fn at(hours: i64) -> Time {
        Time::default() + TimeDelta::hours(hours)
    }

    fn rules() -> Arc<Rules> {
        let second = Duration::from_secs(1);
        let span = TimeDelta::seconds(1);
        let version = "1.5.4".to_owned();
        Arc::new(Rules {
            login: login::Rules { version, websocket_timeout: span, clock_skew: span },
            keepalive: keepalive::Settings { interval: second, timeout: second },
            graces: Graces::default(),
            limits: cleanup::Limits {
                stale: span,
                ephemeral: TimeDelta::hours(6),
                listening_since: at(0),
                absences: Arc::default(),
            },
            max_agents: 0,
        })
    }

    /// A grid with an ephemeral node that has been offline since hour 1, and has a container.
    fn past() -> (Grid, Node, Vec<Change>) {
        let (grid, id) = (GridId::from_bytes([1; 12]), NodeId::from_bytes([2; 12]));
        let mut node = Node::new(id, grid, 2, "node-2".to_owned(), at(0));
        node.labels = vec!["ephemeral".to_owned()];
        let grid = Grid {
            id: grid,
            name: "test".to_owned(),
            initial_size: 1,
            default_affinity: vec![],
            subnet: Cidr::DEFAULT_SUBNET,
            supernet: Cidr::DEFAULT_SUPERNET,
            trusted_subnets: vec![],
            statsd: None,
            logs: None,
            created_at: at(0),
        };
        let report = ContainerReport {
            container_id: "c1".to_owned(),
            engine_name: "c1".to_owned(),
            details: ContainerDetails::default(),
        };
        let container = saved(None, report, grid.id, id, &mut Moment::new(at(0), 1));
        let changes = vec![
            Change::GridCreated(Box::new(grid.clone())),
            Change::NodeCreated(Box::new(node.clone())),
            presence::plug(id, at(0), at(0)),
            Change::ContainerSaved(Box::new(container)),
            Change::NodeUnplugged {
                node: id,
                connected_at: at(0),
                at: at(1),
                close_code: 1006,
                close_reason: String::new(),
            },
        ];
        (grid, node, changes)
    }

    /// What was found by reading may have come back before the writer's turn.
    #[tokio::test]
    async fn what_is_no_longer_due_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("k.db").to_string_lossy().into_owned();
        let store = Store::open(&DatabaseUrl::Sqlite(path), Options::default()).expect("opens");
        let (grid, node, changes) = past();
        let (id, made, stack) = (grid.id, grid.clone(), StackId::from_bytes([3; 12]));
        let written = store.write(move |tx| {
            for change in &changes {
                tx.apply(id, change.clone())?;
                if matches!(change, Change::GridCreated(_)) {
                    grids::furnish(tx.conn(), &made, stack, "hash", "sealed")?;
                }
            }
            Ok(())
        });
        written.await.expect("written");
        let find = async |now| {
            let rules = rules();
            store.read(move |conn| Due::find(conn, id, &rules, now)).await.expect("reads")
        };
        assert!(find(at(1)).await.is_nothing(), "not yet");
        let due = find(at(8)).await;
        assert_eq!((&due.expired, &due.purgeable), (&vec![node.id], &vec![node.id]));

        store.change(id, presence::plug(node.id, at(8), at(8))).await.expect("is back");
        let (rules, node) = (rules(), node.id);
        let more = store.write(move |tx| due.remove(tx, id, &rules, at(8)));
        assert!(!more.await.expect("works"));
        let left = store.read(move |conn| {
            Ok((nodes::by_id(conn, node)?.is_some(), containers::count_on(conn, node)?))
        });
        assert_eq!(left.await.expect("reads"), (true, 1));
    }
}
