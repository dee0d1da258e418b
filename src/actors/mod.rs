//! Who acts, and when.
//!
//! ```text
//!   Registry ── finds or starts ──> GridActor ──┬── SchedulerActor   (one per grid)
//!                                               └── SessionActor …   (one per connected agent)
//! ```
//!
//! Actors receive, ask the core, commit through the store, and only then carry out what the core said.
//! None holds the only copy of anything: what cannot be read from the store again is said again by the
//! agents. A panic ends one actor; its parent learns of it by the child's [`lifeline`] and starts it
//! afresh from the store. Who else needs an actor goes through the [`Registry`], never through a kept
//! address.

pub mod attendance;
pub mod failpoint;
pub mod grid;
pub mod lifeline;
pub mod pulse;
pub mod registry;
pub mod scheduler;
pub mod session;
pub mod usage;

use std::{sync::Arc, time::Duration};

use kontena_core::{cleanup, grace::Graces, keepalive, login};
use kontena_store::Store;

use crate::{clock::Clock, telemetry::Metrics, vault::Vault};

pub use attendance::Attendance;
pub use failpoint::Failpoints;
pub use registry::{Placement, Registry};
pub use usage::Usage;

/// What every actor works with; clones share it.
#[derive(Clone)]
pub struct Tools {
    /// What must survive.
    pub store: Store,
    /// Finds and opens tokens.
    pub vault: Vault,
    /// Time and chance.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Planned failures; none in a running master.
    pub failpoints: Failpoints,
    /// When this master was not there.
    pub attendance: Attendance,
    /// What agents measure of containers.
    pub usage: Usage,
    /// What the configuration fixes.
    pub rules: Arc<Rules>,
}

/// What the configuration fixes for actors.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Who may connect.
    pub login: login::Rules,
    /// How connections are kept alive.
    pub keepalive: keepalive::Settings,
    /// Offline grace by strategy.
    pub graces: Graces,
    /// When what is cleaned up by itself is.
    pub limits: cleanup::Limits,
    /// Most agents at a time; 0: no bound.
    pub max_agents: usize,
}

/// An actor that lived for so long was well: its next end counts as its first.
pub const HEALTHY: Duration = Duration::from_secs(60);

/// How long to wait before an actor that was lost is started again: longer each time, at most five
/// seconds, well within the sweep that users may have to wait for.
#[must_use]
pub fn restart_delay(restarts: u32) -> Duration {
    Duration::from_millis(50 << restarts.min(10)).min(Duration::from_secs(5))
}
