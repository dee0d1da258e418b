//! A volume, where it exists and who uses it.

use kontena_core::domain::{Grid, Node, Service, Volume, VolumeInstance};
use kontena_protocol::api::{self, timestamp};

use super::service;

/// What volumes are shown with: all of their grid.
#[derive(Debug, Default)]
pub(in crate::http::v1) struct AroundVolumes {
    pub(in crate::http::v1) instances: Vec<VolumeInstance>,
    pub(in crate::http::v1) nodes: Vec<Node>,
    pub(in crate::http::v1) services: Vec<Service>,
}

/// Shows a volume.
pub(in crate::http::v1) fn volume(
    grid: &Grid,
    volume: &Volume,
    around: &AroundVolumes,
) -> api::Volume {
    let node_name = |instance: &VolumeInstance| {
        let node = around.nodes.iter().find(|node| node.id == instance.node);
        node.map(|node| node.name.clone()).unwrap_or_default()
    };
    let instances = around.instances.iter().filter(|instance| instance.volume == volume.id);
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
        instances: instances
            .map(|instance| api::VolumeInstance {
                node: node_name(instance),
                name: instance.name.clone(),
            })
            .collect(),
        services: services.into_iter().map(|id| api::ServiceOfVolume { id }).collect(),
    }
}
