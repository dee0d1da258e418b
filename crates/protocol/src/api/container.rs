//! Containers, and what was measured on a node.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A container as its node's agent last described it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Container {
    /// `GRID/NODE/NAME`.
    pub id: String,
    /// By label, else the engine's own.
    pub name: String,
    /// The engine's id of it.
    pub container_id: String,
    /// The grid.
    pub grid_id: Option<String>,
    /// `GRID/STACK/SERVICE`; null where it belongs to none.
    pub service_id: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeOfContainer>,
    /// Time of the first report.
    pub created_at: String,
    /// Time of the last report.
    pub updated_at: String,
    /// As the engine says.
    pub started_at: Option<String>,
    /// As the engine says.
    pub finished_at: Option<String>,
    /// When its node's connection ended; reported again, it is back.
    pub deleted_at: Option<String>,
    /// `deleted`, `paused`, `restarting`, `dead`, `running`, `oom_killed` or `stopped`.
    pub status: String,
    /// What it does.
    pub state: ContainerState,
    /// The revision of the deploy that made it.
    pub deploy_rev: Option<String>,
    /// The service's revision it was made from.
    pub service_rev: Option<String>,
    /// The instance it realises.
    pub instance_number: Option<u32>,
    /// Its image.
    pub image: Option<String>,
    /// Name within the network.
    pub hostname: Option<String>,
    /// Domain within the network.
    pub domainname: Option<String>,
    /// Arguments.
    pub cmd: Option<Vec<String>>,
    /// Environment, `NAME=value`.
    pub env: Option<Vec<String>>,
    /// Always empty: engines no longer say.
    pub volumes: Option<Vec<Value>>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Address in the overlay network.
    pub ip_address: Option<String>,
    /// Addresses on the node.
    pub network_settings: Value,
    /// The last result of its health check; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_status: Option<HealthOfContainer>,
}

/// What a container does, as its engine says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContainerState {
    /// Why it could not be started.
    pub error: String,
    /// Of its last end.
    pub exit_code: i64,
    /// 0 while it does not run.
    pub pid: i64,
    /// Ended for want of memory.
    pub oom_killed: bool,
    /// Frozen.
    pub paused: bool,
    /// About to be started again.
    pub restarting: bool,
    /// Could not be removed.
    pub dead: bool,
    /// Runs.
    pub running: bool,
}

/// The last result of a container's health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthOfContainer {
    /// `healthy` or `unhealthy`.
    pub status: String,
    /// Time.
    pub updated_at: String,
}

/// The node inside a [`Container`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeOfContainer {
    /// The Docker engine id.
    pub id: Option<String>,
    /// Whether an agent's websocket is open.
    pub connected: bool,
    /// Time of the last sign of life.
    pub last_seen_at: Option<String>,
    /// Unique in the grid.
    pub name: String,
    /// `name` or `name=value`.
    pub labels: Vec<String>,
    /// Address on the internet.
    pub public_ip: Option<String>,
    /// Address in the region.
    pub private_ip: Option<String>,
    /// From 1.
    pub node_number: u32,
    /// The grid.
    pub grid: GridOfContainer,
}

/// The grid inside a [`NodeOfContainer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GridOfContainer {
    /// The grid's name.
    pub id: String,
    /// The grid's name.
    pub name: String,
    /// 1 to 7.
    pub initial_size: u32,
}

/// Several containers, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Containers {
    /// The containers.
    pub containers: Vec<Container>,
}

/// `GET /v1/nodes/:grid/:node/metrics`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Metrics {
    /// Time of the window's begin.
    pub from: String,
    /// Time of its end.
    pub to: String,
    /// One a minute, oldest first.
    pub stats: Vec<Metric>,
}

/// What was measured in one minute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Metric {
    /// Time.
    pub timestamp: String,
    /// Percentages summed over the cores.
    pub cpu: CpuMetric,
    /// Bytes: `used`, `total`, `free`, `active`, `inactive`, `cached`, `buffers`.
    pub memory: Value,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filesystem: Option<FilesystemMetric>,
    /// `internal` and `external` traffic.
    pub network: Value,
}

/// Processor time in a [`Metric`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CpuMetric {
    /// Percent in kernel and programs, summed over the cores.
    pub used: f64,
    /// Cores.
    pub cores: i64,
}

/// File systems in a [`Metric`], together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FilesystemMetric {
    /// Bytes.
    pub used: i64,
    /// Bytes.
    pub total: i64,
}

/// `GET …/stats` of a service, a node or a grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Stats {
    /// The running containers, the highest figure of what they are sorted by first.
    pub stats: Vec<ContainerStats>,
}

/// What was measured of a running container last, within the last five minutes; nulls where nothing was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContainerStats {
    /// The container's name.
    pub container_id: String,
    /// Processor time.
    pub cpu: Option<CpuStats>,
    /// Memory.
    pub memory: Option<MemoryStats>,
    /// Traffic.
    pub network: Option<NetworkStats>,
}

/// Processor time of a container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CpuStats {
    /// Percent of one core.
    pub usage: f64,
    /// Its share in relation to others, 1,024 being usual.
    pub limit: Option<u64>,
    /// Cores it may run on.
    pub num_cores: Option<u32>,
}

/// Memory of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemoryStats {
    /// Bytes used.
    pub usage: i64,
    /// The most bytes it may use; beyond any machine where the engine sets no limit.
    pub limit: Option<u64>,
}

/// Traffic of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NetworkStats {
    /// Between containers.
    pub internal: TrafficStats,
    /// With the rest of the world.
    pub external: TrafficStats,
}

/// What went over some interfaces together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrafficStats {
    /// Their names.
    pub interfaces: Vec<String>,
    /// Bytes received so far.
    pub rx_bytes: i64,
    /// Bytes received in a second.
    pub rx_bytes_per_second: i64,
    /// Bytes sent so far.
    pub tx_bytes: i64,
    /// Bytes sent in a second.
    pub tx_bytes_per_second: i64,
}
