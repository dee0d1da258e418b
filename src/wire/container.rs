//! Containers as Docker describes them, passed through whole by agents: what is kept of them.

use std::collections::BTreeMap;

use kontena_core::domain::{ContainerDetails, ContainerReport, ContainerState};
use kontena_protocol::agent::RpcError;
use serde_json::{Map, Value, json};

use super::bounded::{self, Budget, DOCKER_TEXT, ENTRIES, MESSAGE, NAME, VALUE, field};

/// What begins the names of the labels that say what a container is to a grid.
const OURS: &str = "io.kontena.";

/// Reads the inspect document of `/containers/save`.
///
/// # Errors
/// 500 where it has no id, or one that no engine gives.
pub fn read_container(document: &Value) -> Result<ContainerReport, RpcError> {
    let container_id = container_id(field(document, "Id"))?;
    let name = field(document, "Name").as_str().unwrap_or_default();
    // "/nginx", or "/one/two" for a linked one: the second segment, as Kontena 1.5 has it.
    let engine_name = name.split('/').nth(1).unwrap_or(name);
    let engine_name = bounded::cut(engine_name.to_owned(), NAME);
    Ok(ContainerReport { container_id, engine_name, details: details(document) })
}

/// A beginning of an id would be another container's.
fn container_id(value: &Value) -> Result<String, RpcError> {
    let refuse = |text: String| Err(RpcError::new(500, format!("ArgumentError: {text}")));
    match value.as_str() {
        None | Some("") => refuse("the container has no Id".to_owned()),
        Some(id) if id.len() > NAME => refuse(format!("Id takes at most {NAME} bytes")),
        Some(id) => Ok(id.to_owned()),
    }
}

/// Fields are read in the order in which they are worth their bytes: what comes last is left out first.
fn details(document: &Value) -> ContainerDetails {
    let config = field(document, "Config");
    let state_of = field(document, "State");
    let mut left = Budget::of_details();
    let mut text = |value: &Value| left.text(value, DOCKER_TEXT);
    let image = text(field(config, "Image"));
    let image_version = text(field(document, "Image"));
    let driver = text(field(document, "Driver"));
    let hostname = text(field(config, "Hostname"));
    let domainname = text(field(config, "Domainname"));
    let state = state(state_of, &mut left);
    let labels = labels(field(config, "Labels"), &mut left);
    let network_settings = network(field(document, "NetworkSettings"), &mut left);
    let cmd = field(config, "Cmd");
    let cmd = cmd.is_array().then(|| texts(cmd, &mut left));
    let service_revision = labels.get("io.kontena.container.service_revision");
    ContainerDetails {
        image,
        image_version,
        driver,
        cmd,
        env: texts(field(config, "Env"), &mut left),
        hostname,
        domainname,
        deploy_rev: None,
        service_revision: service_revision.map(|text| bounded::cut(text.clone(), NAME)),
        state,
        started_at: moment(state_of, "StartedAt"),
        finished_at: moment(state_of, "FinishedAt"),
        ip_address: overlay_address(&labels),
        network_settings,
        labels,
    }
}

fn texts(list: &Value, left: &mut Budget) -> Vec<String> {
    bounded::list(list, ENTRIES).filter_map(|entry| left.text(entry, VALUE)).collect()
}

/// Those that others look at come first.
fn labels(labels: &Value, left: &mut Budget) -> BTreeMap<String, String> {
    let all = || {
        let labels = labels.as_object().into_iter().flatten();
        labels.filter(|(name, _)| name.len() <= NAME)
    };
    let ours = all().filter(|(name, _)| name.starts_with(OURS));
    let others = all().filter(|(name, _)| !name.starts_with(OURS));
    let kept = ours.chain(others).take(ENTRIES).filter_map(|(name, value)| {
        let value = bounded::text(value, VALUE)?;
        left.takes([name, &value]).then(|| (name.clone(), value))
    });
    kept.collect()
}

fn state(state: &Value, left: &mut Budget) -> ContainerState {
    let flag = |key| field(state, key).as_bool().unwrap_or_default();
    let number = |key| field(state, key).as_i64().unwrap_or_default();
    ContainerState {
        error: left.text(field(state, "Error"), MESSAGE).unwrap_or_default(),
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
    let at = bounded::text(field(state, key), NAME);
    at.filter(|at| !at.is_empty() && !at.starts_with("0001-"))
}

fn overlay_address(labels: &BTreeMap<String, String>) -> Option<String> {
    labels.get("io.kontena.container.overlay_network")?;
    let cidr = labels.get("io.kontena.container.overlay_cidr")?;
    let address = cidr.split('/').next().unwrap_or(cidr);
    Some(bounded::cut(address.to_owned(), NAME))
}

fn network(settings: &Value, left: &mut Budget) -> Value {
    let mut plain = |key| plain(field(settings, key), left);
    let mut network = json!({
        "bridge": plain("Bridge"),
        "gateway": plain("Gateway"),
        "ip_address": plain("IPAddress"),
        "ip_prefix_len": plain("IPPrefixLen"),
        "mac_address": plain("MacAddress"),
        "port_mapping": plain("PortMapping"),
    });
    if let Some(fields) = network.as_object_mut() {
        fields.insert("ports".to_owned(), ports(field(settings, "Ports"), left).into());
    }
    network
}

fn ports(ports: &Value, left: &mut Budget) -> Map<String, Value> {
    let ports = ports.as_object().into_iter().flatten().filter(|(port, _)| port.len() <= NAME);
    let kept = ports.take(ENTRIES).filter_map(|(port, bindings)| {
        let is_kept = left.takes([port]);
        let bindings = bounded::list(bindings, ENTRIES).filter_map(|one| binding(one, left));
        is_kept.then(|| (port.clone(), bindings.collect()))
    });
    kept.collect()
}

/// Docker has port numbers as texts, the API as numbers.
fn binding(binding: &Value, left: &mut Budget) -> Option<Value> {
    left.takes(["node_ip", "node_port"]).then(|| {
        let port = field(binding, "HostPort");
        let number = port.as_str().and_then(|text| text.parse::<u16>().ok());
        json!({
            "node_ip": plain(field(binding, "HostIp"), left),
            "node_port": number.map_or_else(|| plain(port, left), Value::from),
        })
    })
}

/// A text or a whole number, and nothing else.
fn plain(value: &Value, left: &mut Budget) -> Value {
    match value {
        Value::String(_) => left.text(value, NAME).into(),
        Value::Number(number) => number.as_i64().map(bounded::count).into(),
        _ => Value::Null,
    }
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
    #[test]
    fn an_id_that_no_engine_gives_is_refused_and_a_name_is_cut() {
        let container = |id: usize, name: usize| {
            read_container(&json!({"Id": "i".repeat(id), "Name": format!("/{}", "n".repeat(name))}))
        };
        let taken = container(255, 300).expect("a container");
        assert_eq!((taken.container_id.len(), taken.engine_name.len()), (255, 255));
        let refused = container(256, 1).expect_err("too long");
        assert_eq!(refused, RpcError::new(500, "ArgumentError: Id takes at most 255 bytes"));
    }

    #[test]
    fn what_is_too_much_is_left_out_the_environment_first() {
        // The worst texts: six bytes of JSON for each byte.
        let large = "\u{1}".repeat(10_000);
        let mut labels: Map<String, Value> =
            (0..5000).map(|number| (format!("a{number}"), json!("x"))).collect();
        labels.insert("io.kontena.service.id".to_owned(), json!("me"));
        labels.insert("z".repeat(256), json!("x"));
        let ports: Map<String, Value> = (0..5000)
            .map(|port| (format!("{port}/tcp"), json!([{"HostIp": "1.1.1.1", "HostPort": "1"}])))
            .collect();
        let described = read_container(&json!({
            "Id": "1", "Name": "/n",
            "Config": {
                "Image": "nginx", "Labels": labels, "Cmd": ["serve", large],
                "Env": [large, "A=b", "C=d".repeat(100_000), large, "E=f"],
            },
            "State": {"Error": large},
            "NetworkSettings": {"Ports": ports, "Bridge": {"deep": [large]}, "IPPrefixLen": 16},
        }));
        let details = described.expect("a container").details;
        assert_eq!(details.labels.get("io.kontena.service.id").map(String::as_str), Some("me"));
        assert_eq!(details.labels.len(), ENTRIES);
        assert_eq!(details.network_settings["ports"].as_object().map(Map::len), Some(ENTRIES));
        assert_eq!(details.network_settings["bridge"], Value::Null);
        assert_eq!(details.network_settings["ip_prefix_len"], 16);
        assert_eq!(details.cmd.as_ref().map(Vec::len), Some(2), "worth more than the environment");
        assert!(details.env.contains(&"A=b".to_owned()) && details.env.len() < 5, "what fits");
        let stored = serde_json::to_string(&details).expect("JSON").len();
        assert!(stored <= bounded::DETAILS, "{stored}");
    }

    #[test]
    fn many_small_entries_are_counted() {
        let described = read_container(&json!({
            "Id": "1", "Config": {"Env": vec!["A=b"; 100_000], "Cmd": vec!["x"; 100_000]},
        }));
        let details = described.expect("a container").details;
        assert_eq!((details.env.len(), details.cmd.map(|cmd| cmd.len())), (ENTRIES, Some(ENTRIES)));
    }
}
