//! A node.

use kontena_core::{
    domain::{Driver, Filesystem, Grid, Node},
    presence,
};
use kontena_protocol::api::{self, timestamp};
use serde_json::{Value, json};

use super::{strings, time_opt};
use crate::wire;

/// How a node is named to clients: by its grid and itself.
pub(in crate::http::v1) fn node_path(grid: &Grid, node: &Node) -> String {
    format!("{}/{}", grid.name, node.name)
}

/// Shows a node; `all` are the nodes of its grid.
pub(in crate::http::v1) fn node(grid: &Grid, token: &str, node: &Node, all: &[Node]) -> api::Node {
    let report = &node.report;
    api::Node {
        id: node_path(grid, node),
        node_id: node.engine_id.as_ref().map(ToString::to_string),
        name: node.name.clone(),
        connected: node.connected,
        updated: node.connected && node.updated,
        status: node.status().as_str().to_owned(),
        availability: node.availability.as_str().to_owned(),
        has_token: node.has_token,
        created_at: timestamp(node.created_at),
        updated_at: timestamp(node.updated_at),
        connected_at: time_opt(node.connected_at),
        disconnected_at: time_opt(node.disconnected_at),
        last_seen_at: time_opt(node.last_seen_at),
        agent_version: node.agent_version.clone(),
        docker_version: report.docker_version.clone(),
        os: report.os.clone(),
        kernel_version: report.kernel_version.clone(),
        driver: report.driver.clone(),
        engine_root_dir: report.docker_root_dir.clone(),
        network_drivers: drivers(&report.network_drivers),
        volume_drivers: drivers(&report.volume_drivers),
        labels: Some(node.labels.clone()),
        cpus: report.cpus,
        mem_total: report.mem_total,
        mem_limit: report.mem_limit,
        public_ip: report.public_ip.clone(),
        private_ip: report.private_ip.clone(),
        overlay_ip: Some(grid.subnet.node_address(node.number).to_string()),
        peer_ips: wire::peer_ips(node, all),
        node_number: node.number,
        initial_member: node.is_initial(grid.initial_size),
        grid: Some(grid_of_node(grid, token)),
        resource_usage: resource_usage(node),
        connection_error: presence::connection_error(node),
    }
}

fn drivers(drivers: &[Driver]) -> Vec<api::DriverView> {
    let view = |driver: &Driver| api::DriverView {
        name: driver.name.clone(),
        version: driver.version.clone(),
    };
    drivers.iter().map(view).collect()
}

fn grid_of_node(grid: &Grid, token: &str) -> api::GridOfNode {
    api::GridOfNode {
        id: grid.name.clone(),
        name: grid.name.clone(),
        initial_size: grid.initial_size,
        token: Some(token.to_owned()),
        stats: json!({ "statsd": grid.statsd }),
        trusted_subnets: strings(&grid.trusted_subnets),
        subnet: grid.subnet.to_string(),
        supernet: grid.supernet.to_string(),
        logs: grid.logs.as_ref().map(|logs| json!(logs)),
    }
}

/// Stock clients crash on a connected node without figures: they get zeros until there are some. They
/// also look for the file system that is named as the engine's folder.
fn resource_usage(node: &Node) -> Option<Value> {
    if !node.connected && node.figures.is_none() {
        return None;
    }
    let figures = node.figures.clone().unwrap_or_default();
    let root = node.report.docker_root_dir.as_deref().unwrap_or("/var/lib/docker");
    let mut filesystem = figures.filesystem;
    if !filesystem.iter().any(|known| known.name == root) {
        filesystem.push(Filesystem { name: root.to_owned(), ..Filesystem::default() });
    }
    let mut cpu = figures.cpu;
    if cpu.num_cores == 0 {
        cpu.num_cores = node.report.cpus.unwrap_or_default();
    }
    Some(json!({
        "memory": figures.memory.unwrap_or_default(),
        "load": figures.load,
        "filesystem": filesystem,
        "usage": { "container_seconds": figures.container_seconds },
        "cpu": cpu,
    }))
}
