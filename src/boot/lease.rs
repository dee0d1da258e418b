//! The lease of the active master: whose name is on it, and that it does not run out. The store fences what
//! is written; here is only what the process does about it.

use std::time::Duration;

use kontena_store::{DatabaseUrl, Store};
use tokio::time::MissedTickBehavior;

/// How often the lease is renewed (`operations.md`, "Several masters").
const RENEWAL: Duration = Duration::from_secs(1);

/// What other masters, and people, are told of the one that holds the lease.
pub(super) fn holder() -> String {
    // In a container this is the container's.
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { "an unnamed host" } else { host.trim() };
    format!("process {} on {host}", std::process::id())
}

/// Renews the lease until another master has it. Nobody waits for one on SQLite, where it never runs out.
pub(super) async fn keep(store: Store) {
    if matches!(store.url(), DatabaseUrl::Sqlite(_)) {
        return;
    }
    let mut ticks = tokio::time::interval(RENEWAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_failing = false;
    loop {
        ticks.tick().await;
        match store.renew().await {
            Ok(()) => is_failing = false,
            Err(error) if error.is_fenced() => return,
            Err(error) => {
                if !is_failing {
                    log::warn!("cannot renew the lease: {error}; trying again every second");
                }
                is_failing = true;
            }
        }
    }
}
