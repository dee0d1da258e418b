//! Deploys driven through the real core, with agents that do at once what they are told.

use std::collections::{BTreeMap, BTreeSet};

use kontena_core::{
    Moment, Snapshot,
    domain::{
        Change, Deploy, DeployId, DeployState, DesiredState, Event, Instance, NodeId, ObservedState,
    },
    grace::Graces,
    rollout::{self, Order},
};

use super::picture::the_service;

/// More steps than any deploy of a case takes; one that takes more does not end.
const MOST_STEPS: usize = 100_000;

/// What became of a deploy.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The deploy as it ended.
    pub(super) deploy: Deploy,
    /// Numbers that were removed.
    pub(super) removed: BTreeSet<u32>,
    /// Severity and sentence.
    pub(super) events: Vec<(i16, String)>,
    /// Most instances in flight at one time.
    pub(super) most_in_flight: usize,
}

impl Outcome {
    /// Number to node name, for every instance that was taken up.
    pub(super) fn placement(&self) -> BTreeMap<String, String> {
        let instances = self.deploy.instances.iter();
        instances
            .map(|instance| (instance.number.to_string(), instance.node_name.clone()))
            .collect()
    }
}

/// A deploy under way.
struct Course<'a> {
    snapshot: &'a mut Snapshot,
    fail_nodes: &'a [NodeId],
    outcome: Outcome,
    told: Vec<Order>,
    moment: Moment,
}

/// Drives a deploy to its end. `patient`: agents answer one at a time, and only when nothing else can
/// happen, so that as many instances are in flight as there may be.
pub(super) fn run(
    snapshot: &mut Snapshot,
    deploy: DeployId,
    fail_nodes: &[NodeId],
    patient: bool,
    moment: Moment,
) -> Result<Outcome, String> {
    let known = snapshot.deploy(deploy).cloned();
    let mut course = Course {
        snapshot,
        fail_nodes,
        outcome: Outcome {
            deploy: known.ok_or("there is no such deploy")?,
            removed: BTreeSet::new(),
            events: Vec::new(),
            most_in_flight: 0,
        },
        told: Vec::new(),
        moment,
    };
    for _ in 0..MOST_STEPS {
        let progressed = course.step(deploy);
        if course.outcome.deploy.is_finished() {
            return Ok(course.outcome);
        }
        let answered = !(progressed && patient) && course.answer(patient);
        if !progressed && !answered {
            return Err(format!("the deploy stands still: {:?}", course.outcome.deploy));
        }
    }
    Err("the deploy does not end".into())
}

impl Course<'_> {
    fn step(&mut self, deploy: DeployId) -> bool {
        let graces = Graces::default();
        let step = rollout::step(self.snapshot, deploy, &graces, &mut self.moment);
        for change in &step.changes {
            self.take(change);
        }
        self.told.extend(step.orders);
        let instances = self.outcome.deploy.instances.iter();
        let in_flight = instances.filter(|instance| !instance.state.is_final());
        self.outcome.most_in_flight = self.outcome.most_in_flight.max(in_flight.count());
        !step.changes.is_empty()
    }

    fn take(&mut self, change: &Change) {
        self.snapshot.apply(change);
        self.outcome.deploy.apply(change);
        match change {
            Change::InstanceRemoved { number, .. } => {
                self.outcome.removed.insert(*number);
            }
            Change::EventLogged(event) => self.outcome.events.push(entry(event)),
            _ => {}
        }
    }

    /// Lets agents report; one of them where they are patient.
    fn answer(&mut self, patient: bool) -> bool {
        let count = if patient { 1 } else { self.told.len() };
        let orders: Vec<_> = self.told.drain(..count.min(self.told.len())).collect();
        for order in &orders {
            if let Order::RefreshVolumes { node, deploy, number } = *order {
                let moment = &mut self.moment;
                let step = rollout::volumes_refreshed(self.snapshot, deploy, number, node, moment);
                step.changes.iter().for_each(|change| self.take(change));
                self.told.extend(step.orders);
            }
            if let Order::TellNode { node, number, .. } = order
                && let Some(row) = self.snapshot.instance(the_service(), *number).cloned()
                && row.node == Some(*node)
            {
                self.report(&row, *node);
            }
        }
        !orders.is_empty()
    }

    fn report(&mut self, row: &Instance, node: NodeId) {
        let fails = row.desired_state == DesiredState::Running && self.fail_nodes.contains(&node);
        let state = match row.desired_state {
            DesiredState::Running if fails => ObservedState::Missing,
            DesiredState::Running => ObservedState::Running,
            DesiredState::Stopped | DesiredState::Initialized => ObservedState::Stopped,
        };
        self.snapshot.apply(&Change::InstanceReported {
            service: row.service,
            number: row.number,
            node,
            rev: row.deploy_rev.clone(),
            state,
            error: fails.then(|| "the engine refused".into()),
            at: self.moment.now,
        });
    }
}

fn entry(event: &Event) -> (i16, String) {
    (event.severity as i16, event.message.clone())
}

/// The word of a state in vectors.
pub(super) fn word(state: DeployState) -> &'static str {
    state.as_str()
}
