//! What agents measure: `/nodes/stats` and `/containers/stat` read leniently, as a figure that is missing or
//! no number must not lose the others.

use chrono::NaiveDateTime;
use kontena_core::domain::{
    ContainerCpu, ContainerFigures, ContainerMemory, CpuUsage, Filesystem, LoadAverages,
    MemoryStats, NodeFigures, NodeSample, NodeTraffic, Time, Traffic,
};
use serde_json::Value;

use super::bounded::{
    self, FILESYSTEMS, INTERFACES, INTERFACES_OF_CONTAINER, NAME, NAME_OF_INTERFACE, field,
};

/// Reads `/nodes/stats`; `now` is the moment of a report that names none.
#[must_use]
pub fn read_node_stats(stats: &Value, now: Time) -> NodeSample {
    let usage = field(stats, "usage");
    NodeSample {
        at: field(stats, "time").as_str().and_then(read_utc_text).unwrap_or(now),
        figures: NodeFigures {
            memory: memory(field(stats, "memory")),
            load: load(field(stats, "load")),
            filesystem: bounded::list(field(stats, "filesystem"), FILESYSTEMS)
                .map(filesystem)
                .collect(),
            cpu: cpu(field(stats, "cpu")),
            container_seconds: whole(usage, "container_seconds"),
        },
        network: NodeTraffic {
            internal: traffic(field(field(stats, "network"), "internal"), INTERFACES, NAME),
            external: traffic(field(field(stats, "network"), "external"), INTERFACES, NAME),
        },
    }
}

/// Reads `/containers/stat`: which container it is about, and its figures as of `now`. None where it names
/// no container or has no figure.
#[must_use]
pub fn read_container_stat(stat: &Value, now: Time) -> Option<(String, ContainerFigures)> {
    let id = field(stat, "id").as_str().filter(|id| (1..=NAME).contains(&id.len()))?;
    let spec = field(stat, "spec");
    let (cpu, memory) = (field(stat, "cpu"), field(stat, "memory"));
    let network = field(stat, "network");
    let figures = ContainerFigures {
        at: now,
        cpu: field(cpu, "usage_pct").as_f64().map(|percent| ContainerCpu {
            percent,
            limit: limit(field(spec, "cpu")),
            cores: field(field(spec, "cpu"), "mask").as_str().and_then(cores),
        }),
        memory: field(memory, "usage").as_f64().map(|_| ContainerMemory {
            usage: whole(memory, "usage"),
            limit: limit(field(spec, "memory")),
        }),
        network: network.as_object().filter(|kinds| !kinds.is_empty()).map(|_| NodeTraffic {
            internal: of_container(field(network, "internal")),
            external: of_container(field(network, "external")),
        }),
    };
    let is_empty = figures.cpu.is_none() && figures.memory.is_none() && figures.network.is_none();
    (!is_empty).then(|| (id.to_owned(), figures))
}

/// Kept as the engine has it: "none" is a number beyond any machine there.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, which is as good as any limit of that size"
)]
fn limit(spec: &Value) -> Option<u64> {
    let limit = field(spec, "limit");
    limit.as_u64().or_else(|| limit.as_f64().map(|number| number as u64))
}

/// How many cores a mask such as `0-3,6` has; none where it is no mask.
fn cores(mask: &str) -> Option<u32> {
    const MOST: u32 = 65_536;
    let mut count: u32 = 0;
    for part in mask.split(',').take(1024) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        let cores = last.checked_sub(first)?.saturating_add(1);
        count = count.saturating_add(cores).min(MOST);
    }
    Some(count)
}

/// Reads `2017-08-01 12:34:56 UTC`.
fn read_utc_text(text: &str) -> Option<Time> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S UTC").ok().map(|at| at.and_utc())
}

/// Bytes and counts; agents may send them as floats.
#[expect(clippy::cast_possible_truncation, reason = "saturates, which is as good as any figure")]
fn whole(value: &Value, key: &str) -> i64 {
    let value = field(value, key);
    let number = value.as_i64().or_else(|| value.as_f64().map(|number| number as i64));
    bounded::count(number.unwrap_or_default())
}

fn number(value: &Value, key: &str) -> f64 {
    field(value, key).as_f64().unwrap_or_default()
}

/// An agent that cannot read its memory sends an empty map.
fn memory(memory: &Value) -> Option<MemoryStats> {
    memory.as_object().filter(|fields| !fields.is_empty())?;
    Some(MemoryStats {
        total: whole(memory, "total"),
        used: whole(memory, "used"),
        free: whole(memory, "free"),
        cached: whole(memory, "cached"),
        buffers: whole(memory, "buffers"),
        active: whole(memory, "active"),
        inactive: whole(memory, "inactive"),
    })
}

fn load(load: &Value) -> LoadAverages {
    LoadAverages { one: number(load, "1m"), five: number(load, "5m"), fifteen: number(load, "15m") }
}

fn filesystem(entry: &Value) -> Filesystem {
    Filesystem {
        name: bounded::text(field(entry, "name"), NAME).unwrap_or_default(),
        free: whole(entry, "free"),
        available: whole(entry, "available"),
        used: whole(entry, "used"),
        total: whole(entry, "total"),
    }
}

fn cpu(cpu: &Value) -> CpuUsage {
    CpuUsage {
        num_cores: whole(cpu, "num_cores"),
        system: number(cpu, "system"),
        user: number(cpu, "user"),
        nice: number(cpu, "nice"),
        idle: number(cpu, "idle"),
    }
}

/// Of a node there are thousands of containers, and their figures are in memory.
fn of_container(network: &Value) -> Traffic {
    traffic(network, INTERFACES_OF_CONTAINER, NAME_OF_INTERFACE)
}

fn traffic(traffic: &Value, most: usize, longest: usize) -> Traffic {
    Traffic {
        interfaces: bounded::list(field(traffic, "interfaces"), most)
            .filter_map(|name| bounded::text(name, longest))
            .collect(),
        rx_bytes: whole(traffic, "rx_bytes"),
        rx_bytes_per_second: whole(traffic, "rx_bytes_per_second"),
        tx_bytes: whole(traffic, "tx_bytes"),
        tx_bytes_per_second: whole(traffic, "tx_bytes_per_second"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_and_what_is_no_number_is_zero() {
        let now = Time::default();
        let sample = read_node_stats(
            &serde_json::json!({
                "memory": {"total": 2_100_416_512_i64, "free": 201_416_704.0, "used": "much"},
                "usage": {"container_seconds": 420}, "load": {"1m": 0.1, "5m": null},
                "filesystem": [{"name": "/var/lib/docker", "used": 7}, {}],
                "cpu": {"num_cores": 2, "idle": null},
                "network": {"internal": {"interfaces": ["weave", 3], "rx_bytes": 100}},
                "time": "2017-08-01 12:34:56 UTC",
            }),
            now,
        );
        assert_eq!(sample.at.to_rfc3339(), "2017-08-01T12:34:56+00:00");
        let memory = sample.figures.memory.expect("memory");
        assert_eq!((memory.total, memory.free, memory.used), (2_100_416_512, 201_416_704, 0));
        assert_eq!(sample.figures.filesystem.len(), 2);
        assert_eq!(sample.network.internal.interfaces, ["weave"]);

        let empty = read_node_stats(&serde_json::json!({"memory": {}, "time": "soon"}), now);
        assert_eq!((empty.at, empty.figures), (now, NodeFigures::default()));
    }

    #[test]
    fn a_container_is_read_where_it_has_a_name_and_a_figure() {
        let read = |stat: serde_json::Value| read_container_stat(&stat, Time::default());
        let bytes = |stat| read(stat).and_then(|(_, figures)| Some(figures.memory?.usage));
        let stat = serde_json::json!({
            "id": "8919f1",
            "spec": {"cpu": {"limit": 1024, "mask": "0-1,3"},
                     "memory": {"limit": 9_223_372_036_854_771_712_u64}},
            "cpu": {"usage": 186_000_000, "usage_pct": 0.31},
            "memory": {"usage": 5_242_880, "working_set": 4_194_304},
            "network": {"internal": {"interfaces": ["ethwe"], "rx_bytes": 7},
                        "external": {"interfaces": vec!["x".repeat(99); 99],
                                     "tx_bytes_per_second": 3.9}},
            "time": "2017-08-01 12:34:56 UTC",
        });
        let (id, figures) = read(stat).expect("a stat");
        assert_eq!((id.as_str(), figures.at), ("8919f1", Time::default()));
        let cpu = ContainerCpu { percent: 0.31, limit: Some(1024), cores: Some(3) };
        assert_eq!(figures.cpu, Some(cpu));
        let limit = Some(9_223_372_036_854_771_712);
        assert_eq!(figures.memory, Some(ContainerMemory { usage: 5_242_880, limit }));
        let network = figures.network.expect("traffic");
        assert_eq!(network.internal.interfaces, ["ethwe"]);
        assert_eq!(network.external.interfaces, vec!["x".repeat(32); 8]);
        assert_eq!((network.internal.rx_bytes, network.external.tx_bytes_per_second), (7, 3));

        let cpu = serde_json::json!({ "usage_pct": null });
        let partly = serde_json::json!({ "id": "a", "memory": { "usage": 7.9 }, "cpu": cpu });
        assert_eq!(read(partly.clone()).expect("a stat").1.cpu, None);
        assert_eq!(bytes(partly), Some(7));
        let below = serde_json::json!({ "id": "a", "memory": { "usage": -7 } });
        assert_eq!(bytes(below), Some(0));
        for garbage in [
            serde_json::json!(null),
            serde_json::json!("x"),
            serde_json::json!([{ "id": "a" }]),
            serde_json::json!({ "memory": { "usage": 1 } }),
            serde_json::json!({ "id": "", "memory": { "usage": 1 } }),
            serde_json::json!({ "id": "x".repeat(256), "memory": { "usage": 1 } }),
            serde_json::json!({ "id": "a", "memory": { "usage": "1" } }),
            serde_json::json!({ "id": "a", "memory": null, "network": {} }),
        ] {
            assert_eq!(read(garbage.clone()), None, "{garbage}");
        }
    }

    #[test]
    fn a_mask_of_cores_is_counted_or_left_alone() {
        for (mask, count) in [("0", 1), ("0-3", 4), ("0-1, 4,6-7", 5), ("0-4294967295", 65_536)] {
            assert_eq!(cores(mask), Some(count), "{mask}");
        }
        for garbage in ["", "-", "3-1", "a", "0-", "0-1-2", "-1"] {
            assert_eq!(cores(garbage), None, "{garbage}");
        }
    }

    #[test]
    fn a_report_of_any_length_is_kept_short() {
        let long = "x".repeat(1000);
        let sample = read_node_stats(
            &serde_json::json!({
                "memory": {"free": i64::MAX, "cached": 1e300, "buffers": -7},
                "filesystem": vec![serde_json::json!({"name": long, "used": u64::MAX}); 1000],
                "network": {"internal": {"interfaces": vec![long.clone(); 1000]}},
            }),
            Time::default(),
        );
        let memory = sample.figures.memory.expect("memory");
        let most = bounded::COUNT;
        assert_eq!((memory.free, memory.cached, memory.buffers), (most, most, 0));
        assert_eq!(sample.figures.filesystem.len(), FILESYSTEMS);
        assert_eq!(sample.figures.filesystem[0].used, most);
        assert_eq!(sample.network.internal.interfaces.len(), INTERFACES);
        let longest = serde_json::to_string(&sample).expect("JSON").len();
        assert!(longest < 32 * 1024, "{longest}");
    }
}
