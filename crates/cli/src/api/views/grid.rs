//! What is read of grids.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::lenient::integer;

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
    #[serde(deserialize_with = "integer")]
    pub(crate) initial_size: Option<i64>,
    pub(crate) stats: Option<GridStats>,
    pub(crate) default_affinity: Option<Vec<String>>,
    pub(crate) trusted_subnets: Option<Vec<String>>,
    #[serde(deserialize_with = "integer")]
    pub(crate) node_count: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) service_count: Option<i64>,
    #[serde(deserialize_with = "integer")]
    pub(crate) container_count: Option<i64>,
    #[serde(deserialize_with = "integer")]
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
