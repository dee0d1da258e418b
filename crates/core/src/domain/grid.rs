//! Grids.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Cidr, GridId, Time};

/// A grid: nodes that dial in, and services spread over them. Its token is kept sealed by the store and
/// is not part of the picture decisions are made on.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Identity.
    pub id: GridId,
    /// Unique; the id in the API and on the wire.
    pub name: String,
    /// Nodes numbered up to this are initial nodes; 1 to 7.
    pub initial_size: u32,
    /// Affinity of services that have none of their own.
    pub default_affinity: Vec<String>,
    /// The overlay network of nodes and containers.
    pub subnet: Cidr,
    /// The network other networks are cut from.
    pub supernet: Cidr,
    /// Networks between nodes that need no encryption.
    pub trusted_subnets: Vec<Cidr>,
    /// Where agents send statistics.
    pub statsd: Option<Statsd>,
    /// Where agents send logs.
    pub logs: Option<LogForwarding>,
    /// Creation.
    pub created_at: Time,
}

/// A statsd server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statsd {
    /// Host.
    pub server: String,
    /// UDP port.
    pub port: u16,
}

/// Log forwarding of agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogForwarding {
    /// `fluentd`.
    pub forwarder: String,
    /// Such as `fluentd-address`.
    pub opts: BTreeMap<String, String>,
}
