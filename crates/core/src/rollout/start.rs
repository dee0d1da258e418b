//! Starting a pending deploy (`scheduling.md` 5.2, and 5.3 steps 1 to 3).

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::{
    halt::{self, Halt},
    work::Work,
};
use crate::{
    domain::{Change, DeployState, Node, ServiceState, Severity, Strategy, Time},
    grace,
    placement::{Failure, Run},
};

/// How a deploy revision reads: of fixed width, so that text order is time order, and after anything
/// that Kontena 1.5 wrote in the same second.
const REV_FORMAT: &str = "%Y-%m-%d %H:%M:%S%.6f UTC";

/// Starts the deploy, or refuses it, or waits for its turn.
pub(super) fn start(work: &mut Work<'_>) {
    if !is_next(work) {
        return;
    }
    if work.service.state != ServiceState::Running {
        refuse(work);
        return;
    }
    if let Some((reason, until)) = awaited(work) {
        work.wait(reason, until);
        return;
    }
    if !work.snapshot.any_connected() {
        // Destroys nothing (8.2 #4), and does not count as the service's deploy: what was to be
        // deployed is deployed once there are nodes.
        begin(work, existing(work));
        let text = "There are no nodes available".to_owned();
        halt::finish(work, &Halt::NoNode { number: 1, text, explanation: None });
        return;
    }
    match Run::connected(work.snapshot, work.service).total() {
        Ok(total) => {
            begin(work, total);
            count_as_deployed(work);
            remove_above(work, total);
        }
        Err(Failure::Fatal(text) | Failure::Unplaceable(text)) => {
            begin(work, 0);
            count_as_deployed(work);
            halt::finish(work, &Halt::Fatal(text));
        }
    }
}

/// One deploy of a service at a time, oldest first.
fn is_next(work: &Work<'_>) -> bool {
    let unfinished = work.snapshot.deploys_of(work.service.id);
    let none_started = unfinished.iter().all(|deploy| deploy.is_pending());
    let first = unfinished.first().map(|deploy| deploy.id);
    none_started && first == Some(work.deploy.id)
}

fn refuse(work: &mut Work<'_>) {
    let reason = "service is not running";
    let message = format!("deploy of {} refused: {reason}", work.path);
    work.log(Severity::Warn, message);
    work.change(Change::DeployFinished {
        deploy: work.deploy.id,
        state: DeployState::Error,
        reason: Some(reason.into()),
        explanation: None,
        at: work.now,
    });
}

/// A node that holds an instance and has not come back since the master started: nothing is placed
/// elsewhere before its grace is over, so that no instance moves because of a restart. As long as nobody
/// has come back, any node is waited for.
pub(super) fn awaited(work: &Work<'_>) -> Option<(String, Time)> {
    let (snapshot, strategy) = (work.snapshot, work.service.spec.strategy);
    let deadline = |node: &Node| {
        let awaited = grace::is_awaited(snapshot, node);
        let deadline = grace::deadline(snapshot, node, strategy, work.graces)?;
        (awaited && deadline > work.now).then(|| (deadline, node.name.clone()))
    };
    let holders = snapshot.instances(work.service.id).filter_map(|row| snapshot.node(row.node?));
    let first = holders.filter_map(deadline).min();
    let nobody = || !snapshot.any_connected();
    let any = || snapshot.nodes().filter_map(deadline).min();
    let (until, name) = first.or_else(|| nobody().then(any).flatten())?;
    let time = until.format("%Y-%m-%d %H:%M:%S UTC");
    let reason = format!(
        "waiting until {time} for node {name} to come back after the restart of the master"
    );
    Some((reason, until))
}

fn begin(work: &mut Work<'_>, total: u32) {
    let deploy_rev = next_rev(work);
    work.change(Change::DeployStarted { deploy: work.deploy.id, deploy_rev, total, at: work.now });
    work.log(Severity::Info, format!("service {} deploy started", work.path));
}

fn count_as_deployed(work: &mut Work<'_>) {
    // Every change of the service up to here is part of this deploy, even if the clock was set back.
    let at = work.now.max(work.service.updated_at);
    work.change(Change::ServiceDeployed { service: work.service.id, at });
}

/// How many instances there are to be, where no node can be asked.
fn existing(work: &Work<'_>) -> u32 {
    let wanted = u32::try_from(work.service.instances.max(0)).unwrap_or(u32::MAX);
    let rows = work.snapshot.instances(work.service.id).count();
    match work.service.spec.strategy {
        Strategy::Daemon => u32::try_from(rows).unwrap_or(u32::MAX),
        Strategy::Ha | Strategy::Random => wanted,
    }
}

/// Instances above the total go; their nodes are told at once (8.2 #21).
fn remove_above(work: &mut Work<'_>, total: u32) {
    let rows = work.snapshot.instances(work.service.id);
    let surplus: Vec<_> = rows.filter(|row| row.number > total).collect();
    let mut nodes = BTreeSet::new();
    for row in surplus {
        nodes.extend(row.node);
        work.change(Change::InstanceRemoved { service: work.service.id, number: row.number });
    }
    for node in nodes {
        work.refresh(node);
    }
}

/// The text of now, or of the moment after the latest revision of any instance where that is later.
fn next_rev(work: &Work<'_>) -> String {
    let rows = work.snapshot.instances(work.service.id);
    let revs = rows.flat_map(|row| [row.deploy_rev.as_deref(), row.rev.as_deref()]);
    let latest = revs.flatten().max().unwrap_or_default();
    let text = work.now.format(REV_FORMAT).to_string();
    if text.as_str() > latest {
        return text;
    }
    after(latest).unwrap_or(text)
}

/// The revision one microsecond after another one.
fn after(rev: &str) -> Option<String> {
    let time = chrono::NaiveDateTime::parse_from_str(rev, "%Y-%m-%d %H:%M:%S%.f UTC").ok()?;
    let next = time.checked_add_signed(TimeDelta::microseconds(1))?;
    Some(next.format(REV_FORMAT).to_string())
}
