//! Step one of a turn: what was committed is applied to the picture, and says who must be looked at, and
//! because of what (`scheduling.md` 8.3).

use std::{collections::BTreeSet, sync::Arc};

use kontena_core::{
    domain::{Change, DeployOrigin, NodeId, ServiceId, Time},
    placement::{watches_containers, watches_services},
};
use kontena_store::Committed;

use super::{Picture, REPORT_WAIT};

/// What makes the scheduler look at a service, in an operator's words.
pub(super) type Trigger = Arc<str>;

impl Picture {
    /// Applies what one job committed.
    pub(super) fn committed(&mut self, committed: &Committed) {
        for change in committed.changes.iter() {
            self.note_nodes_to_refresh(change);
            let deployed = match change {
                Change::DeployStarted { deploy, .. } | Change::DeployFinished { deploy, .. } => {
                    self.snapshot.deploy(*deploy).map(|deploy| (deploy.service, deploy.origin))
                }
                _ => None,
            };
            self.mark(change);
            let before = self.snapshot.placement_fingerprint();
            self.snapshot.apply(change);
            let nodes_changed = self.snapshot.placement_fingerprint() != before;
            if nodes_changed {
                self.mark_after_node(change);
            }
            let asks_else =
                matches!(change, Change::GridUpdated(_) | Change::ServiceUpdated { .. });
            if nodes_changed || asks_else {
                self.show_to_running();
            }
            if let Some((service, origin)) = deployed {
                self.note_attempt(service, origin, change);
            }
        }
    }

    /// What is asked may be something else than at the start of the deploys that run, if only for a moment.
    fn show_to_running(&mut self) {
        for deploy in self.snapshot.deploys().filter(|deploy| !deploy.is_pending()) {
            if let Some(attempts) = self.attempts.get_mut(&deploy.service) {
                attempts.seen(&self.snapshot, deploy.service);
            }
        }
    }

    fn note_attempt(&mut self, service: ServiceId, origin: DeployOrigin, change: &Change) {
        let attempts = self.attempts.entry(service).or_default();
        match change {
            Change::DeployStarted { .. } => attempts.began(&self.snapshot, service),
            Change::DeployFinished { state, at, .. } => {
                attempts.ended(&self.snapshot, service, (origin, *state), *at);
            }
            _ => {}
        }
    }

    /// Marks the services a change may matter to, as long as what it changes is still to be seen.
    fn mark(&mut self, change: &Change) {
        match change {
            Change::ContainerSaved(_) | Change::ContainerRemoved(_) => self.containers_moved = true,
            // Without its report a node's memory, processors and drivers are unknown: wait a moment.
            Change::NodePlugged { node, at, .. } => {
                let trigger = self.node_words(*node, "connected");
                self.pace.look_by(*at + REPORT_WAIT, trigger);
            }
            Change::NodeReported { node, .. } => {
                let settles = self.snapshot.node(*node).is_some_and(|node| !node.updated);
                if settles {
                    let trigger = self.node_words(*node, "came online");
                    self.pace.look_soon(self.now, trigger);
                }
            }
            Change::NodeRemoved(node) => {
                let trigger = self.node_words(*node, "was removed");
                self.mark_holders(*node, &trigger);
            }
            Change::GridUpdated(_) => self.mark_all(&"the grid was changed".into()),
            Change::ServiceCreated(service) => self.look_at(service.id, "the service was created"),
            Change::ServiceUpdated { service, .. } => {
                self.look_at(service.id, "the service was changed");
                let before = self.snapshot.service(service.id);
                if before.is_some_and(|before| before.spec.ports != service.spec.ports) {
                    self.mark_all(&"the ports of another service were changed".into());
                }
            }
            Change::ServiceDeployed { service, .. } => {
                self.look_at(*service, "the service was deployed");
            }
            Change::ServiceRemoved(service) => {
                self.alarms.clear(*service);
                self.attempts.remove(service);
                self.removed.push(*service);
                // Its ports are free, and affinities that named it may hold elsewhere.
                self.mark_all(&"another service was removed".into());
            }
            Change::InstanceCreated(instance) => self.instance_moved(instance.service),
            Change::InstancePlaced { service, .. }
            | Change::InstanceDetached { service, .. }
            | Change::InstanceRemoved { service, .. } => self.instance_moved(*service),
            Change::InstanceDesired { service, .. } => {
                self.look_at(*service, "an instance shall do something else");
            }
            Change::InstanceReported { service, .. } => {
                self.look_at(*service, "an instance was reported");
            }
            Change::DeployCreated(deploy) => self.look_at(deploy.service, "a deploy was asked for"),
            Change::DeployStarted { deploy, .. }
            | Change::DeployWaiting { deploy, .. }
            | Change::DeployProgressed { deploy, .. }
            | Change::DeployFinished { deploy, .. } => {
                if let Some(service) = self.snapshot.deploy(*deploy).map(|deploy| deploy.service) {
                    self.look_at(service, "its deploy went on");
                }
            }
            // What matters of these shows in the fingerprint. Signs of life and figures come all the time
            // and decide nothing by themselves.
            Change::GridCreated(_)
            | Change::GridRemoved(_)
            | Change::NodeCreated(_)
            | Change::NodeBound { .. }
            | Change::NodeRejected { .. }
            | Change::NodeUnplugged { .. }
            | Change::NodeSwept { .. }
            | Change::NodeSeen { .. }
            | Change::NodeMeasured { .. }
            | Change::NodeEdited { .. }
            | Change::NodeTokenChanged { .. }
            | Change::ContainerChecked { .. }
            | Change::MemoryMeasured(_)
            | Change::VolumeCreated(_)
            | Change::VolumeRemoved(_)
            | Change::VolumeInstanceCreated(_)
            | Change::VolumeInstanceRemoved(_)
            | Change::EventLogged(_) => {}
        }
    }

    /// Something about a node has changed that decides where instances may go.
    fn mark_after_node(&mut self, change: &Change) {
        match change {
            Change::NodeUnplugged { node, .. }
            | Change::NodeSwept { node, .. }
            | Change::NodeRejected { node, .. }
            | Change::NodeTokenChanged { node, .. } => {
                // A node that goes can only matter to who is there, or on the way there.
                let trigger = self.node_words(*node, "went offline");
                self.mark_holders(*node, &trigger);
            }
            Change::NodeReported { node, .. } | Change::NodeEdited { node, .. } => {
                let trigger = self.node_words(*node, "was changed");
                self.pace.look_soon(self.now, trigger);
            }
            _ => {}
        }
    }

    /// Takes who is to be looked at, in the order in which they are.
    pub(super) fn take_dirty(&mut self) -> Vec<(ServiceId, Trigger)> {
        let first = std::mem::take(&mut self.postponed);
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.retain(|service, _| !first.contains_key(service));
        first.into_iter().chain(dirty).collect()
    }

    /// Marks a service.
    pub(super) fn look_at(&mut self, service: ServiceId, trigger: &str) {
        self.dirty.entry(service).or_insert_with(|| trigger.into());
    }

    /// Marks every service of the grid.
    pub(super) fn mark_all(&mut self, trigger: &Trigger) {
        for service in self.snapshot.services() {
            self.dirty.entry(service.id).or_insert_with(|| Arc::clone(trigger));
        }
    }

    /// Marks the services with instances on a node, and those that are being deployed.
    fn mark_holders(&mut self, node: NodeId, trigger: &Trigger) {
        let holders = self.snapshot.instances_on(node).map(|instance| instance.service);
        let deployed = self.snapshot.deploys().map(|deploy| deploy.service);
        for service in holders.chain(deployed) {
            self.dirty.entry(service).or_insert_with(|| Arc::clone(trigger));
        }
    }

    fn instance_moved(&mut self, service: ServiceId) {
        self.look_at(service, "an instance was placed");
        self.rows_moved.insert(service);
    }

    /// Marks the services whose place depends on where other services' instances or containers are, once
    /// for all that was gathered.
    pub(super) fn mark_neighbours(&mut self) {
        let containers = std::mem::take(&mut self.containers_moved);
        let moved = std::mem::take(&mut self.rows_moved);
        if !containers && moved.is_empty() {
            return;
        }
        let snapshot = &self.snapshot;
        let ports: BTreeSet<u16> = moved
            .iter()
            .filter_map(|service| snapshot.service(*service))
            .flat_map(|service| service.spec.ports.iter().map(|port| port.node_port))
            .collect();
        let grid = &snapshot.grid;
        let neighbours = snapshot.services().filter(|service| {
            let shares = || service.spec.ports.iter().any(|port| ports.contains(&port.node_port));
            let rows = !moved.is_empty() && (watches_services(service, grid) || shares());
            rows || containers && watches_containers(service, grid)
        });
        let neighbours: Vec<ServiceId> = neighbours.map(|service| service.id).collect();
        for service in neighbours {
            self.look_at(service, "what it is placed by has moved");
        }
    }

    fn node_words(&self, node: NodeId, what: &str) -> Trigger {
        let name = self.snapshot.node(node).map_or("(gone)", |node| node.name.as_str());
        format!("node {name} {what}").into()
    }

    /// Whatever changes what a node shall run is told to it, so that nothing waits for its next poll.
    /// The node an instance is placed on is told by the deploy, which waits for its answer.
    fn note_nodes_to_refresh(&mut self, change: &Change) {
        let node_of = |picture: &Self, service: ServiceId, number: u32| -> Option<NodeId> {
            picture.snapshot.instance(service, number).and_then(|instance| instance.node)
        };
        let nodes: Vec<NodeId> = match change {
            Change::InstancePlaced { service, number, node, .. } => {
                node_of(self, *service, *number).filter(|old| old != node).into_iter().collect()
            }
            Change::InstanceDesired { service, number, .. }
            | Change::InstanceDetached { service, number, .. }
            | Change::InstanceRemoved { service, number } => {
                node_of(self, *service, *number).into_iter().collect()
            }
            Change::VolumeRemoved(volume) => {
                self.refresh_volumes.extend(self.snapshot.nodes_with_volume(*volume));
                return;
            }
            Change::ServiceRemoved(service) => {
                self.snapshot.instances(*service).filter_map(|instance| instance.node).collect()
            }
            _ => return,
        };
        self.refresh.extend(nodes);
    }
}

/// When every service is looked at because of nodes: soon, and not over and over. A storm of nodes that
/// come back costs a share of the time, not all of it.
#[derive(Debug, Default)]
pub(super) struct Pace {
    due: Option<(Time, Trigger)>,
    /// Before this no further look at everything begins.
    not_before: Time,
}

/// Nodes that come within this are looked at together.
const TOGETHER: chrono::TimeDelta = chrono::TimeDelta::milliseconds(20);
/// No node waits longer for a look, however busy the scheduler is.
const LONGEST_PAUSE: chrono::TimeDelta = chrono::TimeDelta::milliseconds(500);
/// Looks at everything take one part of the time in this many.
const SHARE: i32 = 5;

impl Pace {
    fn look_soon(&mut self, now: Time, trigger: Trigger) {
        self.look_by((now + TOGETHER).max(self.not_before), trigger);
    }

    fn look_by(&mut self, at: Time, trigger: Trigger) {
        if self.due.as_ref().is_none_or(|(due, _)| at < *due) {
            self.due = Some((at, trigger));
        }
    }

    /// What makes a look at everything due now.
    pub(super) fn take_due(&mut self, now: Time) -> Option<Trigger> {
        let (_, trigger) = self.due.take_if(|(due, _)| *due <= now)?;
        Some(trigger)
    }

    /// Takes note that a look at everything has ended.
    pub(super) fn looked(&mut self, began: Time, ended: Time) {
        let pause = ((ended - began) * (SHARE - 1)).min(LONGEST_PAUSE);
        self.not_before = ended + pause;
    }

    /// When a look at everything is due.
    pub(super) fn next(&self) -> Option<Time> {
        self.due.as_ref().map(|(due, _)| *due)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(millis: i64) -> Time {
        Time::default() + TimeDelta::milliseconds(millis)
    }

    #[test]
    fn nodes_that_come_together_are_one_look_and_a_storm_takes_its_share() {
        let mut pace = Pace::default();
        pace.look_by(at(5000), "node a connected".into());
        pace.look_soon(at(100), "node a came online".into());
        pace.look_soon(at(110), "node b came online".into());
        assert_eq!(pace.next(), Some(at(120)));
        assert_eq!(pace.take_due(at(119)), None);
        assert_eq!(pace.take_due(at(120)).as_deref(), Some("node a came online"));
        assert_eq!(pace.next(), None);
        pace.looked(at(120), at(170));
        pace.look_soon(at(171), "node c came online".into());
        assert_eq!(pace.next(), Some(at(370)), "four times as long as the look took");
        assert!(pace.take_due(at(370)).is_some());
        pace.looked(at(370), at(9370));
        pace.look_soon(at(9371), "node d came online".into());
        assert_eq!(pace.next(), Some(at(9870)), "at most half a second");
    }
}
