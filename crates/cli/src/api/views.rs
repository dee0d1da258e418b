//! What is read of the master's answers.
//!
//! `kontena_protocol::api` holds the full bodies, as this product's master writes them. These views ask
//! for nothing: a field that is null or absent is an empty cell, never a failure, so that masters of the
//! whole 1.5 line can be read. A test at the foot keeps the two in step.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// `GET /v1/grids`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Grids {
    /// In the API's order.
    pub(crate) grids: Vec<Value>,
}

/// A grid.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Grid {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) initial_size: Option<i64>,
    pub(crate) stats: Option<GridStats>,
    pub(crate) default_affinity: Option<Vec<String>>,
    pub(crate) node_count: Option<i64>,
    pub(crate) service_count: Option<i64>,
    pub(crate) container_count: Option<i64>,
    pub(crate) user_count: Option<i64>,
    pub(crate) subnet: Option<String>,
    pub(crate) supernet: Option<String>,
    pub(crate) logs: Option<GridLogs>,
}

/// Where statistics go.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct GridStats {
    pub(crate) statsd: Option<Statsd>,
}

/// A statsd server; the port may be a number or a text.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Statsd {
    pub(crate) server: Option<String>,
    pub(crate) port: Value,
}

/// Where logs go.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct GridLogs {
    pub(crate) forwarder: Option<String>,
    pub(crate) opts: Option<BTreeMap<String, Value>>,
}

/// `GET /v1/grids/:grid/nodes`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Nodes {
    /// In the API's order.
    pub(crate) nodes: Vec<Value>,
}

/// A node.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Node {
    pub(crate) id: Option<String>,
    pub(crate) node_id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) connected: Option<bool>,
    pub(crate) status: Option<String>,
    pub(crate) availability: Option<String>,
    pub(crate) has_token: Option<bool>,
    pub(crate) created_at: Option<String>,
    pub(crate) connected_at: Option<String>,
    pub(crate) disconnected_at: Option<String>,
    pub(crate) last_seen_at: Option<String>,
    pub(crate) agent_version: Option<String>,
    pub(crate) docker_version: Option<String>,
    pub(crate) os: Option<String>,
    pub(crate) kernel_version: Option<String>,
    pub(crate) driver: Option<String>,
    pub(crate) engine_root_dir: Option<String>,
    pub(crate) volume_drivers: Option<Vec<Named>>,
    pub(crate) labels: Option<Vec<String>>,
    pub(crate) cpus: Option<i64>,
    pub(crate) mem_total: Option<f64>,
    pub(crate) public_ip: Option<String>,
    pub(crate) private_ip: Option<String>,
    pub(crate) overlay_ip: Option<String>,
    pub(crate) node_number: Option<i64>,
    pub(crate) initial_member: Option<bool>,
    pub(crate) resource_usage: Option<Usage>,
}

impl Node {
    /// Tells whether an agent is connected.
    pub(crate) fn is_connected(&self) -> bool {
        self.connected.unwrap_or(false)
    }

    /// Tells whether the node is one of the grid's first.
    pub(crate) fn is_initial(&self) -> bool {
        self.initial_member.unwrap_or(false)
    }

    /// Returns the name, else the engine's id.
    pub(crate) fn label(&self) -> &str {
        self.name.as_deref().or(self.node_id.as_deref()).unwrap_or_default()
    }
}

/// Something with a name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Named {
    pub(crate) name: Option<String>,
    pub(crate) public_ip: Option<String>,
}

/// What a node uses.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Usage {
    pub(crate) load: Option<Load>,
    pub(crate) memory: Option<Memory>,
    pub(crate) filesystem: Option<Vec<Filesystem>>,
}

/// Load averages.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Load {
    #[serde(rename = "1m")]
    pub(crate) one: Option<f64>,
    #[serde(rename = "5m")]
    pub(crate) five: Option<f64>,
    #[serde(rename = "15m")]
    pub(crate) fifteen: Option<f64>,
}

/// Bytes of memory.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Memory {
    used: Option<f64>,
    cached: Option<f64>,
    buffers: Option<f64>,
    pub(crate) total: Option<f64>,
}

impl Memory {
    /// Returns the bytes programs use, caches left out.
    pub(crate) fn in_use(&self) -> f64 {
        self.used.unwrap_or(0.0) - self.cached.unwrap_or(0.0) - self.buffers.unwrap_or(0.0)
    }
}

/// Bytes of a file system.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filesystem {
    pub(crate) name: Option<String>,
    pub(crate) used: Option<f64>,
    pub(crate) total: Option<f64>,
}

/// `GET /v1/grids/:grid/services`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Services {
    /// In the API's order.
    pub(crate) services: Vec<Value>,
}

/// A service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Service {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) stack: Option<Stack>,
    pub(crate) created_at: Option<String>,
    pub(crate) updated_at: Option<String>,
    pub(crate) image: Option<String>,
    pub(crate) stateful: Option<bool>,
    pub(crate) read_only: Option<bool>,
    pub(crate) state: Option<String>,
    pub(crate) instances: Option<i64>,
    pub(crate) instance_counts: Option<Counts>,
    pub(crate) strategy: Option<String>,
    pub(crate) deploy_opts: Option<DeployOpts>,
    pub(crate) dns: Option<String>,
    pub(crate) net: Option<String>,
    pub(crate) ports: Option<Vec<Port>>,
    pub(crate) env: Option<Vec<String>>,
    pub(crate) secrets: Option<Vec<Reference>>,
    pub(crate) certificates: Option<Vec<Reference>>,
    pub(crate) links: Option<Vec<Link>>,
    pub(crate) affinity: Option<Vec<String>>,
    pub(crate) cmd: Option<Vec<String>>,
    pub(crate) pid: Option<String>,
    pub(crate) log_driver: Option<String>,
    pub(crate) log_opts: Option<BTreeMap<String, Value>>,
    pub(crate) stop_signal: Option<String>,
    pub(crate) memory: Option<i64>,
    pub(crate) memory_swap: Option<i64>,
    pub(crate) shm_size: Option<i64>,
    pub(crate) cpus: Option<f64>,
    pub(crate) cpu_shares: Option<i64>,
    pub(crate) volumes: Option<Vec<String>>,
    pub(crate) volumes_from: Option<Vec<String>>,
    pub(crate) cap_add: Option<Vec<String>>,
    pub(crate) cap_drop: Option<Vec<String>>,
    pub(crate) hooks: Option<Vec<Hook>>,
    pub(crate) health_check: Option<HealthCheck>,
    pub(crate) health_status: Option<HealthStatus>,
    pub(crate) revision: Option<i64>,
    pub(crate) stack_revision: Option<i64>,
    pub(crate) stop_grace_period: Option<i64>,
}

/// The stack of a service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Stack {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
}

/// How many instances exist.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    pub(crate) running: Option<i64>,
}

/// How deploys go.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DeployOpts {
    pub(crate) wait_for_port: Option<i64>,
    pub(crate) min_health: Option<f64>,
    pub(crate) interval: Option<i64>,
}

/// A published port; numbers may be numbers or texts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Port {
    pub(crate) ip: Option<String>,
    pub(crate) protocol: Option<String>,
    pub(crate) node_port: Value,
    pub(crate) container_port: Value,
}

/// A secret or certificate a service uses.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Reference {
    pub(crate) secret: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

/// A service this one talks to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Link {
    pub(crate) alias: Option<String>,
}

/// A command around a container's life.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Hook {
    pub(crate) name: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) cmd: Option<String>,
    pub(crate) oneshot: Option<bool>,
}

/// How health is checked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HealthCheck {
    pub(crate) protocol: Option<String>,
    pub(crate) uri: Option<String>,
    pub(crate) port: Option<i64>,
    pub(crate) timeout: Option<i64>,
    pub(crate) interval: Option<i64>,
    pub(crate) initial_delay: Option<i64>,
}

/// How many instances are healthy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HealthStatus {
    pub(crate) healthy: Option<i64>,
    pub(crate) total: Option<i64>,
}

/// A deploy of a service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Deploy {
    pub(crate) id: Option<String>,
    pub(crate) service_id: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) finished_at: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) instance_count: Option<i64>,
    pub(crate) instance_deploys: Option<Vec<InstanceDeploy>>,
}

/// One instance of a deploy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct InstanceDeploy {
    pub(crate) instance_number: Option<i64>,
    pub(crate) node: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) error: Option<String>,
}

/// An instance of a service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Instance {
    pub(crate) id: Option<String>,
    pub(crate) instance_number: Option<i64>,
    pub(crate) state: Option<String>,
    pub(crate) deploy_rev: Option<String>,
    pub(crate) rev: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) node: Option<Named>,
}

/// A container of a service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Container {
    pub(crate) name: Option<String>,
    pub(crate) instance_number: Option<i64>,
    pub(crate) node: Option<Named>,
    pub(crate) deploy_rev: Option<String>,
    pub(crate) hostname: Option<String>,
    pub(crate) domainname: Option<String>,
    pub(crate) ip_address: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) state: Option<ContainerState>,
    pub(crate) health_status: Option<ContainerHealth>,
}

/// What the engine says about a container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ContainerState {
    pub(crate) error: Option<String>,
    pub(crate) exit_code: Option<i64>,
}

/// What the health check says about a container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ContainerHealth {
    pub(crate) status: Option<String>,
    pub(crate) updated_at: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn known(type_keys: &Value, keys: &[&str]) {
        for key in keys {
            assert!(type_keys.get(key).is_some(), "the protocol has no field {key}");
        }
    }

    #[test]
    fn views_read_what_the_protocol_writes() {
        let deploy = kontena_protocol::api::ServiceDeploy {
            id: "d".into(),
            created_at: "t".into(),
            queued_at: None,
            started_at: None,
            finished_at: Some("t".into()),
            service_id: "g/null/s".into(),
            state: "error".into(),
            reason: Some("why".into()),
            instance_count: 1,
            instance_deploys: vec![kontena_protocol::api::InstanceDeploy {
                instance_number: 1,
                node: None,
                state: "error".into(),
                error: Some("boom".into()),
            }],
        };
        let body = serde_json::to_value(deploy).unwrap();
        known(&body, &["id", "service_id", "finished_at", "state", "reason", "instance_count"]);
        let view: Deploy = serde_json::from_value(body).unwrap();
        assert_eq!(view.reason.as_deref(), Some("why"));
        assert_eq!(view.instance_deploys.unwrap()[0].error.as_deref(), Some("boom"));
    }

    #[test]
    fn absent_and_null_fields_are_no_failure() {
        let node: Node = serde_json::from_value(json!({"name": null, "node_id": "A:B"})).unwrap();
        assert_eq!(node.label(), "A:B");
        assert!(!node.is_connected());
        let service: Service = serde_json::from_value(json!({"ports": null})).unwrap();
        assert!(service.ports.is_none());
    }
}
