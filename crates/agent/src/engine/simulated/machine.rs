//! The machine a simulated engine pretends to run on. Nothing is read: figures follow from the options,
//! the number of containers and the clock, and counters never fall.

use chrono::{DateTime, Utc};

use super::SimulatedOptions;
use crate::engine::{CpuTimes, Filesystem, Load, Machine, Memory};

/// Where the pretended engine keeps its data.
pub(super) const ROOT: &str = "/var/lib/docker";
/// Ticks of one processor in a second.
const TICKS: u64 = 100;
/// Memory a pretended container takes.
const CONTAINER_MEMORY: u64 = 16 << 20;
/// The pretended disk.
const DISK: u64 = 64 << 30;
/// What a pretended container takes of it.
const CONTAINER_DISK: u64 = 32 << 20;

/// Makes up a reading.
pub(super) fn machine(
    options: &SimulatedOptions,
    all: usize,
    running: usize,
    now: DateTime<Utc>,
) -> Machine {
    Machine {
        memory: memory(options.memory_bytes, running),
        load: load(running),
        cpu: cpu(options.cpus, options.seed, now),
        filesystem: Some(disk(all)),
        interfaces: Vec::new(),
    }
}

fn memory(total: u64, running: usize) -> Memory {
    let containers = count(running).saturating_mul(CONTAINER_MEMORY);
    let (cached, buffers) = (total / 8, total / 64);
    let used = (total / 4).saturating_add(containers).min(total);
    Memory {
        total: Some(total),
        free: Some(total - used),
        active: Some(used / 2),
        inactive: Some(used / 4),
        cached: Some(cached),
        buffers: Some(buffers),
        used: Some(used),
    }
}

fn load(running: usize) -> Load {
    let containers = u32::try_from(running).unwrap_or(u32::MAX);
    let load = f64::from(5 + containers.min(1000)) / 100.0;
    Load { one: Some(load), five: Some(load), fifteen: Some(load) }
}

/// The seed alone decides how busy the machine is: if containers did, counters would fall with them.
fn cpu(cores: u32, seed: u64, now: DateTime<Utc>) -> CpuTimes {
    let tenths = u64::try_from(now.timestamp_millis() / 100).unwrap_or_default();
    let ticks = (tenths * TICKS / 10).saturating_mul(u64::from(cores));
    let user = ticks / 100 * (2 + seed % 8);
    let system = ticks / 100;
    CpuTimes { cores, user, nice: 0, system, idle: ticks - user - system }
}

fn disk(all: usize) -> Filesystem {
    let used = (DISK / 8).saturating_add(count(all).saturating_mul(CONTAINER_DISK)).min(DISK);
    let free = DISK - used;
    Filesystem { name: ROOT.into(), free, available: free - free / 20, used, total: DISK }
}

fn count(containers: usize) -> u64 {
    u64::try_from(containers).unwrap_or(u64::MAX)
}
