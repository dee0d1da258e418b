//! One step of one deploy in the making.

use std::collections::BTreeSet;

use super::{DEPLOY_LIMIT, INSTANCE_LIMIT, Order, Step, limits};
use crate::{
    domain::{
        Change, Deploy, DeployId, DeployState, Event, InstanceDeploy, Node, NodeId, Phase, Service,
        Severity, Time,
    },
    grace::Graces,
    moment::Moment,
    snapshot::Snapshot,
};

/// The picture, the deploy, and what the step has decided so far.
pub(super) struct Work<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) service: &'a Service,
    pub(super) deploy: &'a Deploy,
    pub(super) graces: &'a Graces,
    pub(super) moment: &'a mut Moment,
    pub(super) now: Time,
    /// `grid/stack/service`.
    pub(super) path: String,
    /// Instances that have been taken up and have not ended, by number.
    pub(super) in_flight: Vec<InstanceDeploy>,
    /// Whether any instance has ended in error.
    pub(super) failed: bool,
    /// The number to be taken up next.
    pub(super) next: u32,
    /// The volumes this step makes: where, and by what names.
    pub(super) volumes_made: BTreeSet<(NodeId, String)>,
    pub(super) step: Step,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        deploy: DeployId,
        graces: &'a Graces,
        moment: &'a mut Moment,
    ) -> Option<Self> {
        let deploy = snapshot.deploy(deploy)?;
        let service = snapshot.service(deploy.service)?;
        let taken_up = deploy.instances.iter();
        let unfinished = taken_up.clone().filter(|known| !known.state.is_final());
        let mut in_flight: Vec<_> = unfinished.cloned().collect();
        in_flight.sort_by_key(|known| known.number);
        let last = taken_up.clone().map(|known| known.number).max();
        Some(Self {
            snapshot,
            service,
            deploy,
            graces,
            now: moment.now,
            moment,
            path: snapshot.path(service),
            in_flight,
            failed: taken_up.clone().any(|known| known.state == DeployState::Error),
            next: last.unwrap_or(0).saturating_add(1),
            volumes_made: BTreeSet::new(),
            step: Step::default(),
        })
    }

    /// The deploy's revision; none before it has started.
    pub(super) fn rev(&self) -> Option<String> {
        self.deploy.deploy_rev.clone()
    }

    /// Whether a number is left to be taken up.
    pub(super) fn has_next(&self) -> bool {
        self.next <= self.deploy.total.unwrap_or(0)
    }

    /// Whether a number is left and may be taken up now.
    pub(super) fn has_room(&self) -> bool {
        let total = self.deploy.total.unwrap_or(0);
        let limit = limits::most_in_flight(total, self.service.spec.deploy_opts.min_health);
        let in_flight = u32::try_from(self.in_flight.len()).unwrap_or(u32::MAX);
        self.has_next() && in_flight < limit
    }

    /// When the deploy has had its time.
    pub(super) fn overdue_at(&self) -> Time {
        let limit = limits::overdue_at(self.snapshot, self.deploy);
        limit.unwrap_or(self.now + DEPLOY_LIMIT)
    }

    /// When a phase has had its time. Time during which no master listened does not count.
    pub(super) fn phase_limit(&self, known: &InstanceDeploy) -> Time {
        let counted_from = known.phase_at.max(self.snapshot.listening_since);
        counted_from + INSTANCE_LIMIT + self.snapshot.absences.since(counted_from)
    }

    pub(super) fn change(&mut self, change: Change) {
        self.step.changes.push(change);
    }

    pub(super) fn wake_by(&mut self, at: Time) {
        let known = self.step.wake_at;
        self.step.wake_at = Some(known.map_or(at, |known| known.min(at)));
    }

    pub(super) fn tell(&mut self, node: NodeId, number: u32) {
        let deploy = self.deploy.id;
        self.step.orders.push(Order::TellNode { node, deploy, number });
    }

    pub(super) fn refresh_volumes(&mut self, node: NodeId, number: u32) {
        let deploy = self.deploy.id;
        self.step.orders.push(Order::RefreshVolumes { node, deploy, number });
    }

    /// Lets a node know, where it can hear it.
    pub(super) fn refresh(&mut self, node: NodeId) {
        let order = Order::RefreshNode { node };
        let hears = self.snapshot.node(node).is_some_and(|node| node.connected);
        if hears && !self.step.orders.contains(&order) {
            self.step.orders.push(order);
        }
    }

    /// Says what the deploy waits for, once.
    pub(super) fn wait(&mut self, reason: String, until: Time) {
        if self.deploy.reason.is_none() {
            self.waiting(Some(reason));
        }
        self.wake_by(until);
    }

    /// Says that the deploy waits no longer, where it did.
    pub(super) fn wait_no_longer(&mut self) {
        if self.deploy.reason.is_some() {
            self.waiting(None);
        }
    }

    fn waiting(&mut self, reason: Option<String>) {
        self.change(Change::DeployWaiting { deploy: self.deploy.id, reason, at: self.now });
    }

    pub(super) fn log(&mut self, severity: Severity, message: String) {
        self.log_about(severity, message, None, None);
    }

    pub(super) fn log_about(
        &mut self,
        severity: Severity,
        message: String,
        node: Option<NodeId>,
        instance_number: Option<u32>,
    ) {
        self.change(Change::EventLogged(Box::new(Event {
            grid: self.service.grid,
            at: self.now,
            severity,
            kind: "service:deploy".into(),
            message,
            service: Some(self.service.id),
            node,
            instance_number,
        })));
    }

    /// Takes up an instance, or moves it on to its next phase.
    pub(super) fn put_in_flight(&mut self, number: u32, node: &Node, phase: Phase) {
        self.progress(InstanceDeploy {
            number,
            node: Some(node.id),
            node_name: node.name.clone(),
            state: DeployState::Ongoing,
            error: None,
            phase,
            phase_at: self.now,
        });
    }

    /// An instance has ended well, or has been right all along.
    pub(super) fn end_instance(&mut self, known: InstanceDeploy) {
        self.progress(InstanceDeploy { state: DeployState::Success, ..known });
    }

    /// An instance has ended in error.
    pub(super) fn fail_instance(&mut self, known: InstanceDeploy, error: &str) {
        let message = format!(
            "Failed to deploy service instance {}-{} to node {}: {error}",
            self.path, known.number, known.node_name
        );
        self.log_about(Severity::Error, message, known.node, Some(known.number));
        self.failed = true;
        self.progress(InstanceDeploy {
            state: DeployState::Error,
            error: Some(error.to_owned()),
            ..known
        });
    }

    fn progress(&mut self, instance: InstanceDeploy) {
        self.in_flight.retain(|known| known.number != instance.number);
        if !instance.state.is_final() {
            self.in_flight.push(instance.clone());
        }
        self.next = self.next.max(instance.number.saturating_add(1));
        self.change(Change::DeployProgressed { deploy: self.deploy.id, instance });
    }
}
