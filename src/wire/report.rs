//! What agents report: their engine, and the state of a pod. Lenient, as stock agents pass Docker's own
//! documents through whole.

use kontena_core::domain::{
    Driver, Event, GridId, NodeId, NodeReport, ObservedState, ServiceId, Severity, Time,
};
use kontena_protocol::agent::{PodEvent, PodState, RpcError, json};
use serde_json::Value;

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
    let field = |key: &str| info.get(key).unwrap_or(&Value::Null);
    let text = |key: &str| field(key).as_str().map(str::to_owned);
    let report = NodeReport {
        os: text("OperatingSystem"),
        docker_root_dir: text("DockerRootDir"),
        driver: text("Driver"),
        kernel_version: text("KernelVersion"),
        docker_version: text("ServerVersion"),
        public_ip: text("PublicIp"),
        private_ip: text("PrivateIp"),
        mem_total: field("MemTotal").as_i64(),
        mem_limit: field("MemoryLimit").as_bool().map(i64::from),
        cpus: field("NCPU").as_i64(),
        volume_drivers: drivers(field("Drivers").get("Volume")),
        network_drivers: drivers(field("Drivers").get("Network")),
    };
    let labels = field("Labels").as_array().map(|labels| {
        labels.iter().filter_map(|label| label.as_str().map(str::to_owned)).collect()
    });
    (report, text("AgentVersion"), labels)
}

fn drivers(list: Option<&Value>) -> Vec<Driver> {
    let driver = |driver: &Value| {
        let text = |key: &str| driver.get(key)?.as_str().map(str::to_owned);
        Some(Driver { name: text("name")?, version: text("version") })
    };
    let list = list.and_then(Value::as_array);
    list.map(|list| list.iter().filter_map(driver).collect()).unwrap_or_default()
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
        kind: event.kind,
        message: event.data,
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
        other => {
            let text = format!("ArgumentError: there is no instance state {other}");
            return Err(RpcError::new(500, text));
        }
    };
    Ok(ReportedState {
        service,
        number: state.instance_number,
        rev: state.rev,
        state: observed,
        error: state.error,
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
}
