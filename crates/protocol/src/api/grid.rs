//! Grids.

use serde::{Deserialize, Serialize};

/// A grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Grid {
    /// The grid's name.
    pub id: String,
    /// The grid's name.
    pub name: String,
    /// The token any node may join with.
    pub token: String,
    /// 1 to 7.
    pub initial_size: u32,
    /// `{"statsd": null}` or `{"statsd": {"server", "port"}}`.
    pub stats: serde_json::Value,
    /// Affinity of services that have none.
    #[serde(default)]
    pub default_affinity: Vec<String>,
    /// CIDRs.
    #[serde(default)]
    pub trusted_subnets: Vec<String>,
    /// Nodes, connected or not.
    pub node_count: u64,
    /// Services.
    pub service_count: u64,
    /// Containers of services.
    pub container_count: u64,
    /// Users assigned to the grid.
    pub user_count: u64,
    /// CIDR.
    pub subnet: String,
    /// CIDR.
    pub supernet: String,
    /// `{"forwarder", "opts"}`; absent without a forwarder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<serde_json::Value>,
}

/// `GET /v1/grids`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Grids {
    /// The grids the caller may see.
    pub grids: Vec<Grid>,
}

/// `POST /v1/grids`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GridCreate {
    /// At least three of `A-Za-z0-9_-`.
    pub name: String,
    /// 1 to 7.
    pub initial_size: u32,
    /// Generated where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// CIDR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
    /// CIDR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supernet: Option<String>,
    /// `{"statsd": {"server", "port"}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<serde_json::Value>,
    /// `{"forwarder", "opts"}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<serde_json::Value>,
    /// Affinity of services that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_affinity: Option<Vec<String>>,
}
