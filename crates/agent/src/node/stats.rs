//! Reports what the node uses: `/nodes/stats`, soon after the node is known, then every minute while
//! the master is there. Rates are those between two readings of the machine.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use kontena_protocol::agent::{json, method, utc_text};
use rmpv::Value;
use serde_json::json;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use crate::{
    clock::Clock,
    engine::{CpuTimes, Engine, EngineResult, Interface, Machine},
    session::{Link, Master},
};

/// The pause between two reports.
const PAUSE: Duration = Duration::from_secs(60);
/// From the first reading to the first report: rates need two readings, a new node needs figures.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// The machine and how much ran on it.
#[derive(Debug, Clone, PartialEq)]
struct Sample {
    at: Instant,
    machine: Machine,
    /// Service containers that run.
    running: u64,
}

/// Reports for as long as it is polled, from the moment that the node is `known`.
pub(crate) async fn report(
    engine: Arc<dyn Engine>,
    clock: Clock,
    master: Master,
    node_id: String,
    mut known: watch::Receiver<bool>,
) {
    if known.wait_for(|known| *known).await.is_err() {
        return;
    }
    let mut link = master.link();
    let mut last = sample(engine.as_ref(), &clock).await;
    let mut pause = FIRST_PAUSE;
    loop {
        sleep(pause).await;
        pause = PAUSE;
        // Without a connection the report would be lost, and with it what ran since the last one.
        if link.wait_for(|link| matches!(link, Link::Established(_))).await.is_err() {
            return;
        }
        if let Some(current) = sample(engine.as_ref(), &clock).await {
            let body = json::pack(body(last.as_ref(), &current, clock.now()));
            master.notify(method::NODES_STATS, vec![Value::from(node_id.as_str()), body]);
            last = Some(current);
        }
    }
}

async fn sample(engine: &dyn Engine, clock: &Clock) -> Option<Sample> {
    let read = async {
        let containers = engine.list().await?;
        let running = containers.iter().filter(|found| found.service && found.running).count();
        let running = u64::try_from(running).unwrap_or(u64::MAX);
        EngineResult::Ok(Sample { at: clock.instant(), machine: engine.machine().await?, running })
    };
    match read.await {
        Ok(sample) => Some(sample),
        Err(error) => {
            log::warn!("cannot measure this node: {error}");
            None
        }
    }
}

/// Builds the report of `current`; rates are zero where there is no `last` reading.
fn body(last: Option<&Sample>, current: &Sample, now: DateTime<Utc>) -> serde_json::Value {
    let machine = &current.machine;
    let elapsed = last.map(|last| current.at.saturating_duration_since(last.at));
    let seconds = elapsed.unwrap_or_default().as_secs_f64();
    let before = last.map(|last| last.machine.interfaces.as_slice()).unwrap_or_default();
    let traffic =
        |belongs: fn(&str) -> bool| traffic(belongs, before, &machine.interfaces, seconds);
    json!({
        "memory": machine.memory,
        "usage": {"container_seconds": whole(to_float(current.running) * seconds)},
        "load": machine.load,
        "filesystem": machine.filesystem.iter().collect::<Vec<_>>(),
        "cpu": cpu(last.map(|last| last.machine.cpu), machine.cpu),
        "network": {
            "internal": traffic(|name| name == "weave" || name.starts_with("vethwe")),
            "external": traffic(|name| name == "docker0"),
        },
        "time": utc_text(now),
    })
}

/// Percentages summed over all cores: four busy cores are at 400.
fn cpu(last: Option<CpuTimes>, current: CpuTimes) -> serde_json::Value {
    let last = last.unwrap_or(current);
    // Some counters of the kernel can fall, by a rounding or a processor that was unplugged.
    let system = current.system.saturating_sub(last.system);
    let user = current.user.saturating_sub(last.user);
    let nice = current.nice.saturating_sub(last.nice);
    let idle = current.idle.saturating_sub(last.idle);
    let total = [system, user, nice, idle].into_iter().fold(0, u64::saturating_add);
    let percent = |ticks: u64| match total {
        0 => 0.0,
        total => to_float(ticks) / to_float(total) * 100.0 * f64::from(current.cores),
    };
    json!({
        "num_cores": current.cores, "system": percent(system), "user": percent(user),
        "nice": percent(nice), "idle": percent(idle),
    })
}

/// Sums up the interfaces of a kind. Only those that were there before count for the rates.
fn traffic(
    belongs: fn(&str) -> bool,
    before: &[Interface],
    now: &[Interface],
    seconds: f64,
) -> serde_json::Value {
    let now: Vec<_> = now.iter().filter(|interface| belongs(&interface.name)).collect();
    let total = |bytes: fn(&Interface) -> u64| {
        now.iter().map(|interface| bytes(interface)).fold(0, u64::saturating_add)
    };
    let rate = |bytes: fn(&Interface) -> u64| {
        let grown = now.iter().filter_map(|interface| {
            let before = before.iter().find(|before| before.name == interface.name)?;
            Some(bytes(interface).saturating_sub(bytes(before)))
        });
        let grown = grown.fold(0, u64::saturating_add);
        if seconds > 0.0 { whole(to_float(grown) / seconds) } else { 0 }
    };
    json!({
        "interfaces": now.iter().map(|interface| interface.name.as_str()).collect::<Vec<_>>(),
        "rx_bytes": total(|interface| interface.rx_bytes),
        "tx_bytes": total(|interface| interface.tx_bytes),
        "rx_bytes_per_second": rate(|interface| interface.rx_bytes),
        "tx_bytes_per_second": rate(|interface| interface.tx_bytes),
    })
}

#[expect(clippy::cast_precision_loss, reason = "rates and percentages need no 64 bits")]
fn to_float(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "such a cast ends at the type's bounds"
)]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, rx_bytes: u64, tx_bytes: u64) -> Interface {
        Interface { name: name.into(), rx_bytes, tx_bytes }
    }

    fn sample(at: Instant, cpu: CpuTimes, interfaces: Vec<Interface>) -> Sample {
        let machine = Machine { cpu, interfaces, ..Machine::default() };
        Sample { at, machine, running: 7 }
    }

    #[tokio::test(start_paused = true)]
    async fn rates_are_those_between_two_readings() {
        let at = Clock::system().instant();
        let first = sample(
            at,
            CpuTimes { cores: 2, user: 1000, nice: 0, system: 500, idle: 9000 },
            vec![interface("weave", 1000, 500), interface("docker0", 0, 0)],
        );
        let second = sample(
            at + Duration::from_secs(60),
            CpuTimes { cores: 2, user: 1300, nice: 0, system: 600, idle: 9400 },
            vec![
                interface("weave", 7000, 500),
                interface("vethwepl1", 6_000_000, 0),
                interface("docker0", 120, 60),
                interface("eth0", 9, 9),
            ],
        );
        let now = DateTime::UNIX_EPOCH;
        let body = body(Some(&first), &second, now);
        assert_eq!(body["usage"], json!({"container_seconds": 420}));
        let expected =
            json!({"num_cores": 2, "system": 25.0, "user": 75.0, "nice": 0.0, "idle": 100.0});
        assert_eq!(body["cpu"], expected);
        let internal = json!({
            "interfaces": ["weave", "vethwepl1"], "rx_bytes": 6_007_000, "tx_bytes": 500,
            "rx_bytes_per_second": 100, "tx_bytes_per_second": 0,
        });
        assert_eq!(body["network"]["internal"], internal);
        assert_eq!(body["network"]["external"]["rx_bytes_per_second"], 2);
        assert_eq!(body["time"], "1970-01-01 00:00:00 UTC");
    }

    #[tokio::test(start_paused = true)]
    async fn a_first_reading_has_no_rates() {
        let cpu = CpuTimes { cores: 2, user: 1000, nice: 0, system: 500, idle: 9000 };
        let only = sample(Clock::system().instant(), cpu, vec![interface("docker0", 120, 60)]);
        let body = body(None, &only, DateTime::UNIX_EPOCH);
        let nothing = json!({
            "interfaces": [], "rx_bytes": 0, "tx_bytes": 0, "rx_bytes_per_second": 0,
            "tx_bytes_per_second": 0,
        });
        assert_eq!(body["network"]["internal"], nothing);
        assert_eq!(body["network"]["external"]["rx_bytes"], 120);
        assert_eq!(body["network"]["external"]["rx_bytes_per_second"], 0);
        let zeros = json!({"num_cores": 2, "system": 0.0, "user": 0.0, "nice": 0.0, "idle": 0.0});
        assert_eq!(body["cpu"], zeros);
        assert_eq!(body["usage"], json!({"container_seconds": 0}));
        assert_eq!((&body["memory"], &body["load"]), (&json!({}), &json!({})));
        assert_eq!(body["filesystem"], json!([]));
    }
}
