//! What is read of nodes.

use serde::Deserialize;
use serde_json::Value;

use super::lenient::{decimal, integer};

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
    #[serde(deserialize_with = "integer")]
    pub(crate) cpus: Option<i64>,
    #[serde(deserialize_with = "decimal")]
    pub(crate) mem_total: Option<f64>,
    pub(crate) public_ip: Option<String>,
    pub(crate) private_ip: Option<String>,
    pub(crate) overlay_ip: Option<String>,
    #[serde(deserialize_with = "integer")]
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
    #[serde(deserialize_with = "decimal")]
    pub(crate) one: Option<f64>,
    #[serde(rename = "5m")]
    #[serde(deserialize_with = "decimal")]
    pub(crate) five: Option<f64>,
    #[serde(rename = "15m")]
    #[serde(deserialize_with = "decimal")]
    pub(crate) fifteen: Option<f64>,
}

/// Bytes of memory.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Memory {
    #[serde(deserialize_with = "decimal")]
    used: Option<f64>,
    #[serde(deserialize_with = "decimal")]
    cached: Option<f64>,
    #[serde(deserialize_with = "decimal")]
    buffers: Option<f64>,
    #[serde(deserialize_with = "decimal")]
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
    #[serde(deserialize_with = "decimal")]
    pub(crate) used: Option<f64>,
    #[serde(deserialize_with = "decimal")]
    pub(crate) total: Option<f64>,
}

/// What an agent says of its node.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NodeHealth {
    pub(crate) status: Option<String>,
    pub(crate) connected_at: Option<String>,
    pub(crate) etcd_health: Option<EtcdHealth>,
}

/// Whether the etcd of a node is healthy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct EtcdHealth {
    pub(crate) health: Option<bool>,
    pub(crate) error: Option<String>,
}
