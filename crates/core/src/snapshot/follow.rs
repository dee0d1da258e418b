//! How the picture is kept true by the changes that were committed.

use super::Snapshot;
use crate::domain::Change;

impl Snapshot {
    /// Brings the picture up to date with a committed change. A change about something the picture does
    /// not hold is ignored: it belongs to what has been removed since.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::GridCreated(grid) | Change::GridUpdated(grid) => self.grid = (**grid).clone(),
            Change::NodeCreated(node) => {
                self.roster.put((**node).clone());
            }
            Change::NodeRemoved(node) => self.remove_node(*node),
            Change::ServiceCreated(service) | Change::ServiceUpdated { service, .. } => {
                self.put_service((**service).clone());
            }
            Change::ServiceDeployed { service, at } => {
                if let Some(service) = self.services.get_mut(service) {
                    service.deployed_at = Some(*at);
                }
            }
            Change::ServiceRemoved(service) => self.remove_service(*service),
            Change::MemoryMeasured(peak) => self.put_memory_peak(*peak),
            Change::GridRemoved(_) | Change::EventLogged(_) => {}
            Change::NodeBound { .. }
            | Change::NodePlugged { .. }
            | Change::NodeRejected { .. }
            | Change::NodeUnplugged { .. }
            | Change::NodeSeen { .. }
            | Change::NodeReported { .. }
            | Change::NodeMeasured { .. }
            | Change::NodeSwept { .. }
            | Change::NodeEdited { .. }
            | Change::NodeTokenChanged { .. } => self.apply_to_node(change),
            Change::ContainerSaved(_)
            | Change::ContainerChecked { .. }
            | Change::ContainerRemoved(_) => self.apply_to_container(change),
            Change::InstanceCreated(_)
            | Change::InstancePlaced { .. }
            | Change::InstanceDesired { .. }
            | Change::InstanceReported { .. }
            | Change::InstanceDetached { .. }
            | Change::InstanceRemoved { .. } => self.apply_to_instance(change),
            Change::DeployCreated(_)
            | Change::DeployStarted { .. }
            | Change::DeployWaiting { .. }
            | Change::DeployProgressed { .. }
            | Change::DeployFinished { .. } => self.apply_to_deploy(change),
            Change::VolumeCreated(_)
            | Change::VolumeRemoved(_)
            | Change::VolumeInstanceCreated(_)
            | Change::VolumeInstanceRemoved(_) => self.apply_to_volume(change),
        }
    }

    fn apply_to_node(&mut self, change: &Change) {
        let id = match change {
            Change::NodeBound { node, .. }
            | Change::NodePlugged { node, .. }
            | Change::NodeRejected { node, .. }
            | Change::NodeUnplugged { node, .. }
            | Change::NodeSeen { node, .. }
            | Change::NodeReported { node, .. }
            | Change::NodeMeasured { node, .. }
            | Change::NodeSwept { node, .. }
            | Change::NodeEdited { node, .. }
            | Change::NodeTokenChanged { node, .. } => *node,
            _ => return,
        };
        match change {
            Change::NodeSeen { .. } => self.roster.note(id, |node| node.apply(change)),
            _ => self.roster.edit(id, |node| node.apply(change)),
        }
    }

    fn apply_to_container(&mut self, change: &Change) {
        match change {
            Change::ContainerSaved(record) => match record.visible() {
                Some(container) => self.put_container(container),
                None => self.containers.remove(record.id),
            },
            Change::ContainerRemoved(container) => self.containers.remove(*container),
            _ => {}
        }
    }

    fn apply_to_instance(&mut self, change: &Change) {
        match change {
            Change::InstanceCreated(instance) => self.put_instance((**instance).clone()),
            Change::InstanceRemoved { service, number } => {
                self.take_instance((*service, *number));
            }
            Change::InstancePlaced { service, number, .. }
            | Change::InstanceDesired { service, number, .. }
            | Change::InstanceReported { service, number, .. }
            | Change::InstanceDetached { service, number, .. } => {
                if let Some(mut instance) = self.take_instance((*service, *number)) {
                    instance.apply(change);
                    self.put_instance(instance);
                }
            }
            _ => {}
        }
    }

    fn apply_to_deploy(&mut self, change: &Change) {
        let id = match change {
            Change::DeployCreated(deploy) => {
                self.put_deploy((**deploy).clone());
                return;
            }
            Change::DeployFinished { deploy, .. } => {
                self.take_deploy(*deploy);
                return;
            }
            Change::DeployStarted { deploy, .. }
            | Change::DeployWaiting { deploy, .. }
            | Change::DeployProgressed { deploy, .. } => *deploy,
            _ => return,
        };
        if let Some(deploy) = self.deploys.get_mut(&id) {
            deploy.apply(change);
        }
    }
}
