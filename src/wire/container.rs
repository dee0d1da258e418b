//! Containers as Docker describes them, passed through whole by agents: what is kept of them.

use std::collections::BTreeMap;

use kontena_core::domain::{ContainerDetails, ContainerReport, ContainerState};
use kontena_protocol::agent::RpcError;
use serde_json::{Value, json};

/// How much of one text is kept: a label or an environment value of megabytes is nobody's to show.
const MOST_TEXT: usize = 64 * 1024;

/// Reads the inspect document of `/containers/save`.
///
/// # Errors
/// 500 where it has no id.
pub fn read_container(document: &Value) -> Result<ContainerReport, RpcError> {
    let container_id = text(field(document, "Id"))
        .filter(|id| !id.is_empty())
        .ok_or_else(|| RpcError::new(500, "ArgumentError: the container has no Id"))?;
    let name = text(field(document, "Name")).unwrap_or_default();
    // "/nginx", or "/one/two" for a linked one: the second segment, as Kontena 1.5 has it.
    let engine_name = name.split('/').nth(1).unwrap_or(&name).to_owned();
    let config = field(document, "Config");
    let labels = labels(field(config, "Labels"));
    let details = ContainerDetails {
        image: text(field(config, "Image")),
        image_version: text(field(document, "Image")),
        driver: text(field(document, "Driver")),
        cmd: field(config, "Cmd").as_array().map(|cmd| cmd.iter().filter_map(text).collect()),
        env: texts(field(config, "Env")),
        hostname: text(field(config, "Hostname")),
        domainname: text(field(config, "Domainname")),
        deploy_rev: None,
        service_revision: labels.get("io.kontena.container.service_revision").cloned(),
        state: state(field(document, "State")),
        started_at: moment(field(document, "State"), "StartedAt"),
        finished_at: moment(field(document, "State"), "FinishedAt"),
        ip_address: overlay_address(&labels),
        network_settings: network(field(document, "NetworkSettings")),
        labels,
    };
    Ok(ContainerReport { container_id, engine_name, details })
}

fn field<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&Value::Null)
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    Some(text.get(..text.floor_char_boundary(MOST_TEXT)).unwrap_or_default().to_owned())
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().map(|list| list.iter().filter_map(text).collect()).unwrap_or_default()
}

fn labels(labels: &Value) -> BTreeMap<String, String> {
    let labels = labels.as_object().into_iter().flatten();
    labels.filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
}

fn state(state: &Value) -> ContainerState {
    let flag = |key| field(state, key).as_bool().unwrap_or_default();
    let number = |key| field(state, key).as_i64().unwrap_or_default();
    ContainerState {
        error: text(field(state, "Error")).unwrap_or_default(),
        exit_code: number("ExitCode"),
        pid: number("Pid"),
        oom_killed: flag("OOMKilled"),
        paused: flag("Paused"),
        restarting: flag("Restarting"),
        dead: flag("Dead"),
        running: flag("Running"),
    }
}

/// Docker says "never" with the year 1.
fn moment(state: &Value, key: &str) -> Option<String> {
    text(field(state, key)).filter(|at| !at.is_empty() && !at.starts_with("0001-"))
}

fn overlay_address(labels: &BTreeMap<String, String>) -> Option<String> {
    labels.get("io.kontena.container.overlay_network")?;
    let cidr = labels.get("io.kontena.container.overlay_cidr")?;
    Some(cidr.split('/').next().unwrap_or(cidr).to_owned())
}

fn network(settings: &Value) -> Value {
    let ports = field(settings, "Ports").as_object().into_iter().flatten();
    let ports: serde_json::Map<String, Value> = ports
        .map(|(port, bindings)| {
            let bindings = bindings.as_array().into_iter().flatten();
            let bindings: Vec<Value> = bindings.map(binding).collect();
            (port.clone(), Value::Array(bindings))
        })
        .collect();
    json!({
        "bridge": field(settings, "Bridge"),
        "gateway": field(settings, "Gateway"),
        "ip_address": field(settings, "IPAddress"),
        "ip_prefix_len": field(settings, "IPPrefixLen"),
        "mac_address": field(settings, "MacAddress"),
        "port_mapping": field(settings, "PortMapping"),
        "ports": ports,
    })
}

/// Docker has port numbers as texts, the API as numbers.
fn binding(binding: &Value) -> Value {
    let port = field(binding, "HostPort");
    let number = port.as_str().and_then(|text| text.parse::<u16>().ok());
    json!({
        "node_ip": field(binding, "HostIp"),
        "node_port": number.map_or_else(|| port.clone(), Value::from),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_111_and_112_what_docker_says_is_reduced_to_what_is_shown() {
        let described = read_container(&json!({
            "Id": "8919f1", "Name": "/nginx", "Image": "sha256:1",
            "Config": {
                "Image": "nginx", "Env": ["A=b", 7], "Cmd": null,
                "Labels": {
                    "io.kontena.container.overlay_network": "kontena",
                    "io.kontena.container.overlay_cidr": "10.81.128.7/16", "n": 3,
                },
            },
            "State": {
                "Running": true, "StartedAt": "2017-08-01T12:34:56.1Z",
                "FinishedAt": "0001-01-01T00:00:00Z",
            },
            "NetworkSettings": {"Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}},
        }));
        let described = described.expect("a container");
        assert_eq!(described.engine_name, "nginx");
        let details = described.details;
        assert_eq!(details.ip_address.as_deref(), Some("10.81.128.7"));
        assert_eq!(details.env, ["A=b"]);
        assert!(details.state.running && details.finished_at.is_none());
        let ports = &details.network_settings["ports"];
        assert_eq!(ports["80/tcp"][0], json!({"node_ip": "0.0.0.0", "node_port": 8080}));
        assert!(read_container(&json!({})).is_err());
    }
}
