//! A container.

use kontena_core::domain::{ContainerRecord, Grid, Node, Service};
use kontena_protocol::api::{self, timestamp};
use serde_json::json;

use super::{node_path, service::path, time_opt};

/// Shows a container on its node and of its service, as far as these still exist.
pub(in crate::http::v1) fn container(
    grid: &Grid,
    container: &ContainerRecord,
    node: Option<&Node>,
    service: Option<&Service>,
) -> api::Container {
    let details = &*container.details;
    let state = &details.state;
    let name = &container.name;
    api::Container {
        id: node.map_or_else(|| name.clone(), |node| format!("{}/{name}", node_path(grid, node))),
        name: name.clone(),
        container_id: container.container_id.clone(),
        grid_id: Some(grid.name.clone()),
        service_id: service.map(|service| path(grid, service)),
        node: node.map(|node| of_container(grid, node)),
        created_at: timestamp(container.created_at),
        updated_at: timestamp(container.updated_at),
        started_at: details.started_at.clone(),
        finished_at: details.finished_at.clone(),
        deleted_at: time_opt(container.deleted_at),
        status: container.status().to_owned(),
        state: api::ContainerState {
            error: state.error.clone(),
            exit_code: state.exit_code,
            pid: state.pid,
            oom_killed: state.oom_killed,
            paused: state.paused,
            restarting: state.restarting,
            dead: state.dead,
            running: state.running,
        },
        deploy_rev: details.deploy_rev.clone(),
        service_rev: details.service_revision.clone(),
        instance_number: container.instance_number,
        image: details.image.clone(),
        hostname: details.hostname.clone(),
        domainname: details.domainname.clone(),
        cmd: details.cmd.clone(),
        env: Some(details.env.clone()),
        volumes: Some(Vec::new()),
        labels: details.labels.clone(),
        ip_address: details.ip_address.clone(),
        network_settings: if details.network_settings.is_object() {
            details.network_settings.clone()
        } else {
            json!({})
        },
        health_status: container.health.as_ref().map(|health| api::HealthOfContainer {
            status: if health.healthy { "healthy" } else { "unhealthy" }.to_owned(),
            updated_at: timestamp(health.at),
        }),
    }
}

fn of_container(grid: &Grid, node: &Node) -> api::NodeOfContainer {
    api::NodeOfContainer {
        id: node.engine_id.as_ref().map(ToString::to_string),
        connected: node.connected,
        last_seen_at: time_opt(node.last_seen_at),
        name: node.name.clone(),
        labels: node.labels.clone(),
        public_ip: node.report.public_ip.clone(),
        private_ip: node.report.private_ip.clone(),
        node_number: node.number,
        grid: api::GridOfContainer {
            id: grid.name.clone(),
            name: grid.name.clone(),
            initial_size: grid.initial_size,
        },
    }
}
