//! A grid that lives: time passes, agents do what they are told, services are judged and deployed.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;

use super::{at, mark_offline};
use crate::{
    Moment, Snapshot,
    domain::{
        Availability, Change, Deploy, DeployId, DeployOrigin, DeployState, DesiredState, Instance,
        NodeId, ObservedState, Service, ServiceId, ServiceState, Time,
    },
    grace::Graces,
    invariants,
    reconcile::{self, Attempts, Verdict},
    rollout::{self, Order},
};

/// Rounds in which a quiet grid must come to rest.
const MOST_ROUNDS: usize = 2_000;

/// A grid that lives.
pub(crate) struct World {
    pub(crate) snapshot: Snapshot,
    pub(crate) now: Time,
    pub(crate) graces: Graces,
    /// Nodes whose agents hear nothing, though they are connected.
    pub(crate) deaf: Vec<NodeId>,
    /// Nodes whose engines refuse to start anything.
    pub(crate) broken: Vec<NodeId>,
    /// Every change so far.
    pub(crate) log: Vec<Change>,
    /// Nodes told, in order.
    pub(crate) told: Vec<Order>,
    /// Nodes that have not answered yet that they heard of their volumes.
    unanswered: Vec<Order>,
    attempts: BTreeMap<ServiceId, Attempts>,
    seed: u64,
}

impl World {
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            now: at(1_000),
            graces: Graces::default(),
            deaf: Vec::new(),
            broken: Vec::new(),
            log: Vec::new(),
            told: Vec::new(),
            unanswered: Vec::new(),
            attempts: BTreeMap::new(),
            seed: 1,
        }
    }

    pub(crate) fn moment(&mut self) -> Moment {
        self.seed += 1;
        Moment::new(self.now, self.seed)
    }

    pub(crate) fn commit(&mut self, changes: Vec<Change>) {
        for change in changes {
            let lost = invariants::lost_state(&self.snapshot, &change);
            assert_eq!(lost, None);
            self.snapshot.apply(&change);
            for (service, attempts) in &mut self.attempts {
                attempts.seen(&self.snapshot, *service);
            }
            match &change {
                Change::DeployStarted { deploy, .. } => self.deploy_began(*deploy),
                Change::DeployFinished { deploy, state, .. } => self.deploy_ended(*deploy, *state),
                _ => {}
            }
            self.log.push(change);
        }
        assert_eq!(invariants::violations(&self.snapshot), Vec::<String>::new());
    }

    fn created(&self, deploy: DeployId) -> Option<(ServiceId, DeployOrigin)> {
        self.log.iter().rev().find_map(|change| match change {
            Change::DeployCreated(known) if known.id == deploy => {
                Some((known.service, known.origin))
            }
            _ => None,
        })
    }

    fn deploy_began(&mut self, deploy: DeployId) {
        if let Some((service, _)) = self.created(deploy) {
            self.attempts.entry(service).or_default().began(&self.snapshot, service);
        }
    }

    fn deploy_ended(&mut self, deploy: DeployId, state: DeployState) {
        if let Some((service, origin)) = self.created(deploy) {
            let attempts = self.attempts.entry(service).or_default();
            attempts.ended(&self.snapshot, service, (origin, state), self.now);
        }
    }

    /// Asks for a deploy as an administrator does.
    pub(crate) fn ask_for_deploy(&mut self, service: ServiceId) -> DeployId {
        let id = DeployId::from_bytes(self.moment().id());
        self.update(service, |service| service.state = ServiceState::Running);
        let deploy = Deploy::new(id, &self.service(service), DeployOrigin::User, self.now);
        self.commit(vec![Change::DeployCreated(Box::new(deploy))]);
        id
    }

    pub(crate) fn service(&self, id: ServiceId) -> Service {
        self.snapshot.service(id).expect("a service").clone()
    }

    /// Saves a service, as a scale or an update does.
    pub(crate) fn update(&mut self, id: ServiceId, edit: impl FnOnce(&mut Service)) {
        let mut service = self.service(id);
        let from = service.version();
        edit(&mut service);
        service.updated_at = self.now;
        self.commit(vec![Change::ServiceUpdated { service: Box::new(service), from }]);
    }

    /// Changes what the service is, which makes a new revision.
    pub(crate) fn change_image(&mut self, id: ServiceId, image: &str) {
        self.update(id, |service| {
            Arc::make_mut(&mut service.spec).image = image.into();
            service.revision += 1;
        });
    }

    /// Stops or starts a service.
    pub(crate) fn set_state(&mut self, id: ServiceId, state: ServiceState) {
        let mut service = self.service(id);
        let from = service.version();
        service.state = state;
        let desired = match state {
            ServiceState::Running => DesiredState::Running,
            ServiceState::Stopped | ServiceState::Initialized => DesiredState::Stopped,
        };
        let (mut changes, _) = rollout::desired_changes(&self.snapshot, id, desired, self.now);
        changes.push(Change::ServiceUpdated { service: Box::new(service), from });
        self.commit(changes);
    }

    pub(crate) fn disconnect(&mut self, node: NodeId) {
        let connected = |node| self.snapshot.node(node).is_some_and(|node| node.connected);
        if connected(node) {
            let connected_at = self.now;
            self.commit(vec![Change::NodeUnplugged {
                node,
                connected_at,
                at: self.now,
                close_code: 1006,
                close_reason: String::new(),
            }]);
        }
    }

    pub(crate) fn connect(&mut self, node: NodeId) {
        let Some(record) = self.snapshot.node(node).cloned() else {
            return;
        };
        self.commit(vec![
            Change::NodePlugged { node, connected_at: self.now, at: self.now },
            Change::NodeReported {
                node,
                report: Box::new(record.report),
                agent_version: None,
                labels: None,
                at: self.now,
            },
        ]);
    }

    pub(crate) fn edit_node(&mut self, node: NodeId, labels: &[&str], availability: Availability) {
        let (mut changes, _) =
            rollout::availability_changes(&self.snapshot, node, availability, self.now);
        changes.push(Change::NodeEdited {
            node,
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            availability,
            at: self.now,
        });
        self.commit(changes);
    }

    /// The master stops and another one starts: every node is marked offline.
    pub(crate) fn restart_master(&mut self, away: i64) {
        self.now += TimeDelta::seconds(away);
        self.snapshot.listening_since = self.now;
        let connected = self.snapshot.nodes().filter(|node| node.connected);
        for node in connected.map(|node| node.id).collect::<Vec<_>>() {
            mark_offline(&mut self.snapshot, node, self.now);
        }
        self.attempts.clear();
    }

    /// One step of each deploy. True where anything was decided.
    pub(crate) fn step(&mut self) -> bool {
        let deploys: Vec<_> = self.snapshot.deploys().map(|deploy| deploy.id).collect();
        let mut progressed = false;
        for deploy in deploys {
            let mut moment = self.moment();
            let step = rollout::step(&self.snapshot, deploy, &self.graces, &mut moment);
            progressed |= !step.changes.is_empty();
            self.commit(step.changes);
            self.take_orders(step.orders);
        }
        progressed
    }

    fn take_orders(&mut self, orders: Vec<Order>) {
        let asks = |order: &&Order| matches!(order, Order::RefreshVolumes { .. });
        self.unanswered.extend(orders.iter().filter(asks));
        self.told.extend(orders);
    }

    /// Agents answer that they have heard of their volumes; what nobody can hear is answered at once. True
    /// where any was waited for.
    pub(crate) fn hear_of_volumes(&mut self) -> bool {
        let mut progressed = false;
        for order in std::mem::take(&mut self.unanswered) {
            let Order::RefreshVolumes { node, deploy, number } = order else {
                continue;
            };
            if self.deaf.contains(&node) {
                self.unanswered.push(order);
                continue;
            }
            let mut moment = self.moment();
            let step =
                rollout::volumes_refreshed(&self.snapshot, deploy, number, node, &mut moment);
            progressed |= !step.changes.is_empty();
            self.commit(step.changes);
            self.take_orders(step.orders);
        }
        progressed
    }

    /// Judges each service and asks for deploys. True where one was asked for.
    pub(crate) fn judge(&mut self) -> bool {
        let services: Vec<_> = self.snapshot.services().map(|service| service.id).collect();
        let mut progressed = false;
        for service in services {
            let mut moment = self.moment();
            let judgement =
                reconcile::judge(&self.snapshot, service, self.now, &self.graces, &mut moment);
            let Verdict::Deploy(cause) = judgement.verdict else {
                continue;
            };
            let attempts = self.attempts.entry(service).or_default();
            if attempts.retry_at(&self.snapshot, service, self.now).is_none() {
                let changes =
                    reconcile::deploy_changes(&self.snapshot, service, cause, &mut moment);
                progressed |= !changes.is_empty();
                self.commit(changes);
            }
        }
        progressed
    }

    /// Agents look at their pods and report. True where one had something to do.
    pub(crate) fn agents(&mut self) -> bool {
        let nodes = self.snapshot.nodes().filter(|node| node.connected);
        let nodes: Vec<_> = nodes.map(|node| node.id).collect();
        let mut reports = Vec::new();
        for node in nodes.iter().filter(|node| !self.deaf.contains(node)) {
            for row in self.snapshot.instances_on(*node) {
                reports.extend(self.report(row, *node));
            }
        }
        let progressed = !reports.is_empty();
        self.commit(reports);
        progressed
    }

    fn report(&self, row: &Instance, node: NodeId) -> Option<Change> {
        let broken = self.broken.contains(&node);
        let (state, error) = match row.desired_state {
            DesiredState::Initialized => return None,
            DesiredState::Running if broken => (ObservedState::Missing, Some("broken".to_owned())),
            DesiredState::Running => (ObservedState::Running, None),
            DesiredState::Stopped => (ObservedState::Stopped, None),
        };
        let known = row.rev == row.deploy_rev && row.state == state && row.error == error;
        (!known).then(|| Change::InstanceReported {
            service: row.service,
            number: row.number,
            node,
            rev: row.deploy_rev.clone(),
            state,
            error,
            at: self.now,
        })
    }

    /// Lets everything happen that can happen without time passing.
    pub(crate) fn settle(&mut self) {
        for _ in 0..MOST_ROUNDS {
            let judged = self.judge();
            let stepped = self.step();
            let heard = self.hear_of_volumes();
            let reported = self.agents();
            if !(judged || stepped || heard || reported) {
                return;
            }
        }
        let tail: Vec<_> = self.log.iter().rev().take(12).collect();
        panic!("the grid does not come to rest: {tail:#?}");
    }

    /// Lets time pass, second by second at first and faster later on, with everything that happens.
    pub(crate) fn pass(&mut self, seconds: i64) {
        let end = self.now + TimeDelta::seconds(seconds);
        while self.now < end {
            let left = (end - self.now).num_seconds();
            self.now += TimeDelta::seconds(left.min(15));
            self.settle();
        }
    }

    /// Number to node name.
    pub(crate) fn placement(&self, service: ServiceId) -> Vec<(u32, String)> {
        let rows = self.snapshot.instances(service);
        rows.map(|row| {
            let node = row.node.and_then(|node| self.snapshot.node(node));
            let name = node.map_or_else(|| "-".into(), |node| node.name.clone());
            (row.number, name)
        })
        .collect()
    }

    /// Sentences of the event log from a place on.
    pub(crate) fn events(&self) -> Vec<String> {
        let events = self.log.iter().filter_map(|change| match change {
            Change::EventLogged(event) => Some(event.message.clone()),
            _ => None,
        });
        events.collect()
    }

    /// How deploys ended, with their reasons.
    pub(crate) fn endings(&self) -> Vec<(DeployState, Option<String>)> {
        let ends = self.log.iter().filter_map(|change| match change {
            Change::DeployFinished { state, reason, .. } => Some((*state, reason.clone())),
            _ => None,
        });
        ends.collect()
    }
}
