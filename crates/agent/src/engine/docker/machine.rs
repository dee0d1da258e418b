//! Reads the machine: `/proc` and the file system under the engine's data. Reading text is apart from
//! reading files, so that it can be shown odd ones.
//!
//! These are the figures of the machine the agent runs on. An engine elsewhere (`tcp://`) has others,
//! which nobody but an agent there can read.

use std::path::Path;

use rustix::fs::{StatVfs, statvfs};

use crate::engine::{CpuTimes, Filesystem, Interface, Load, Machine, Memory};

/// Reads everything; waits for disks. `root` is the engine's data folder.
pub(super) fn read(root: &str) -> Machine {
    let text = |name: &str| std::fs::read_to_string(Path::new("/proc").join(name));
    let text = |name: &str| text(name).unwrap_or_default();
    Machine {
        memory: memory(&text("meminfo")),
        load: load(&text("loadavg")),
        cpu: cpu(&text("stat")),
        filesystem: filesystem(root),
        interfaces: interfaces(&text("net/dev")),
    }
}

/// An agent in a container may not see the engine's folder; then its own root stands in, which is most
/// often a directory inside that folder.
fn filesystem(root: &str) -> Option<Filesystem> {
    let found = statvfs(root).or_else(|_| statvfs("/")).ok()?;
    Some(bytes(root, &found))
}

fn bytes(name: &str, found: &StatVfs) -> Filesystem {
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Filesystem {
        name: name.to_owned(),
        free: bytes(found.f_bfree),
        available: bytes(found.f_bavail),
        used: bytes(found.f_blocks.saturating_sub(found.f_bfree)),
        total: bytes(found.f_blocks),
    }
}

/// Reads `/proc/meminfo`.
fn memory(text: &str) -> Memory {
    let find = |name: &str| {
        let mut values = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kilobytes: u64 = values.next()?.split_whitespace().next()?.parse().ok()?;
        kilobytes.checked_mul(1024)
    };
    let (total, free) = (find("MemTotal"), find("MemFree"));
    Memory {
        total,
        free,
        active: find("Active"),
        inactive: find("Inactive"),
        cached: find("Cached"),
        buffers: find("Buffers"),
        used: total.zip(free).map(|(total, free)| total.saturating_sub(free)),
    }
}

/// Reads `/proc/loadavg`.
fn load(text: &str) -> Load {
    let mut averages = text.split_whitespace().map(|word| word.parse().ok());
    let mut next = || averages.next().flatten();
    Load { one: next(), five: next(), fifteen: next() }
}

/// Reads `/proc/stat`: the line of all processors, and how many have one of their own.
fn cpu(text: &str) -> CpuTimes {
    let (mut all, mut cores) = (None, 0);
    for line in text.lines() {
        match line.strip_prefix("cpu") {
            Some(line) if line.starts_with(' ') => all = Some(line),
            Some(_) => cores += 1,
            None => {}
        }
    }
    let mut ticks = all.unwrap_or_default().split_whitespace().map(|word| word.parse().ok());
    // Columns that an old kernel does not have count as nothing.
    let mut next = || ticks.next().flatten().unwrap_or(0_u64);
    let [user, nice, kernel, idle] = [next(), next(), next(), next()];
    let [waiting, interrupts, soft_interrupts, stolen] = [next(), next(), next(), next()];
    let system =
        [interrupts, soft_interrupts, stolen].into_iter().fold(kernel, u64::saturating_add);
    CpuTimes { cores, user, nice, system, idle: idle.saturating_add(waiting) }
}

/// Reads `/proc/net/dev`.
fn interfaces(text: &str) -> Vec<Interface> {
    text.lines().filter_map(interface).collect()
}

fn interface(line: &str) -> Option<Interface> {
    let (name, counters) = line.split_once(':')?;
    let mut counters = counters.split_whitespace().map(|word| word.parse().ok());
    // Eight columns of what was received come first, the bytes are the first of each half.
    let (rx_bytes, tx_bytes) = (counters.next()??, counters.nth(7)??);
    Some(Interface { name: name.trim().to_owned(), rx_bytes, tx_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_in_bytes_and_what_is_missing_stays_missing() {
        let text = "MemTotal:        2051188 kB\nMemFree:          196696 kB\n\
            MemAvailable:    1234567 kB\nBuffers:           87890 kB\nCached:           683593 kB\n\
            SwapCached:            7 kB\nActive:          1171875 kB\nInactive:         390625 kB\n\
            Active(anon):         12 kB\n";
        let read = memory(text);
        assert_eq!(read.total, Some(2_100_416_512));
        assert_eq!(read.used, Some(2_100_416_512 - 196_696 * 1024));
        assert_eq!((read.cached, read.active), (Some(683_593 * 1024), Some(1_171_875 * 1024)));
        assert_eq!(memory("Something: else\nMemTotal:\n"), Memory::default());
        let sparse = memory("MemTotal: 4 kB\nMemFree: none\n");
        assert_eq!(sparse, Memory { total: Some(4096), ..Memory::default() });
        assert_eq!(serde_json::to_value(memory("")).ok(), Some(serde_json::json!({})));
    }

    #[test]
    fn load_has_three_spans() {
        let read = load("0.10 0.20 0.15 2/345 6789\n");
        assert_eq!(
            serde_json::to_value(read).ok(),
            Some(serde_json::json!({"1m": 0.1, "5m": 0.2, "15m": 0.15}))
        );
        assert_eq!(load(""), Load::default());
    }

    #[test]
    fn processor_time_is_that_of_all_cores() {
        let text = "cpu  100 20 30 400 50 6 7 8 0 0\ncpu0 50 10 15 200 25 3 3 4 0 0\n\
            cpu1 50 10 15 200 25 3 4 4 0 0\nintr 12345\nctxt 1\n";
        let expected = CpuTimes { cores: 2, user: 100, nice: 20, system: 51, idle: 450 };
        assert_eq!(cpu(text), expected);
        let old = CpuTimes { cores: 0, user: 1, nice: 2, system: 3, idle: 4 };
        assert_eq!(cpu("cpu  1 2 3 4\n"), old);
        assert_eq!(cpu("nonsense"), CpuTimes::default());
    }

    #[test]
    fn interfaces_are_read_with_and_without_a_blank_after_the_colon() {
        let text = "Inter-|   Receive                                                |  Transmit\n \
            face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets\n\
            docker0: 100 1 0 0 0 0 0 0 200 2 0 0 0 0 0 0\n  weave:3 1 0 0 0 0 0 0 4 2 0 0 0 0 0 0\n\
            broken: 1 2\n";
        let read =
            |name: &str, rx_bytes, tx_bytes| Interface { name: name.into(), rx_bytes, tx_bytes };
        assert_eq!(interfaces(text), [read("docker0", 100, 200), read("weave", 3, 4)]);
    }

    #[test]
    fn this_machine_can_be_read() {
        let machine = read("/nowhere");
        assert!(machine.memory.total > machine.memory.free);
        assert!(machine.cpu.cores > 0 && machine.load.one.is_some());
        let filesystem = machine.filesystem.expect("there is a root");
        assert_eq!(filesystem.name, "/nowhere");
        assert!(filesystem.total >= filesystem.free && filesystem.free >= filesystem.available);
    }
}
