//! Services, their instances and deploys.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Service {
    /// `GRID/STACK/NAME`.
    pub id: String,
    /// Unique in its stack.
    pub name: String,
    /// The grid.
    pub grid: GridRef,
    /// The stack; `null` for services without one.
    pub stack: StackRef,
    /// Time.
    pub created_at: String,
    /// Time of the last change that may ask for a deploy.
    pub updated_at: String,
    /// As given.
    pub image: String,
    /// Whether its data outlives containers and pins instances to nodes.
    pub stateful: bool,
    /// Whether the root file system is read-only.
    pub read_only: bool,
    /// Wanted: `initialized`, `running` or `stopped`.
    pub state: String,
    /// Wanted number of instances (per node for `daemon`).
    pub instances: i64,
    /// What exists.
    #[serde(default)]
    pub instance_counts: InstanceCounts,
    /// `ha`, `daemon` or `random`.
    pub strategy: String,
    /// How deploys go.
    #[serde(default)]
    pub deploy_opts: DeployOpts,
    /// Name in the overlay's DNS.
    #[serde(default)]
    pub dns: String,
    /// `bridge`, `host` or `container:…`.
    pub net: Option<String>,
    /// Published ports.
    #[serde(default)]
    pub ports: Vec<Port>,
    /// `K=V`.
    #[serde(default)]
    pub env: Vec<String>,
    /// Vault secrets as environment.
    #[serde(default)]
    pub secrets: Vec<ServiceSecret>,
    /// `{"subject", "name", "type"}` each.
    #[serde(default)]
    pub certificates: Vec<serde_json::Value>,
    /// Services this one talks to.
    #[serde(default)]
    pub links: Vec<Link>,
    /// The grid's default where the service has none.
    #[serde(default)]
    pub affinity: Vec<String>,
    /// Arguments.
    pub cmd: Option<Vec<String>>,
    /// Program.
    pub entrypoint: Option<String>,
    /// User in the container.
    pub user: Option<String>,
    /// `host`.
    pub pid: Option<String>,
    /// Docker log driver.
    pub log_driver: Option<String>,
    /// Docker log options.
    #[serde(default)]
    pub log_opts: BTreeMap<String, String>,
    /// `SIG…` or a number.
    pub stop_signal: Option<String>,
    /// Bytes.
    pub memory: Option<i64>,
    /// Bytes.
    pub memory_swap: Option<i64>,
    /// Bytes.
    pub shm_size: Option<i64>,
    /// Processors.
    pub cpus: Option<f64>,
    /// Relative weight, 0 to 1024.
    pub cpu_shares: Option<i64>,
    /// As written.
    #[serde(default)]
    pub volumes: Vec<String>,
    /// Containers whose volumes are mounted.
    #[serde(default)]
    pub volumes_from: Vec<String>,
    /// Capabilities added.
    #[serde(default)]
    pub cap_add: Vec<String>,
    /// Capabilities removed.
    #[serde(default)]
    pub cap_drop: Vec<String>,
    /// Commands around a container's life.
    #[serde(default)]
    pub hooks: Vec<HookView>,
    /// Only with a protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// Only with a health check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_status: Option<HealthStatus>,
    /// From 1; grows with each effective change.
    pub revision: i64,
    /// Revision of the stack at its last deploy.
    pub stack_revision: Option<i64>,
    /// Seconds.
    pub stop_grace_period: i64,
}

/// The grid of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GridRef {
    /// The grid's name.
    pub id: String,
}

/// The stack of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StackRef {
    /// `GRID/STACK`.
    pub id: String,
    /// The stack's name.
    pub name: String,
}

/// How many instances exist.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstanceCounts {
    /// All.
    pub total: i64,
    /// Those that run.
    pub running: i64,
}

/// How deploys go.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeployOpts {
    /// A port that must answer before an instance counts as running.
    pub wait_for_port: Option<i64>,
    /// Share of instances, 0 to 1, that a deploy leaves alone at a time.
    pub min_health: Option<f64>,
    /// Seconds between automatic deploys.
    pub interval: Option<i64>,
}

/// A published port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Port {
    /// Host address.
    pub ip: String,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Port on the node.
    pub node_port: u16,
    /// Port in the container.
    pub container_port: u16,
}

/// A vault secret as environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceSecret {
    /// Name in the vault.
    pub secret: String,
    /// Environment name.
    pub name: String,
    /// Always `env`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A service this one talks to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Link {
    /// `GRID/STACK/NAME` of the target.
    pub id: String,
    /// Name inside the container.
    pub alias: String,
    /// `svc`, or `stack/svc` outside the default stack.
    pub name: String,
}

/// A command around a container's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HookView {
    /// Free text.
    pub name: String,
    /// `pre_start`, `post_start` or `pre_stop`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Run by `/bin/sh -c`.
    pub cmd: String,
    /// Whether it runs once per instance.
    pub oneshot: bool,
}

/// How an instance's health is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthCheck {
    /// `http` or `tcp`.
    pub protocol: Option<String>,
    /// Path for http.
    pub uri: Option<String>,
    /// 1 to 65535.
    pub port: Option<i64>,
    /// Seconds.
    pub timeout: i64,
    /// Seconds.
    pub initial_delay: i64,
    /// Seconds.
    pub interval: i64,
}

/// How many instances are healthy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthStatus {
    /// Healthy ones.
    pub healthy: i64,
    /// Unhealthy ones.
    #[serde(default)]
    pub unhealthy: i64,
    /// All.
    pub total: i64,
}

/// `GET /v1/grids/:grid/services`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Services {
    /// Newest first.
    pub services: Vec<Service>,
}

/// A deploy of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceDeploy {
    /// 24 hexadecimal digits.
    pub id: String,
    /// Time.
    pub created_at: String,
    /// Time it was taken from the queue.
    pub queued_at: Option<String>,
    /// Time its first instance was looked at.
    pub started_at: Option<String>,
    /// Time it ended; clients poll until this is set.
    pub finished_at: Option<String>,
    /// `GRID/STACK/NAME`.
    pub service_id: String,
    /// `created`, `ongoing`, `success` or `error`.
    pub state: String,
    /// Why it failed, or what it waits for.
    pub reason: Option<String>,
    /// The service's wanted number of instances.
    pub instance_count: i64,
    /// In the order they were taken up.
    #[serde(default)]
    pub instance_deploys: Vec<InstanceDeploy>,
}

/// One instance within a deploy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstanceDeploy {
    /// From 1.
    pub instance_number: u32,
    /// The node's name when it was chosen.
    pub node: Option<String>,
    /// `created`, `ongoing`, `success` or `error`.
    pub state: String,
    /// Why it failed.
    pub error: Option<String>,
}

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Instance {
    /// 24 hexadecimal digits.
    pub id: String,
    /// Time.
    pub created_at: String,
    /// Time.
    pub updated_at: String,
    /// From 1.
    pub instance_number: u32,
    /// Wanted: `initialized`, `running` or `stopped`.
    pub desired_state: String,
    /// Reported by the agent.
    pub state: String,
    /// Revision it was last deployed at.
    pub deploy_rev: Option<String>,
    /// Revision the report is about.
    pub rev: Option<String>,
    /// Reported by the agent.
    pub error: Option<String>,
    /// Absent while the instance has no node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeOfInstance>,
}

/// The node of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeOfInstance {
    /// `GRID/NAME`.
    pub id: String,
    /// The node's name.
    pub name: String,
    /// Address on the internet.
    pub public_ip: Option<String>,
}

/// `GET /v1/services/:grid/:stack/:name/instances`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Instances {
    /// By number.
    pub instances: Vec<Instance>,
}
