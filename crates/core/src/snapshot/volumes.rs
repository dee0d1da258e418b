//! Volumes and where they are.

use std::collections::{BTreeMap, BTreeSet};

use super::Snapshot;
use crate::domain::{Change, NodeId, Volume, VolumeId, VolumeInstance, VolumeInstanceId};

/// The volumes of a grid, on which nodes they exist, and by what names.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Volumes {
    known: BTreeMap<VolumeId, Volume>,
    instances: BTreeMap<VolumeInstanceId, VolumeInstance>,
    /// By the name of the instance, which is unique on its node.
    holders: BTreeMap<String, BTreeSet<NodeId>>,
}

impl Volumes {
    pub(super) fn new(volumes: Vec<Volume>, instances: Vec<VolumeInstance>) -> Self {
        let known = volumes.into_iter().map(|volume| (volume.id, volume)).collect();
        let mut volumes = Self { known, ..Self::default() };
        for instance in instances {
            volumes.put_instance(instance);
        }
        volumes
    }

    /// A removed node takes its volumes along.
    pub(super) fn forget_node(&mut self, node: NodeId) {
        let on_node = self.instances.values().filter(|instance| instance.node == node);
        let on_node: Vec<_> = on_node.map(|instance| instance.id).collect();
        on_node.into_iter().for_each(|instance| self.take_instance(instance));
    }

    fn put_instance(&mut self, instance: VolumeInstance) {
        self.holders.entry(instance.name.clone()).or_default().insert(instance.node);
        self.instances.insert(instance.id, instance);
    }

    fn take_instance(&mut self, id: VolumeInstanceId) {
        let Some(instance) = self.instances.remove(&id) else {
            return;
        };
        if let Some(nodes) = self.holders.get_mut(&instance.name) {
            nodes.remove(&instance.node);
            if nodes.is_empty() {
                self.holders.remove(&instance.name);
            }
        }
    }

    fn instances_of(&self, volume: VolumeId) -> impl Iterator<Item = &VolumeInstance> {
        self.instances.values().filter(move |instance| instance.volume == volume)
    }

    fn remove(&mut self, volume: VolumeId) {
        self.known.remove(&volume);
        let instances: Vec<_> = self.instances_of(volume).map(|instance| instance.id).collect();
        instances.into_iter().for_each(|instance| self.take_instance(instance));
    }
}

impl Snapshot {
    /// A volume by name.
    #[must_use]
    pub fn volume(&self, name: &str) -> Option<&Volume> {
        self.volumes.known.values().find(|volume| volume.name == name)
    }

    /// The nodes with a volume instance of a name.
    pub fn holders_of_volume(&self, name: &str) -> impl Iterator<Item = NodeId> {
        self.volumes.holders.get(name).into_iter().flatten().copied()
    }

    /// Whether a volume instance of a name is on a node.
    #[must_use]
    pub fn has_volume(&self, node: NodeId, name: &str) -> bool {
        self.volumes.holders.get(name).is_some_and(|nodes| nodes.contains(&node))
    }

    /// The nodes on which a volume exists, by identity.
    #[must_use]
    pub fn nodes_with_volume(&self, volume: VolumeId) -> BTreeSet<NodeId> {
        self.volumes.instances_of(volume).map(|instance| instance.node).collect()
    }

    pub(super) fn apply_to_volume(&mut self, change: &Change) {
        let volumes = &mut self.volumes;
        match change {
            Change::VolumeCreated(volume) => {
                volumes.known.insert(volume.id, (**volume).clone());
            }
            Change::VolumeRemoved(volume) => volumes.remove(*volume),
            Change::VolumeInstanceCreated(instance) => volumes.put_instance(instance.clone()),
            Change::VolumeInstanceRemoved(instance) => volumes.take_instance(*instance),
            _ => {}
        }
    }
}
