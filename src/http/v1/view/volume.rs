//! A volume, where it exists and who uses it.

use std::collections::HashMap;

use kontena_core::domain::{Grid, Node, NodeId, Service, Volume, VolumeId, VolumeInstance};
use kontena_protocol::api::{self, timestamp};

use super::service;

/// What volumes are shown with: all of their grid.
#[derive(Debug, Default)]
pub(in crate::http::v1) struct AroundVolumes {
    instances: HashMap<VolumeId, Vec<api::VolumeInstance>>,
    services: Vec<Service>,
}

impl AroundVolumes {
    /// Sorts what was read by volume.
    pub(in crate::http::v1) fn new(
        instances: Vec<VolumeInstance>,
        nodes: Vec<Node>,
        services: Vec<Service>,
    ) -> Self {
        let names: HashMap<NodeId, String> =
            nodes.into_iter().map(|node| (node.id, node.name)).collect();
        let mut of_volume: HashMap<VolumeId, Vec<api::VolumeInstance>> = HashMap::new();
        for instance in instances {
            let node = names.get(&instance.node).cloned().unwrap_or_default();
            let shown = api::VolumeInstance { node, name: instance.name };
            of_volume.entry(instance.volume).or_default().push(shown);
        }
        Self { instances: of_volume, services }
    }
}

/// Shows a volume.
pub(in crate::http::v1) fn volume(
    grid: &Grid,
    volume: &Volume,
    around: &AroundVolumes,
) -> api::Volume {
    let services = around.services.iter().filter(|service| volume.is_used_by(service));
    let mut services: Vec<String> = services.map(|service| service::path(grid, service)).collect();
    services.sort();
    api::Volume {
        id: format!("{}/{}", grid.name, volume.name),
        name: volume.name.clone(),
        scope: volume.scope.as_str().to_owned(),
        driver: volume.driver.clone(),
        driver_opts: volume.driver_opts.clone(),
        created_at: timestamp(volume.created_at),
        updated_at: timestamp(volume.updated_at),
        instances: around.instances.get(&volume.id).cloned().unwrap_or_default(),
        services: services.into_iter().map(|id| api::ServiceOfVolume { id }).collect(),
    }
}
