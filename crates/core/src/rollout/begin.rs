//! Taking up the next instances of a deploy (`scheduling.md` 5.3 step 4, 5.5 steps 1 to 4).

use super::{halt::Halt, volumes, work::Work};
use crate::{
    domain::{
        Change, DeployOrigin, DeployState, DesiredState, Instance, InstanceDeploy, InstanceId,
        Node, NodeId, ObservedState, Phase, Severity,
    },
    explain::pinned,
    placement::{Failure, Run},
};

/// Takes up numbers in ascending order while there is room; says what stopped it.
pub(super) fn place_more(work: &mut Work<'_>, rev: &str) -> Option<Halt> {
    let mut run = Run::connected(work.snapshot, work.service);
    for known in &work.deploy.instances {
        if let Some(node) = known.node {
            run.note(known.number, node);
        }
    }
    // Where an instance is on its way to, another one must not go (8.2 #11).
    for known in &work.in_flight {
        if let Some(node) = known.node {
            run.place(known.number, node);
        }
    }
    while work.has_room() && !work.failed {
        let number = work.next;
        match run.select(number, work.moment) {
            Ok(node) => {
                take_up(work, number, node, rev);
                run.place(number, node);
            }
            Err(Failure::Unplaceable(text)) => {
                let refusals = Some(run.explain(number).sentence()).filter(|text| !text.is_empty());
                let words = refusals.into_iter();
                let words = words.chain(pinned(work.snapshot, work.service, number));
                let words: Vec<_> = words.collect();
                let explanation = (!words.is_empty()).then(|| words.join("; "));
                return Some(Halt::NoNode { number, text, explanation });
            }
            Err(Failure::Fatal(text)) => return Some(Halt::Fatal(text)),
        }
    }
    None
}

/// Does what has to be done first for an instance that is to be on a node.
fn take_up(work: &mut Work<'_>, number: u32, target: NodeId, rev: &str) {
    let snapshot = work.snapshot;
    let Some(target) = snapshot.node(target) else {
        return;
    };
    let row = snapshot.instance(work.service.id, number);
    let row = row.filter(|row| row.node == Some(target.id));
    if row.is_some_and(|row| is_right(work, row, target)) {
        keep(work, number, target);
    } else {
        volumes::prepare(work, number, target, rev);
    }
}

/// Lets an instance go to its target, where its volumes are.
pub(super) fn bring(work: &mut Work<'_>, number: u32, target: &Node, rev: &str) {
    let Some(row) = work.snapshot.instance(work.service.id, number) else {
        create(work, number);
        start_on(work, number, target, rev);
        return;
    };
    match row.node {
        Some(node) if node == target.id => start_on(work, number, target, rev),
        Some(node) => leave(work, number, node, target, rev),
        None => {
            let message =
                format!("Replacing orphaned service {}-{number} on destroyed node", work.path);
            work.log_about(Severity::Warn, message, Some(target.id), Some(number));
            start_on(work, number, target, rev);
        }
    }
}

fn create(work: &mut Work<'_>, number: u32) {
    let id = InstanceId::from_bytes(work.moment.id());
    let instance = Instance::new(id, work.service, number, None, work.now);
    work.change(Change::InstanceCreated(Box::new(instance)));
}

/// Whether a deploy that nobody asked for may leave the instance alone (README, "moving instances").
fn is_right(work: &Work<'_>, row: &Instance, target: &Node) -> bool {
    work.deploy.origin == DeployOrigin::Scheduler
        && target.connected
        && row.desired_state == DesiredState::Running
        && row.state == ObservedState::Running
        && row.rev.is_some()
        && row.rev == row.deploy_rev
        && row.error.is_none()
        && row.service_revision == Some(work.service.revision)
}

fn keep(work: &mut Work<'_>, number: u32, target: &Node) {
    work.end_instance(InstanceDeploy {
        number,
        node: Some(target.id),
        node_name: target.name.clone(),
        state: DeployState::Ongoing,
        error: None,
        phase: Phase::Starting,
        phase_at: work.now,
    });
}

/// Stops the instance on its old node first; an old node that cannot hear it does not hold up the move.
fn leave(work: &mut Work<'_>, number: u32, old: NodeId, target: &Node, rev: &str) {
    let Some(old) = work.snapshot.node(old) else {
        start_on(work, number, target, rev);
        return;
    };
    // The word is doubled in the contract.
    let message = format!(
        "Stopping existing service service {}-{number} on previous node {}...",
        work.path, old.name
    );
    work.log_about(Severity::Info, message, Some(old.id), Some(number));
    if old.connected {
        set(work, number, old.id, DesiredState::Stopped, rev);
        work.put_in_flight(number, target, Phase::Stopping);
        work.wake_by(work.now + super::INSTANCE_LIMIT);
        work.tell(old.id, number);
    } else {
        not_stopped(work, number, old, "Host node is offline");
        start_on(work, number, target, rev);
    }
}

/// Tells an operator that the instance may still run on its old node.
pub(super) fn not_stopped(work: &mut Work<'_>, number: u32, old: &Node, text: &str) {
    let message = format!(
        "Failed to stop existing service {}-{number} on previous node {}: {text}",
        work.path, old.name
    );
    work.log_about(Severity::Warn, message, Some(old.id), Some(number));
}

/// The instance shall run on the target from now on.
pub(super) fn start_on(work: &mut Work<'_>, number: u32, target: &Node, rev: &str) {
    set(work, number, target.id, DesiredState::Running, rev);
    work.put_in_flight(number, target, Phase::Starting);
    work.wake_by(work.now + super::INSTANCE_LIMIT);
    work.tell(target.id, number);
}

fn set(work: &mut Work<'_>, number: u32, node: NodeId, desired_state: DesiredState, rev: &str) {
    work.change(Change::InstancePlaced {
        service: work.service.id,
        number,
        node,
        desired_state,
        deploy_rev: rev.to_owned(),
        service_revision: work.service.revision,
        at: work.now,
    });
}
