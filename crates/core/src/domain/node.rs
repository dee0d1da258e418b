//! Nodes: what is wanted of them (availability, labels), what is observed (connection, report), and the
//! status derived from both.

use serde::{Deserialize, Serialize};

use super::{EngineId, GridId, MemoryStats, NodeFigures, NodeId, Time};

/// A machine that runs an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Identity.
    pub id: NodeId,
    /// The grid.
    pub grid: GridId,
    /// From 1, unique in the grid; freed numbers are used again.
    pub number: u32,
    /// Unique in the grid.
    pub name: String,
    /// The Docker engine's id; none until an agent has connected. Unique over all grids.
    pub engine_id: Option<EngineId>,
    /// Whether the node has a token of its own (otherwise it uses the grid's).
    pub has_token: bool,
    /// Wanted: `name` or `name=value`.
    pub labels: Vec<String>,
    /// Wanted.
    pub availability: Availability,
    /// Observed: whether an agent's connection is open.
    pub connected: bool,
    /// Observed: whether the agent has reported since it connected.
    pub updated: bool,
    /// Identity of the connection: the agent's clock when it dialled, cut to milliseconds.
    pub connected_at: Option<Time>,
    /// When the last connection was found to have ended.
    pub disconnected_at: Option<Time>,
    /// When the record last turned to not connected, whatever turned it: the end of the connection, a
    /// refusal, a reset token, or the sweep.
    pub marked_offline_at: Option<Time>,
    /// Last sign of life.
    pub last_seen_at: Option<Time>,
    /// How the last connection began and ended.
    pub connection: Option<Connection>,
    /// The agent's version.
    pub agent_version: Option<String>,
    /// What the engine says about itself.
    pub report: NodeReport,
    /// What the agent last measured.
    pub figures: Option<NodeFigures>,
    /// Creation.
    pub created_at: Time,
    /// Last change by a report or by an administrator.
    pub updated_at: Time,
}

/// Whether a node takes instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Availability {
    /// Takes instances.
    #[default]
    Active,
    /// Takes none; stateless ones leave, stateful ones are stopped.
    Drain,
}

impl Availability {
    /// The API's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Drain => "drain",
        }
    }
}

/// How a connection began and ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// False where the connection was refused.
    pub opened: bool,
    /// None while it is open.
    pub close_code: Option<u16>,
    /// None while it is open.
    pub close_reason: Option<String>,
}

impl Connection {
    /// A connection that was open and has ended. One that was refused never counted as its node's, so
    /// that it has no end of its own.
    #[must_use]
    pub fn ended(close_code: u16, close_reason: &str) -> Self {
        Self {
            opened: true,
            close_code: Some(close_code),
            close_reason: Some(close_reason.to_owned()),
        }
    }
}

/// What a node's engine says about itself; every field is overwritten by each report.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeReport {
    /// Operating system.
    pub os: Option<String>,
    /// The engine's data folder.
    pub docker_root_dir: Option<String>,
    /// Storage driver.
    pub driver: Option<String>,
    /// Kernel version.
    pub kernel_version: Option<String>,
    /// The engine's version.
    pub docker_version: Option<String>,
    /// Address on the internet.
    pub public_ip: Option<String>,
    /// Address in the region.
    pub private_ip: Option<String>,
    /// Bytes.
    pub mem_total: Option<i64>,
    /// Whether the kernel can limit memory, as a number.
    pub mem_limit: Option<i64>,
    /// Processors.
    pub cpus: Option<i64>,
    /// Volume drivers.
    pub volume_drivers: Vec<Driver>,
    /// Network drivers.
    pub network_drivers: Vec<Driver>,
}

/// A driver of an engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Driver {
    /// Such as `local`.
    pub name: String,
    /// Of a plugin.
    pub version: Option<String>,
}

/// The state of a node in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeStatus {
    /// No agent has connected yet.
    Created,
    /// Not connected.
    Offline,
    /// Connected, not reported yet.
    Connecting,
    /// Online, and taking no instances.
    Drain,
    /// Online.
    Online,
}

impl NodeStatus {
    /// The API's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Offline => "offline",
            Self::Connecting => "connecting",
            Self::Drain => "drain",
            Self::Online => "online",
        }
    }
}

impl Node {
    /// Makes a node nobody has connected as yet.
    #[must_use]
    pub fn new(id: NodeId, grid: GridId, number: u32, name: String, now: Time) -> Self {
        Self {
            id,
            grid,
            number,
            name,
            engine_id: None,
            has_token: false,
            labels: Vec::new(),
            availability: Availability::Active,
            connected: false,
            updated: false,
            connected_at: None,
            disconnected_at: None,
            marked_offline_at: None,
            last_seen_at: None,
            connection: None,
            agent_version: None,
            report: NodeReport::default(),
            figures: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// The status (`agent-protocol.md` 5.6).
    #[must_use]
    pub fn status(&self) -> NodeStatus {
        match () {
            () if self.engine_id.is_none() => NodeStatus::Created,
            () if !self.connected => NodeStatus::Offline,
            () if !self.updated => NodeStatus::Connecting,
            () if self.availability == Availability::Drain => NodeStatus::Drain,
            () => NodeStatus::Online,
        }
    }

    /// Since when the node is offline, as far as graces count. None where it was never seen;
    /// meaningless while it is connected.
    #[must_use]
    pub fn offline_since(&self) -> Option<Time> {
        self.marked_offline_at.or(self.disconnected_at.max(self.last_seen_at))
    }

    /// Memory as last measured.
    #[must_use]
    pub fn memory(&self) -> Option<MemoryStats> {
        self.figures.as_ref().and_then(|figures| figures.memory)
    }

    /// Looks a label up by name: the first label whose part before the first `=` is `name` decides.
    /// The inner value is none for a bare label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<Option<&str>> {
        self.labels.iter().find_map(|label| match label.split_once('=') {
            Some((left, value)) if left == name => Some(Some(value)),
            None if label == name => Some(None),
            _ => None,
        })
    }

    /// The availability zone: label `az`, or `default` when absent or bare.
    #[must_use]
    pub fn zone(&self) -> &str {
        self.label("az").flatten().unwrap_or("default")
    }

    /// The region: label `region`, or `default` when absent or bare.
    #[must_use]
    pub fn region(&self) -> &str {
        self.label("region").flatten().unwrap_or("default")
    }

    /// Whether the node may vanish: label `ephemeral` with any value but `no` and `false`.
    #[must_use]
    pub fn is_ephemeral(&self) -> bool {
        self.label("ephemeral").is_some_and(|value| !matches!(value, Some("no" | "false")))
    }

    /// Whether the node is one of the grid's initial ones.
    #[must_use]
    pub fn is_initial(&self, initial_size: u32) -> bool {
        self.number <= initial_size
    }
}
