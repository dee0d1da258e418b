//! What agents report: their engine, and the state of a pod. Lenient, as stock agents pass Docker's own
//! documents through whole.

use kontena_core::domain::{
    Driver, Event, GridId, NodeId, NodeReport, ObservedState, ServiceId, Severity, Time,
};
use kontena_protocol::agent::{PodEvent, PodState, RpcError, json};
use serde_json::Value;

use super::bounded::{self, DOCKER_TEXT, DRIVERS, LABELS, MESSAGE, NAME};

/// A pod's state with the types of the domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedState {
    /// The service.
    pub service: ServiceId,
    /// The instance's number.
    pub number: u32,
    /// The deploy_rev the state belongs to.
    pub rev: Option<String>,
    /// Observed.
    pub state: ObservedState,
    /// The agent's error.
    pub error: Option<String>,
}

/// Reads `/nodes/update`: the report, the agent's version, and the engine's labels.
#[must_use]
pub fn read_docker_info(info: &Value) -> (NodeReport, Option<String>, Option<Vec<String>>) {
    let field = |key: &str| bounded::field(info, key);
    let text = |key: &str| bounded::text(field(key), DOCKER_TEXT);
    let count = |key: &str| field(key).as_i64().map(bounded::count);
    let report = NodeReport {
        os: text("OperatingSystem"),
        docker_root_dir: text("DockerRootDir"),
        driver: text("Driver"),
        kernel_version: text("KernelVersion"),
        docker_version: text("ServerVersion"),
        // Told to every other node.
        public_ip: bounded::text(field("PublicIp"), NAME),
        private_ip: bounded::text(field("PrivateIp"), NAME),
        mem_total: count("MemTotal"),
        mem_limit: field("MemoryLimit").as_bool().map(i64::from),
        cpus: count("NCPU"),
        volume_drivers: drivers(field("Drivers").get("Volume")),
        network_drivers: drivers(field("Drivers").get("Network")),
    };
    let labels = field("Labels").as_array().map(|all| labels(all));
    (report, bounded::text(field("AgentVersion"), NAME), labels)
}

/// A label that is too long is left out: its beginning alone would be another label.
fn labels(all: &[Value]) -> Vec<String> {
    let labels = all.iter().filter_map(Value::as_str).filter(|label| label.len() <= NAME);
    labels.take(LABELS).map(str::to_owned).collect()
}

fn drivers(list: Option<&Value>) -> Vec<Driver> {
    let driver = |driver: &Value| {
        let text = |key: &str| bounded::text(driver.get(key)?, NAME);
        Some(Driver { name: text("name")?, version: text("version") })
    };
    bounded::list(list.unwrap_or(&Value::Null), DRIVERS).filter_map(driver).collect()
}

/// Reads `/node_service_pods/event`.
///
/// # Errors
/// 500 where the body is unreadable.
pub fn read_pod_event(
    body: &rmpv::Value,
    grid: GridId,
    node: NodeId,
    at: Time,
) -> Result<Event, RpcError> {
    let event: PodEvent = json::decode(body)
        .map_err(|error| RpcError::new(500, format!("ArgumentError: {error}")))?;
    Ok(Event {
        grid,
        at,
        severity: match event.severity {
            Some(0) => Severity::Debug,
            Some(2) => Severity::Warn,
            Some(3) => Severity::Error,
            _ => Severity::Info,
        },
        kind: bounded::cut(event.kind, NAME),
        message: bounded::cut(event.data, MESSAGE),
        service: event.service_id.and_then(|id| id.parse().ok()),
        node: Some(node),
        instance_number: event.instance_number,
    })
}

/// Reads `/node_service_pods/set_state`.
///
/// # Errors
/// 500 where the body is unreadable; `Instance not found` where it names no possible instance.
pub fn read_pod_state(body: &rmpv::Value) -> Result<ReportedState, RpcError> {
    let state: PodState = json::decode(body)
        .map_err(|error| RpcError::new(500, format!("ArgumentError: {error}")))?;
    let service = state.service_id.parse().map_err(|_| RpcError::runtime("Instance not found"))?;
    let observed = match state.state.as_str() {
        "running" => ObservedState::Running,
        "restarting" => ObservedState::Restarting,
        "stopped" => ObservedState::Stopped,
        "missing" => ObservedState::Missing,
        _ => {
            let other = bounded::cut(state.state, NAME);
            let text = format!("ArgumentError: there is no instance state {other}");
            return Err(RpcError::new(500, text));
        }
    };
    Ok(ReportedState {
        service,
        number: state.instance_number,
        // Cut rather than refused, so that the state is known. A deploy asks whether this is the revision
        // that it gave out; those are far shorter, so that what was cut is none of them.
        rev: state.rev.map(|rev| bounded::cut(rev, NAME)),
        state: observed,
        error: state.error.map(|error| bounded::cut(error, MESSAGE)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_read_from_dockers_own_document() {
        let info = serde_json::json!({
            "OperatingSystem": "Container Linux", "MemTotal": 2_100_416_512_i64, "NCPU": 2,
            "MemoryLimit": true, "Labels": ["region=ams2", 7], "AgentVersion": "1.5.4",
            "Drivers": {"Volume": [{"name": "rexray/ebs", "version": "latest"}, {"name": "local"}, {}]},
            "Swarm": {"NodeID": ""}, "PublicIp": null,
        });
        let (report, version, labels) = read_docker_info(&info);
        assert_eq!(report.cpus, Some(2));
        assert_eq!(report.volume_drivers.len(), 2);
        assert_eq!(report.public_ip, None);
        assert_eq!(version.as_deref(), Some("1.5.4"));
        assert_eq!(labels, Some(vec!["region=ams2".to_owned()]));
        assert_eq!(read_docker_info(&Value::Null).0, NodeReport::default());
    }
    #[test]
    fn a_report_of_any_length_is_kept_short() {
        let long = "x".repeat(100_000);
        let driver = serde_json::json!({"name": long, "version": long});
        let labels = [vec![long.as_str()], vec!["a=b"; 1000]].concat();
        let (report, version, labels) = read_docker_info(&serde_json::json!({
            "OperatingSystem": long, "KernelVersion": long, "PrivateIp": long, "AgentVersion": long,
            "MemTotal": i64::MAX, "NCPU": -1, "Drivers": {"Volume": vec![driver; 1000]},
            "Labels": labels,
        }));
        let length = |text: Option<String>| text.map_or(0, |text| text.len());
        assert_eq!((length(report.os), length(report.private_ip)), (DOCKER_TEXT, NAME));
        assert_eq!((report.mem_total, report.cpus), (Some(bounded::COUNT), Some(0)));
        assert_eq!((report.volume_drivers.len(), length(version)), (DRIVERS, NAME));
        assert_eq!(labels, Some(vec!["a=b".to_owned(); LABELS]));
    }

    #[test]
    fn what_is_said_of_an_instance_is_kept_short() {
        let long = "x".repeat(100_000);
        let mut state = serde_json::json!({
            "service_id": "597f2d4b8e5c3a0008a1b2c3", "instance_number": 1, "rev": long,
            "state": "running", "error": long,
        });
        let reported = read_pod_state(&json::pack(state.clone())).expect("a state");
        let length = |text: Option<String>| text.map_or(0, |text| text.len());
        assert_eq!((length(reported.rev), length(reported.error)), (NAME, MESSAGE));
        state["state"] = long.clone().into();
        let refused = read_pod_state(&json::pack(state)).expect_err("no such state");
        assert!(refused.message.len() < 2 * NAME);
        let event = serde_json::json!({
            "service_id": "597f2d4b8e5c3a0008a1b2c3", "instance_number": 1, "severity": 1,
            "reason": "x", "type": long, "data": long,
        });
        let (grid, node) = (GridId::from_bytes([0; 12]), NodeId::from_bytes([0; 12]));
        let event = read_pod_event(&json::pack(event), grid, node, Time::default());
        let event = event.expect("an event");
        assert_eq!((event.kind.len(), event.message.len()), (NAME, MESSAGE));
    }
}
