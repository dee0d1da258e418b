//! From what a Docker engine reports to the agent's own nouns.

use std::{collections::BTreeMap, error::Error as _, net::IpAddr};

use bollard::{
    errors::Error,
    models::{
        ContainerInspectResponse, ContainerSummary, ContainerSummaryStateEnum, EventMessage,
        NetworkSettings, Plugin, RestartPolicyNameEnum, SystemInfo,
    },
};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::engine::{
    Container, ContainerKind, EngineError, EngineInfo, EngineResult, Event, Listed, PodKey, label,
};

/// Reads an inspection.
pub(super) fn container(found: ContainerInspectResponse) -> Container {
    let state = found.state.unwrap_or_default();
    let host = found.host_config.unwrap_or_default();
    let policy = host.restart_policy.and_then(|policy| policy.name);
    let address = match host.network_mode.as_deref() {
        Some("host") => Some(IpAddr::from([127, 0, 0, 1])),
        _ => found.network_settings.as_ref().and_then(address),
    };
    let labels = found.config.and_then(|config| config.labels);
    Container {
        id: found.id.unwrap_or_default(),
        name: found.name.unwrap_or_default().trim_start_matches('/').to_owned(),
        labels: labels.unwrap_or_default().into_iter().collect(),
        image_id: found.image.unwrap_or_default(),
        running: state.running.unwrap_or(false),
        restarting: state.restarting.unwrap_or(false),
        error: state.error.unwrap_or_default(),
        started_at: moment(state.started_at.as_deref()),
        finished_at: moment(state.finished_at.as_deref()),
        restarts_by_itself: matches!(
            policy,
            Some(RestartPolicyNameEnum::ALWAYS | RestartPolicyNameEnum::UNLESS_STOPPED)
        ),
        address,
    }
}

/// Reads a line of a list; one without an id is of no use.
pub(super) fn listed(found: ContainerSummary) -> Option<Listed> {
    let kind = found.labels.as_ref().and_then(|labels| labels.get(label::TYPE));
    Some(Listed {
        id: found.id?,
        service: is_service(kind),
        running: found.state == Some(ContainerSummaryStateEnum::RUNNING),
    })
}

/// The first address in any network; of several, the one whose network's name sorts first, so that
/// the answer does not change from call to call.
fn address(settings: &NetworkSettings) -> Option<IpAddr> {
    let mut networks: Vec<_> = settings.networks.as_ref()?.iter().collect();
    networks.sort_by_key(|(name, _)| *name);
    networks.into_iter().find_map(|(_, endpoint)| endpoint.ip_address.as_ref()?.parse().ok())
}

/// Docker writes year 1 for "never".
fn moment(text: Option<&str>) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc3339(text?).ok()?.with_timezone(&Utc);
    (at > DateTime::UNIX_EPOCH).then_some(at)
}

/// Fields of `NetworkSettings` that say the same as the entry of the network `bridge`.
const LEGACY_ADDRESS: [&str; 4] = ["Gateway", "IPAddress", "IPPrefixLen", "MacAddress"];

/// Passes an inspection on, in Docker's own words.
pub(super) fn document(found: &ContainerInspectResponse) -> EngineResult<Value> {
    let mut document = serde_json::to_value(found).map_err(|error| {
        EngineError::Failed(format!("cannot write down an inspection: {error}"))
    })?;
    restore_address(&mut document);
    Ok(document)
}

/// Masters of the 1.5 line look for a container's address where it was before there were networks.
/// The client does not know those fields any more, and neither do engines from 29 on.
fn restore_address(document: &mut Value) -> Option<()> {
    let settings = document.get_mut("NetworkSettings")?.as_object_mut()?;
    let bridge = settings.get("Networks")?.get("bridge")?.clone();
    for name in LEGACY_ADDRESS {
        if let Some(value) = bridge.get(name) {
            settings.entry(name).or_insert_with(|| value.clone());
        }
    }
    Some(())
}

/// Reads an event; one that names no container is of no use.
pub(super) fn event(event: EventMessage) -> Option<Event> {
    let actor = event.actor?;
    let labels: BTreeMap<_, _> = actor.attributes.unwrap_or_default().into_iter().collect();
    Some(Event {
        container_id: actor.id.filter(|id| !id.is_empty())?,
        action: event.action?,
        at: event.time.unwrap_or_default(),
        image: labels.get("image").cloned(),
        pod: PodKey::from_labels(&labels).filter(|_| is_service(labels.get(label::TYPE))),
    })
}

fn is_service(kind: Option<&String>) -> bool {
    kind.is_some_and(|kind| kind == ContainerKind::Service.as_label())
}

/// Reads the engine's description and adds `Drivers`.
pub(super) fn info(info: &SystemInfo, plugins: &[Plugin]) -> EngineInfo {
    let document = serde_json::to_value(info).unwrap_or_default();
    let mut document = document.as_object().cloned().unwrap_or_default();
    let drivers = json!({
        "Volume": drivers(&document, plugins, "Volume", "docker.volumedriver/"),
        "Network": drivers(&document, plugins, "Network", "docker.networkdriver/"),
    });
    document.insert("Drivers".into(), drivers);
    EngineInfo {
        id: info.id.clone().unwrap_or_default(),
        name: info.name.clone().unwrap_or_default(),
        labels: info.labels.clone().unwrap_or_default(),
        document,
    }
}

/// Enabled plugins of a kind with their version, then the built-in drivers without.
fn drivers(
    document: &Map<String, Value>,
    plugins: &[Plugin],
    kind: &str,
    interface: &str,
) -> Vec<Value> {
    let plugged = plugins.iter().filter(|plugin| {
        let mut types = plugin.config.interface.types.iter();
        plugin.enabled && types.any(|given| given.starts_with(interface))
    });
    let plugged = plugged.map(|plugin| match plugin.name.rsplit_once(':') {
        Some((name, version)) => json!({"name": name, "version": version}),
        None => json!({"name": plugin.name}),
    });
    let built_in =
        document.get("Plugins").and_then(|plugins| plugins.get(kind)).and_then(Value::as_array);
    let built_in = built_in.into_iter().flatten();
    plugged.chain(built_in.map(|name| json!({"name": name}))).collect()
}

/// Sorts an error into what the agent can do about it. The client's own texts are kept out where the
/// engine has said something.
pub(super) fn error(error: &Error, host: &str) -> EngineError {
    match error {
        Error::DockerResponseServerError { status_code, message } => {
            let message = message.trim().to_owned();
            match status_code {
                404 => EngineError::NotFound(message),
                409 => EngineError::Conflict(message),
                400..=499 => EngineError::Rejected(message),
                _ => EngineError::Failed(message),
            }
        }
        Error::DockerStreamError { error } => EngineError::Failed(error.trim().to_owned()),
        Error::JsonDataError { .. } | Error::JsonSerdeError { .. } => {
            EngineError::Failed(error.to_string())
        }
        Error::RequestTimeoutError => {
            EngineError::Unavailable(format!("the Docker engine at {host} did not answer in time"))
        }
        error => EngineError::Unavailable(format!(
            "no Docker engine answers at {host}: {}",
            chain(error)
        )),
    }
}

/// The error and its causes, since the outermost says little.
pub(super) fn chain(error: &Error) -> String {
    let (mut text, mut source) = match error {
        // Which library the client is built on helps nobody.
        Error::HyperLegacyError { err } => (err.to_string(), err.source()),
        error => (error.to_string(), error.source()),
    };
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Shortens a text from its front, at a character boundary.
pub(super) fn keep_tail(text: &mut String, bytes: usize) {
    let mut cut = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(cut) {
        cut += 1;
    }
    text.drain(..cut);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inspection_is_read_with_its_oddities() {
        let found: ContainerInspectResponse = serde_json::from_value(json!({
            "Id": "abc", "Name": "/shop.redis-2", "Image": "sha256:1",
            "State": {"Running": false, "Error": "no such file",
                      "StartedAt": "2017-08-01T12:34:56.123456789Z",
                      "FinishedAt": "0001-01-01T00:00:00Z"},
            "HostConfig": {"RestartPolicy": {"Name": "unless-stopped"}, "NetworkMode": "default"},
            "Config": {"Labels": {"io.kontena.service.id": "s",
                                  "io.kontena.service.instance_number": "2"}},
            "NetworkSettings": {"Networks": {"b": {"IPAddress": "172.17.0.3"},
                                             "a": {"IPAddress": ""}}},
        }))
        .expect("an inspection");
        let container = container(found);
        assert_eq!(container.name, "shop.redis-2");
        assert!(container.restarts_by_itself && !container.running);
        assert!(container.started_at.is_some() && container.finished_at.is_none());
        assert_eq!(container.address, Some(IpAddr::from([172, 17, 0, 3])));
        assert_eq!(container.pod().map(|pod| pod.to_string()).as_deref(), Some("s/2"));
    }

    #[test]
    fn an_event_knows_its_container_and_the_pod_of_a_service() {
        let message = |action: &str, kind: &str| {
            let message = json!({
                "Type": "container", "Action": action, "time": 1_501_590_896,
                "Actor": {"ID": "abc", "Attributes": {
                    "image": "redis:3.0", "io.kontena.container.type": kind,
                    "io.kontena.service.id": "s", "io.kontena.service.instance_number": "2",
                }},
            });
            event(serde_json::from_value(message).expect("an event"))
        };
        let read = message("die", "container").expect("has an id");
        assert_eq!((read.container_id.as_str(), read.at), ("abc", 1_501_590_896));
        assert_eq!(read.image.as_deref(), Some("redis:3.0"));
        assert!(read.pod.is_some() && read.changes_state() && !read.is_destroy());
        let read = message("exec_create: /bin/true", "volume").expect("has an id");
        assert!(read.pod.is_none() && !read.changes_state());
        assert_eq!(event(EventMessage::default()), None);
    }

    #[test]
    fn an_inspection_is_passed_on_in_dockers_words() {
        let mut inspection = json!({
            "Id": "abc", "Name": "/redis-1", "Image": "sha256:1",
            "Config": {"Env": ["A=b"], "Labels": {"a": "b"}},
            "State": {"Running": true, "StartedAt": "2017-08-01T12:34:56.1Z"},
            "NetworkSettings": {
                "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]},
                "Networks": {"bridge": {"IPAddress": "172.17.0.2", "IPPrefixLen": 16}},
            },
        });
        let found = serde_json::from_value(inspection.clone()).expect("an inspection");
        inspection["NetworkSettings"]["IPAddress"] = json!("172.17.0.2");
        inspection["NetworkSettings"]["IPPrefixLen"] = json!(16);
        assert_eq!(document(&found), Ok(inspection));
        assert_eq!(document(&ContainerInspectResponse::default()), Ok(json!({})));
    }

    #[test]
    fn errors_are_told_apart_by_what_the_engine_said() {
        let response = |status_code, message: &str| Error::DockerResponseServerError {
            status_code,
            message: message.into(),
        };
        assert_eq!(
            error(&response(404, "No such image: x\n"), "h").on_the_wire(),
            "Docker::Error::NotFoundError: No such image: x"
        );
        assert!(matches!(error(&response(409, "x"), "h"), EngineError::Conflict(_)));
        assert!(matches!(error(&response(500, "x"), "h"), EngineError::Failed(_)));
        let gone = error(&Error::RequestTimeoutError, "unix:///x");
        assert!(gone.to_string().contains("unix:///x"));
    }

    #[test]
    fn a_tail_is_cut_between_characters() {
        let mut text = "ääbc".to_owned();
        keep_tail(&mut text, 3);
        assert_eq!(text, "bc");
    }
}
