//! What is counted, and how it is shown to Prometheus.
//!
//! Counters of what happens in this process live here; what the database or the grid actors know is
//! asked of them when `/metrics` is called (`http::health`).

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Mutex, PoisonError},
};

/// Counters by name and labels. Writing is rare (a deploy, a restart, a drop), so that one lock does.
#[derive(Debug, Default)]
pub struct Metrics {
    counters: Mutex<BTreeMap<(&'static str, String), u64>>,
}

/// Deploys that ended, by grid and result.
pub const DEPLOYS: &str = "kontena_deploys_total";
/// Evaluations of a service, by grid.
pub const EVALUATIONS: &str = "kontena_scheduler_evaluations_total";
/// Messages of agents or to agents that were dropped, by kind.
pub const DROPPED: &str = "kontena_messages_dropped_total";
/// Milliseconds during which a thread with sessions stood still.
pub const LAG: &str = "kontena_master_lag_milliseconds_total";
/// Actors that panicked and were started again, by kind.
pub const RESTARTS: &str = "kontena_actor_restarts_total";

impl Metrics {
    /// Counts one more. `labels` are rendered as they are: `grid="test",result="success"`.
    pub fn count(&self, name: &'static str, labels: String) {
        self.add(name, labels, 1);
    }

    /// Counts several more.
    pub fn add(&self, name: &'static str, labels: String, by: u64) {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        *counters.entry((name, labels)).or_default() += by;
    }

    /// The value of a counter.
    #[must_use]
    pub fn value(&self, name: &'static str, labels: &str) -> u64 {
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        counters.get(&(name, labels.to_owned())).copied().unwrap_or_default()
    }

    /// Writes all counters in Prometheus' text format; a counter nobody has touched shows as 0.
    #[must_use]
    pub fn render(&self) -> String {
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for name in [DEPLOYS, EVALUATIONS, DROPPED, LAG, RESTARTS] {
            sample_type(&mut text, name, "counter");
            for ((known, labels), value) in counters.iter() {
                if *known == name {
                    sample(&mut text, name, labels, *value);
                }
            }
        }
        text
    }
}

/// Writes the line that says what kind of metric follows.
pub fn sample_type(text: &mut String, name: &str, kind: &str) {
    // Writing into a String cannot fail.
    writeln!(text, "# TYPE {name} {kind}").ok();
}

/// Writes one sample.
pub fn sample(text: &mut String, name: &str, labels: &str, value: impl std::fmt::Display) {
    let written = if labels.is_empty() {
        writeln!(text, "{name} {value}")
    } else {
        writeln!(text, "{name}{{{labels}}} {value}")
    };
    written.ok();
}
