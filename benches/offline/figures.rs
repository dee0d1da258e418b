//! Numbers of a measurement, and the memory of this process.

use std::time::Duration;

use anyhow::Context;

/// Spans of the same kind, as they were measured.
#[derive(Default)]
pub struct Spans {
    all: Vec<Duration>,
}

impl Spans {
    pub fn push(&mut self, span: Duration) {
        self.all.push(span);
    }

    pub fn extend(&mut self, other: &Self) {
        self.all.extend(&other.all);
    }

    /// Prints one row of the table that [`head`] begins.
    pub fn print(&self, what: &str) {
        let mut sorted = self.all.clone();
        sorted.sort_unstable();
        let at = |percent: usize| {
            // The smallest span that so many in a hundred do not exceed.
            let rank = (sorted.len() * percent).div_ceil(100).max(1);
            sorted.get(rank - 1).copied().unwrap_or_default()
        };
        let row = [50, 90, 99, 100].map(|percent| format!("{:>8.2}", millis(at(percent))));
        println!("{what:<42} {:>6} {}", sorted.len(), row.join(" "));
    }
}

/// Prints the head of a table of spans.
pub fn head() {
    let columns = ["p50", "p90", "p99", "max"].map(|name| format!("{name:>8}"));
    println!("{:<42} {:>6} {}", "milliseconds", "n", columns.join(" "));
}

pub fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

/// What this process has in memory, in KB.
pub fn resident() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("needs Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(number.context("VmRSS is missing")?.trim().parse()?)
}
