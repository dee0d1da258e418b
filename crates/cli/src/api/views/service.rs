//! What is read of services.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::lenient::{decimal, integer};

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
    #[serde(deserialize_with = "integer")]
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
    #[serde(deserialize_with = "integer")]
    pub(crate) memory: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) memory_swap: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) shm_size: Option<i64>,
    #[serde(deserialize_with = "decimal")]
    pub(crate) cpus: Option<f64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) cpu_shares: Option<i64>,
    pub(crate) volumes: Option<Vec<String>>,
    pub(crate) volumes_from: Option<Vec<String>>,
    pub(crate) cap_add: Option<Vec<String>>,
    pub(crate) cap_drop: Option<Vec<String>>,
    pub(crate) hooks: Option<Vec<Hook>>,
    pub(crate) health_check: Option<HealthCheck>,
    pub(crate) health_status: Option<HealthStatus>,
    #[serde(deserialize_with = "integer")]
    pub(crate) revision: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) stack_revision: Option<i64>,
    #[serde(deserialize_with = "integer")]
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
    #[serde(deserialize_with = "integer")]
    pub(crate) running: Option<i64>,
}

/// How deploys go.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DeployOpts {
    #[serde(deserialize_with = "integer")]
    pub(crate) wait_for_port: Option<i64>,
    #[serde(deserialize_with = "decimal")]
    pub(crate) min_health: Option<f64>,
    #[serde(deserialize_with = "integer")]
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
    pub(crate) id: Option<String>,
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
    #[serde(deserialize_with = "integer")]
    pub(crate) port: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) timeout: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) interval: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) initial_delay: Option<i64>,
}

/// How many instances are healthy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HealthStatus {
    #[serde(deserialize_with = "integer")]
    pub(crate) healthy: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) total: Option<i64>,
}
