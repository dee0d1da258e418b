//! One reading of the machine an engine runs on: memory, load, processors, disk, network. Counters are
//! as the kernel keeps them; what they come to per second is worked out by `node::stats`.

use serde::Serialize;

/// A machine at one moment. What cannot be read is absent or empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Machine {
    /// Memory.
    pub memory: Memory,
    /// Load averages.
    pub load: Load,
    /// Processor time since the machine's start.
    pub cpu: CpuTimes,
    /// The file system with the engine's data.
    pub filesystem: Option<Filesystem>,
    /// Network interfaces.
    pub interfaces: Vec<Interface>,
}

/// Bytes of memory. Fields are named as the master stores them; what is unknown is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// All of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Not used for anything, not even as a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<u64>,
    /// Used lately.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<u64>,
    /// Not used for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inactive: Option<u64>,
    /// Holds files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached: Option<u64>,
    /// Holds blocks of devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buffers: Option<u64>,
    /// All that is not free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
}

/// Load averages; what is unknown is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Load {
    /// Over a minute.
    #[serde(rename = "1m", skip_serializing_if = "Option::is_none")]
    pub one: Option<f64>,
    /// Over five minutes.
    #[serde(rename = "5m", skip_serializing_if = "Option::is_none")]
    pub five: Option<f64>,
    /// Over fifteen minutes.
    #[serde(rename = "15m", skip_serializing_if = "Option::is_none")]
    pub fifteen: Option<f64>,
}

/// What all processors did so far, in the kernel's ticks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuTimes {
    /// How many processors there are.
    pub cores: u32,
    /// Programs.
    pub user: u64,
    /// Programs of low priority.
    pub nice: u64,
    /// The kernel, interrupts, and what other virtual machines took.
    pub system: u64,
    /// Nothing, or waiting for a disk.
    pub idle: u64,
}

/// Bytes of a file system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Filesystem {
    /// The engine's data folder.
    pub name: String,
    /// Not used.
    pub free: u64,
    /// Not used and not reserved for the administrator.
    pub available: u64,
    /// Used.
    pub used: u64,
    /// All of it.
    pub total: u64,
}

/// Bytes through a network interface since it came up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    /// Such as `docker0`.
    pub name: String,
    /// Received.
    pub rx_bytes: u64,
    /// Sent.
    pub tx_bytes: u64,
}
