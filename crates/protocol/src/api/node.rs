//! Nodes.

use serde::{Deserialize, Serialize};

/// A node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Node {
    /// `GRID/NAME`.
    pub id: String,
    /// The Docker engine id; null until an agent has connected.
    pub node_id: Option<String>,
    /// Unique in the grid.
    pub name: String,
    /// Whether an agent's websocket is open.
    pub connected: bool,
    /// Whether the agent has reported since it connected.
    pub updated: bool,
    /// `created`, `offline`, `connecting`, `drain` or `online`.
    pub status: String,
    /// `active` or `drain`.
    pub availability: String,
    /// Whether the node has a token of its own.
    pub has_token: bool,
    /// Time.
    pub created_at: String,
    /// Time.
    pub updated_at: String,
    /// Time of the last accepted connection, by the agent's clock.
    pub connected_at: Option<String>,
    /// Time the last connection ended.
    pub disconnected_at: Option<String>,
    /// Time of the last sign of life.
    pub last_seen_at: Option<String>,
    /// The agent's version.
    pub agent_version: Option<String>,
    /// The engine's version.
    pub docker_version: Option<String>,
    /// Operating system.
    pub os: Option<String>,
    /// Kernel version.
    pub kernel_version: Option<String>,
    /// Storage driver.
    pub driver: Option<String>,
    /// The engine's data folder.
    pub engine_root_dir: Option<String>,
    /// Network drivers.
    #[serde(default)]
    pub network_drivers: Vec<DriverView>,
    /// Volume drivers.
    #[serde(default)]
    pub volume_drivers: Vec<DriverView>,
    /// `name` or `name=value`; stock masters may send null.
    pub labels: Option<Vec<String>>,
    /// Processors.
    pub cpus: Option<i64>,
    /// Bytes.
    pub mem_total: Option<i64>,
    /// As reported.
    pub mem_limit: Option<i64>,
    /// Address on the internet.
    pub public_ip: Option<String>,
    /// Address in the region.
    pub private_ip: Option<String>,
    /// Address in the overlay.
    pub overlay_ip: Option<String>,
    /// Addresses of the other nodes.
    #[serde(default)]
    pub peer_ips: Vec<String>,
    /// From 1.
    pub node_number: u32,
    /// Whether the number is within the grid's initial size.
    pub initial_member: bool,
    /// The grid.
    pub grid: Option<GridOfNode>,
    /// Memory, load, file systems, cpu; absent before the first report of an unconnected node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_usage: Option<serde_json::Value>,
    /// Why the agent is not connected, in words; absent while it is. Not in Kontena 1.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_error: Option<String>,
}

/// A driver of an engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DriverView {
    /// Such as `local`.
    pub name: String,
    /// Of a plugin.
    pub version: Option<String>,
}

/// The grid inside a [`Node`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GridOfNode {
    /// The grid's name.
    pub id: String,
    /// The grid's name.
    pub name: String,
    /// 1 to 7.
    pub initial_size: u32,
    /// The grid token; provider plugins read it here.
    #[serde(default)]
    pub token: Option<String>,
    /// `{"statsd": …}`.
    #[serde(default)]
    pub stats: serde_json::Value,
    /// CIDRs.
    #[serde(default)]
    pub trusted_subnets: Vec<String>,
    /// CIDR.
    #[serde(default)]
    pub subnet: String,
    /// CIDR.
    #[serde(default)]
    pub supernet: String,
    /// Absent without a forwarder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<serde_json::Value>,
}

/// `GET /v1/grids/:grid/nodes`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Nodes {
    /// By name.
    pub nodes: Vec<Node>,
}

/// `POST /v1/grids/:grid/nodes`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeCreate {
    /// One or more of `A-Za-z0-9_-`.
    pub name: String,
    /// Always sent, as the stock client does.
    pub labels: Vec<String>,
    /// 16 to 256 characters; generated where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// `PUT /v1/nodes/:grid/:node`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeUpdate {
    /// Replaces all labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// `active` or `drain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability: Option<String>,
}

/// `GET` and `PUT /v1/nodes/:grid/:node/token`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeToken {
    /// `GRID/NAME`.
    pub id: String,
    /// The node token in clear.
    pub token: String,
}

impl std::fmt::Debug for NodeToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NodeToken({}, …)", self.id)
    }
}

/// Body of `PUT` and `DELETE /v1/nodes/:grid/:node/token`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenReset {
    /// Null: generate one.
    pub token: Option<String>,
    /// Whether the agent is disconnected.
    pub reset_connection: bool,
}

/// `GET /v1/nodes/:grid/:node/health`: answered only while the agent is connected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeHealth {
    /// `GRID/NAME`.
    pub id: String,
    /// Unique in the grid.
    pub name: String,
    /// From 1.
    pub node_number: u32,
    /// Whether the number is within the grid's initial size.
    pub initial_member: bool,
    /// `created`, `offline`, `connecting`, `drain` or `online`.
    pub status: String,
    /// Time of the last accepted connection, by the agent's clock.
    pub connected_at: Option<String>,
    /// Time the last connection ended.
    pub disconnected_at: Option<String>,
    /// Whether an agent's websocket is open.
    pub connected: bool,
    /// What the agent says of its etcd.
    pub etcd_health: EtcdHealth,
}

/// The etcd of a node, inside a [`NodeHealth`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EtcdHealth {
    /// Whether it is healthy; null where only an error is known.
    pub health: Option<bool>,
    /// Why it is not, in words.
    pub error: Option<String>,
}
