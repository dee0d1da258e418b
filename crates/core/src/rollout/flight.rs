//! Instances in flight: what their nodes have reported, and what follows (`scheduling.md` 5.5).

use super::{VOLUMES_TIMEOUT, begin, volumes, work::Work};
use crate::{
    domain::{
        Change, DesiredState, Instance, InstanceDeploy, Node, NodeId, ObservedState, Phase,
        ServiceState, Time,
    },
    grace,
};

const HOST_MISSING: &str = "GridServiceInstanceDeployer::NodeError: Host node is missing";
const NOT_WANTED: &str =
    "GridServiceInstanceDeployer::StateError: Service instance is not running, but stopped";
const REDEPLOYED: &str =
    "GridServiceInstanceDeployer::StateError: Service instance was re-deployed";

/// How an instance stands that is waited for.
enum Standing {
    /// As it shall be.
    Done,
    /// It will not be; without the class of the error.
    Failed(String),
    /// Not known before this time.
    Open(Time),
}

/// Looks at each instance in flight once.
pub(super) fn advance(work: &mut Work<'_>, rev: &str) {
    for known in work.in_flight.clone() {
        match known.phase {
            Phase::Preparing => match preparing(work, &known) {
                Ok(until) => work.wake_by(until),
                Err(text) => work.fail_instance(known, text),
            },
            Phase::Stopping => match stopping(work, &known, rev) {
                Standing::Open(until) => work.wake_by(until),
                Standing::Done => go_on(work, &known, rev, None),
                Standing::Failed(text) => go_on(work, &known, rev, Some(&text)),
            },
            Phase::Starting => match starting(work, &known, rev) {
                Standing::Open(until) => work.wake_by(until),
                Standing::Done => work.end_instance(known),
                Standing::Failed(text) => work.fail_instance(known, &text),
            },
        }
    }
}

/// The node that an instance in flight waits for.
pub(super) fn waits_for(work: &Work<'_>, known: &InstanceDeploy) -> Option<NodeId> {
    match known.phase {
        Phase::Stopping => row(work, known)?.node,
        Phase::Preparing | Phase::Starting => known.node,
    }
}

fn row<'a>(work: &Work<'a>, known: &InstanceDeploy) -> Option<&'a Instance> {
    work.snapshot.instance(work.service.id, known.number)
}

/// Until when the node's answer is waited for; it comes within the limit of a call.
fn preparing(work: &Work<'_>, known: &InstanceDeploy) -> Result<Time, &'static str> {
    target(work, known)?;
    let limit = work.phase_limit(known);
    if limit > work.now { Ok(limit) } else { Err(VOLUMES_TIMEOUT) }
}

/// The node has heard of the volumes: the instance goes there, unless that is not wanted any more.
pub(super) fn prepared(work: &mut Work<'_>, known: &InstanceDeploy, rev: &str) {
    match target(work, known) {
        Ok(target) => volumes::prepare(work, known.number, target, rev),
        Err(text) => work.fail_instance(known.clone(), text),
    }
}

/// Where an instance shall go that is still wanted.
fn target<'a>(work: &Work<'a>, known: &InstanceDeploy) -> Result<&'a Node, &'static str> {
    let target = known.node.and_then(|node| work.snapshot.node(node)).ok_or(HOST_MISSING)?;
    if work.service.state == ServiceState::Running { Ok(target) } else { Err(NOT_WANTED) }
}

fn stopping(work: &Work<'_>, known: &InstanceDeploy, rev: &str) -> Standing {
    let old = row(work, known).and_then(|row| Some((row, work.snapshot.node(row.node?)?)));
    let Some((row, old)) = old else {
        // Its node was removed meanwhile: there is nothing left to stop.
        return Standing::Done;
    };
    if row.rev.as_deref().is_some_and(|reported| reported >= rev) {
        return match (&row.error, row.state) {
            (Some(error), _) => Standing::Failed(error.clone()),
            (None, ObservedState::Stopped | ObservedState::Missing) => Standing::Done,
            (None, state) => {
                Standing::Failed(format!("Service instance is not stopped, but {}", state.as_str()))
            }
        };
    }
    // A master's restart is no reason to think that the node is gone.
    let patience = grace::is_awaited(work.snapshot, old);
    match until(work, known, old, patience) {
        Err(Lost::Offline) => Standing::Failed("Host node is offline".into()),
        Err(Lost::Late) => Standing::Failed(late(work, known, old, "stopped", rev)),
        Ok(until) => Standing::Open(until),
    }
}

fn starting(work: &Work<'_>, known: &InstanceDeploy, rev: &str) -> Standing {
    let target = known.node.and_then(|node| work.snapshot.node(node));
    let row = row(work, known).filter(|row| row.node.is_some() && row.node == known.node);
    let (Some(target), Some(row)) = (target, row) else {
        return Standing::Failed(HOST_MISSING.into());
    };
    if row.deploy_rev.as_deref().is_some_and(|wanted| wanted > rev) {
        return Standing::Failed(REDEPLOYED.into());
    }
    if let Some(reported) = row.rev.as_deref().filter(|reported| *reported >= rev) {
        return judge(row, reported, rev);
    }
    match until(work, known, target, true) {
        Err(Lost::Offline) => Standing::Failed(super::HOST_OFFLINE.into()),
        Err(Lost::Late) => {
            let text = late(work, known, target, "running", rev);
            Standing::Failed(format!("Timeout::Error: {text}"))
        }
        Ok(until) => Standing::Open(until),
    }
}

fn judge(row: &Instance, reported: &str, rev: &str) -> Standing {
    match (&row.error, row.state) {
        (Some(error), _) => {
            Standing::Failed(format!("GridServiceInstanceDeployer::ServiceError: {error}"))
        }
        (None, _) if reported > rev => Standing::Failed(REDEPLOYED.into()),
        (None, ObservedState::Running) => Standing::Done,
        (None, state) => Standing::Failed(format!(
            "GridServiceInstanceDeployer::StateError: Service instance is not running, but {}",
            state.as_str()
        )),
    }
}

/// Why nothing can be expected of a node any more.
enum Lost {
    Offline,
    Late,
}

/// Until when a report of the node is waited for. With patience, a node that has dropped its connection
/// may come back within its grace.
fn until(
    work: &Work<'_>,
    known: &InstanceDeploy,
    node: &Node,
    patience: bool,
) -> Result<Time, Lost> {
    let limit = work.phase_limit(known);
    if limit <= work.now {
        return Err(Lost::Late);
    }
    if node.connected {
        return Ok(limit);
    }
    let strategy = work.service.spec.strategy;
    let deadline = grace::deadline(work.snapshot, node, strategy, work.graces);
    deadline
        .filter(|deadline| patience && *deadline > work.now)
        .map(|deadline| deadline.min(limit))
        .ok_or(Lost::Offline)
}

fn late(work: &Work<'_>, known: &InstanceDeploy, node: &Node, state: &str, rev: &str) -> String {
    format!(
        "Timeout after waiting 300.0s until: service {}-{} is {state} on node {}/{} at {rev}",
        work.path, known.number, work.snapshot.grid.name, node.name
    )
}

/// The instance has stopped on its old node, or cannot be stopped there: it goes on to its target.
pub(super) fn go_on(work: &mut Work<'_>, known: &InstanceDeploy, rev: &str, failed: Option<&str>) {
    let snapshot = work.snapshot;
    let old = row(work, known).and_then(|row| snapshot.node(row.node?));
    if let (Some(old), Some(text)) = (old, failed) {
        begin::not_stopped(work, known.number, old, text);
    }
    let error = match known.node.and_then(|node| snapshot.node(node)) {
        None => HOST_MISSING,
        Some(target) if !target.connected => super::HOST_OFFLINE,
        Some(_) if work.service.state != ServiceState::Running => NOT_WANTED,
        Some(target) => {
            begin::start_on(work, known.number, target, rev);
            if let Some(old) = old {
                work.refresh(old.id);
            }
            return;
        }
    };
    work.fail_instance(known.clone(), error);
    if let Some(old) = old {
        run_on(work, known.number, old);
    }
}

/// The move has failed: what was stopped for it runs on where it was.
fn run_on(work: &mut Work<'_>, number: u32, old: &Node) {
    if work.service.state != ServiceState::Running {
        return;
    }
    work.change(Change::InstanceDesired {
        service: work.service.id,
        number,
        desired_state: DesiredState::Running,
        at: work.now,
    });
    work.refresh(old.id);
}
