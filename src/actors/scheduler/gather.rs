//! Step one of a turn: what was committed is applied to the picture, and says who must be looked at.

use kontena_core::{
    domain::{Change, NodeId, ServiceId, Time},
    placement::watches_containers,
};
use kontena_store::Committed;

use super::{Picture, REPORT_WAIT};

impl Picture {
    /// Applies what one job committed.
    pub(super) fn committed(&mut self, committed: &Committed) {
        for change in committed.changes.iter() {
            self.note_nodes_to_refresh(change);
            let finished = match change {
                Change::DeployFinished { deploy, .. } => {
                    self.snapshot.deploy(*deploy).map(|deploy| deploy.service)
                }
                _ => None,
            };
            self.mark(change);
            self.snapshot.apply(change);
            if let (Some(service), Change::DeployFinished { state, at, .. }) = (finished, change) {
                let attempts = self.attempts.entry(service).or_default();
                attempts.ended(&self.snapshot, service, *state, *at);
            }
        }
    }

    /// Marks the services a change may matter to.
    fn mark(&mut self, change: &Change) {
        match change {
            // Seen and memory figures come all the time and decide nothing by themselves; a volume says
            // where an instance would rather go, and moves none.
            Change::NodeSeen { .. }
            | Change::NodeMeasured { .. }
            | Change::ContainerChecked { .. }
            | Change::MemoryMeasured(_)
            | Change::VolumeCreated(_)
            | Change::VolumeRemoved(_)
            | Change::VolumeInstanceCreated(_)
            | Change::VolumeInstanceRemoved(_)
            | Change::EventLogged(_) => {}
            Change::ContainerSaved(_) | Change::ContainerRemoved(_) => self.mark_watchers(),
            // Without its report a node's memory, processors and drivers are unknown: wait a moment.
            Change::NodePlugged { at, .. } => self.look_at_all_by(*at + REPORT_WAIT),
            Change::NodeCreated(_)
            | Change::NodeBound { .. }
            | Change::NodeRejected { .. }
            | Change::NodeUnplugged { .. }
            | Change::NodeSwept { .. }
            | Change::NodeReported { .. }
            | Change::NodeEdited { .. }
            | Change::NodeTokenChanged { .. }
            | Change::NodeRemoved(_)
            | Change::GridCreated(_)
            | Change::GridUpdated(_)
            | Change::GridRemoved(_) => self.mark_all(),
            Change::ServiceCreated(service) | Change::ServiceUpdated { service, .. } => {
                self.dirty.insert(service.id);
            }
            Change::ServiceDeployed { service, .. } => {
                self.dirty.insert(*service);
            }
            Change::ServiceRemoved(service) => {
                self.alarms.clear(*service);
                self.attempts.remove(service);
                // Its ports are free, and affinities that named it may hold elsewhere.
                self.mark_all();
            }
            Change::InstanceCreated(instance) => {
                self.dirty.insert(instance.service);
            }
            Change::InstancePlaced { service, .. }
            | Change::InstanceDesired { service, .. }
            | Change::InstanceReported { service, .. }
            | Change::InstanceDetached { service, .. }
            | Change::InstanceRemoved { service, .. } => {
                self.dirty.insert(*service);
            }
            Change::DeployCreated(deploy) => {
                self.dirty.insert(deploy.service);
            }
            Change::DeployStarted { deploy, .. }
            | Change::DeployWaiting { deploy, .. }
            | Change::DeployProgressed { deploy, .. }
            | Change::DeployFinished { deploy, .. } => {
                self.dirty.extend(self.snapshot.deploy(*deploy).map(|deploy| deploy.service));
            }
        }
    }

    /// Marks every service of the grid.
    pub(super) fn mark_all(&mut self) {
        self.dirty.extend(self.snapshot.services().map(|service| service.id));
    }

    /// Marks the services whose place depends on which containers there are.
    fn mark_watchers(&mut self) {
        let grid = &self.snapshot.grid;
        let watchers = self.snapshot.services().filter(|service| watches_containers(service, grid));
        self.dirty.extend(watchers.map(|service| service.id));
    }

    fn look_at_all_by(&mut self, at: Time) {
        let services: Vec<ServiceId> = self.snapshot.services().map(|service| service.id).collect();
        for service in services {
            self.alarms.set(service, at);
        }
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
