//! What an agent measures on its machine, once a minute (`agent-protocol.md` 4.2, `/nodes/stats`).
//!
//! Sizes are bytes, loads and percentages plain numbers; a figure the agent could not take is zero.

use serde::{Deserialize, Serialize};

use super::Time;

/// One measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeSample {
    /// The agent's clock.
    pub at: Time,
    /// The machine itself.
    pub figures: NodeFigures,
    /// Its interfaces; not among a node's latest figures, as in Kontena 1.5.
    pub network: NodeTraffic,
}

/// The figures that a node is shown with; also what decisions look at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeFigures {
    /// None where the machine does not tell.
    pub memory: Option<MemoryStats>,
    /// Load averages.
    pub load: LoadAverages,
    /// One entry: the file system of the engine's data folder.
    pub filesystem: Vec<Filesystem>,
    /// Processor time.
    pub cpu: CpuUsage,
    /// How long containers ran since the previous measurement, in container-seconds.
    pub container_seconds: i64,
}

/// Memory of a node in bytes; `used` includes caches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemoryStats {
    /// All.
    pub total: i64,
    /// `total - free`.
    pub used: i64,
    /// Unused by anything.
    pub free: i64,
    /// Page cache.
    pub cached: i64,
    /// Buffers.
    pub buffers: i64,
    /// Recently used.
    pub active: i64,
    /// Not recently used.
    pub inactive: i64,
}

/// Load averages over one, five and fifteen minutes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoadAverages {
    /// One minute.
    #[serde(rename = "1m")]
    pub one: f64,
    /// Five minutes.
    #[serde(rename = "5m")]
    pub five: f64,
    /// Fifteen minutes.
    #[serde(rename = "15m")]
    pub fifteen: f64,
}

/// A file system, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filesystem {
    /// The folder it holds.
    pub name: String,
    /// Not used.
    pub free: i64,
    /// Not used, and free for everybody.
    pub available: i64,
    /// Used.
    pub used: i64,
    /// All.
    pub total: i64,
}

/// Processor time as percentages summed over the cores: 0 to 100 times their number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CpuUsage {
    /// Cores.
    pub num_cores: i64,
    /// In the kernel.
    pub system: f64,
    /// In programs.
    pub user: f64,
    /// In programs of low priority.
    pub nice: f64,
    /// Doing nothing.
    pub idle: f64,
}

/// What went over a node's interfaces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeTraffic {
    /// Between containers.
    pub internal: Traffic,
    /// With the rest of the world.
    pub external: Traffic,
}

/// What went over some interfaces together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Traffic {
    /// Their names.
    pub interfaces: Vec<String>,
    /// Received since the machine started, in bytes.
    pub rx_bytes: i64,
    /// Received, in bytes per second.
    pub rx_bytes_per_second: i64,
    /// Sent since the machine started, in bytes.
    pub tx_bytes: i64,
    /// Sent, in bytes per second.
    pub tx_bytes_per_second: i64,
}

/// What an agent measured of a container last.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerFigures {
    /// When the master heard of it.
    pub at: Time,
    /// Processor time.
    pub cpu: Option<ContainerCpu>,
    /// Memory.
    pub memory: Option<ContainerMemory>,
    /// What went over its interfaces.
    pub network: Option<NodeTraffic>,
}

/// Processor time of a container.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ContainerCpu {
    /// Percent of one core; more than 100 where it takes several.
    pub percent: f64,
    /// Its share in relation to others, 1,024 being usual.
    pub limit: Option<u64>,
    /// Cores it may run on.
    pub cores: Option<u32>,
}

/// Memory of a container, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerMemory {
    /// Used.
    pub usage: i64,
    /// The most it may use, as the engine has it: a container without a limit may have a very large one.
    pub limit: Option<u64>,
}
