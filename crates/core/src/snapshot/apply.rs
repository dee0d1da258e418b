//! What a committed change does to the one thing it is about.

use crate::domain::{
    Change, Connection, Deploy, DeployState, DesiredState, Instance, InstanceId, Node, NodeId,
    ObservedState, Service, Time,
};

impl Node {
    /// Brings the node up to date with a committed change about it.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::NodeBound { engine_id, agent_version, labels, at, .. } => {
                self.engine_id = Some(engine_id.clone());
                self.agent_version = Some(agent_version.clone());
                self.labels.clone_from(labels);
                self.updated_at = *at;
            }
            Change::NodePlugged { connected_at, at, .. } => {
                self.connected = true;
                self.updated = false;
                self.connected_at = Some(*connected_at);
                self.last_seen_at = Some(*at);
                self.connection =
                    Some(Connection { opened: true, close_code: None, close_reason: None });
            }
            Change::NodeRejected { connected_at, connection, at, .. } => {
                self.turn_offline(*at);
                self.updated = false;
                self.connected_at = Some(*connected_at);
                self.connection = Some(connection.clone());
            }
            Change::NodeSwept { at, .. } => self.turn_offline(*at),
            Change::NodeUnplugged { at, close_code, close_reason, .. } => {
                self.connected = false;
                self.marked_offline_at = Some(*at);
                self.disconnected_at = Some(*at);
                self.connection = Some(Connection::ended(*close_code, close_reason));
            }
            Change::NodeSeen { at, .. } => self.last_seen_at = Some(*at),
            Change::NodeReported { report, agent_version, labels, at, .. } => {
                self.report = (**report).clone();
                self.agent_version.clone_from(agent_version);
                if let Some(labels) = labels {
                    self.labels.clone_from(labels);
                }
                self.updated = true;
                self.updated_at = *at;
            }
            Change::NodeMeasured { sample, .. } => self.figures = Some(sample.figures.clone()),
            Change::NodeEdited { labels, availability, at, .. } => {
                self.labels.clone_from(labels);
                self.availability = *availability;
                self.updated_at = *at;
            }
            Change::NodeTokenChanged { has_token, disconnect, at, .. } => {
                self.has_token = *has_token;
                if *disconnect {
                    self.turn_offline(*at);
                }
                self.updated_at = *at;
            }
            _ => {}
        }
    }

    /// A node that is offline already stays offline since then.
    fn turn_offline(&mut self, at: Time) {
        if self.connected {
            self.marked_offline_at = Some(at);
        }
        self.connected = false;
    }
}

impl Instance {
    /// Brings the instance up to date with a committed change about it.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::InstancePlaced {
                node,
                desired_state,
                deploy_rev,
                service_revision,
                at,
                ..
            } => {
                self.node = Some(*node);
                self.desired_state = *desired_state;
                self.deploy_rev = Some(deploy_rev.clone());
                self.service_revision = Some(*service_revision);
                self.rev = None;
                self.updated_at = *at;
            }
            Change::InstanceDesired { desired_state, at, .. } => {
                self.desired_state = *desired_state;
                self.updated_at = *at;
            }
            Change::InstanceReported { rev, state, error, at, .. } => {
                self.rev.clone_from(rev);
                self.state = *state;
                self.error.clone_from(error);
                self.updated_at = *at;
            }
            Change::InstanceDetached { at, .. } => {
                self.node = None;
                self.updated_at = *at;
            }
            _ => {}
        }
    }

    /// Makes an instance that is nowhere yet.
    #[must_use]
    pub fn new(
        id: InstanceId,
        service: &Service,
        number: u32,
        node: Option<NodeId>,
        now: Time,
    ) -> Self {
        Self {
            id,
            grid: service.grid,
            service: service.id,
            number,
            node,
            desired_state: DesiredState::Initialized,
            deploy_rev: None,
            service_revision: None,
            rev: None,
            state: ObservedState::Initialized,
            error: None,
            created_at: now,
            updated_at: now,
        }
    }
}

impl Deploy {
    /// Brings the deploy up to date with a committed change about it.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::DeployStarted { deploy_rev, total, at, .. } => {
                self.state = DeployState::Ongoing;
                self.deploy_rev = Some(deploy_rev.clone());
                self.total = Some(*total);
                self.queued_at = Some(*at);
                self.started_at = Some(*at);
                self.reason = None;
            }
            Change::DeployWaiting { reason, at, .. } => {
                self.reason.clone_from(reason);
                self.queued_at = Some(*at);
            }
            Change::DeployProgressed { instance, .. } => {
                match self.instances.iter_mut().find(|known| known.number == instance.number) {
                    Some(known) => *known = instance.clone(),
                    None => self.instances.push(instance.clone()),
                }
            }
            Change::DeployFinished { state, reason, explanation, at, .. } => {
                self.state = *state;
                self.reason.clone_from(reason);
                self.explanation.clone_from(explanation);
                self.finished_at = Some(*at);
            }
            _ => {}
        }
    }
}
