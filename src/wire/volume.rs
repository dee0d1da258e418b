//! Volumes between master and node (`agent-protocol.md` 4.2).

use kontena_core::domain::{Node, Volume, VolumeInstance};
use kontena_protocol::agent::NodeVolume;

/// Describes a volume that shall exist on a node.
#[must_use]
pub fn node_volume(node: &Node, instance: &VolumeInstance, volume: &Volume) -> NodeVolume {
    NodeVolume {
        volume_id: volume.id.to_string(),
        volume_instance_id: instance.id.to_string(),
        name: instance.name.clone(),
        driver: driver(node, &volume.driver),
        driver_opts: volume.driver_opts.clone(),
    }
}

/// The driver as the node's engine knows it: with the version that the node reported, where it did.
fn driver(node: &Node, name: &str) -> String {
    let mut drivers = node.report.volume_drivers.iter();
    let known = drivers.find(|driver| driver.name == name && driver.version.is_some());
    match known.and_then(|driver| driver.version.as_deref()) {
        Some(version) => format!("{name}:{version}"),
        None => name.to_owned(),
    }
}
