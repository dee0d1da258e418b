//! A pretended container in the shape of Docker's inspection, as far as masters read it.

use std::net::IpAddr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::engine::{Container, ContainerSpec};

/// Describes a container.
pub(super) fn document(
    container: &Container,
    spec: &ContainerSpec,
    exit_code: Option<i64>,
) -> Value {
    json!({
        "Id": container.id, "Name": format!("/{}", container.name), "Image": container.image_id,
        "Driver": "memory",
        "Config": {
            "Image": spec.image, "Hostname": spec.hostname, "Domainname": spec.domainname,
            "User": spec.user, "Cmd": spec.cmd, "Entrypoint": spec.entrypoint, "Env": spec.env,
            "Labels": container.labels,
        },
        "State": {
            "Status": status(container), "Running": container.running, "Paused": false,
            "Restarting": container.restarting, "OOMKilled": false, "Dead": false, "Pid": 0,
            "ExitCode": exit_code.unwrap_or_default(), "Error": container.error,
            "StartedAt": moment(container.started_at), "FinishedAt": moment(container.finished_at),
        },
        "HostConfig": {"NetworkMode": spec.network},
        "NetworkSettings": {
            "Bridge": "", "Gateway": "", "MacAddress": "", "IPPrefixLen": 16,
            "IPAddress": address(container), "Ports": ports(spec),
        },
    })
}

fn status(container: &Container) -> &'static str {
    match (container.running, container.started_at) {
        (true, _) => "running",
        (false, Some(_)) => "exited",
        (false, None) => "created",
    }
}

/// Docker writes year 1 for "never".
fn moment(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(
        || "0001-01-01T00:00:00Z".to_owned(),
        |at| at.to_rfc3339_opts(SecondsFormat::Nanos, true),
    )
}

/// A container that does not run has no address, one in the host's network has none of its own.
fn address(container: &Container) -> String {
    let own = container.address.filter(|address| container.running && !address.is_loopback());
    own.as_ref().map(IpAddr::to_string).unwrap_or_default()
}

fn ports(spec: &ContainerSpec) -> Map<String, Value> {
    let mut map: Map<String, Value> = Map::new();
    for port in &spec.ports {
        let name = format!("{}/{}", port.container_port, port.protocol);
        let binding = json!({"HostIp": port.ip, "HostPort": port.node_port.to_string()});
        match map.get_mut(&name) {
            Some(Value::Array(bindings)) => bindings.push(binding),
            _ => drop(map.insert(name, json!([binding]))),
        }
    }
    map
}
