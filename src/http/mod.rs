//! The doors: one port for the administrators' API, the agents' upgrade, health and metrics.
//!
//! Handlers are thin: extract (`extract`), check permission (`auth`), run a command or read, render a view
//! (`v1::view`). `error` alone turns refusals and failures into statuses and bodies.

mod agent;
pub mod description;
mod error;
mod extract;
mod health;
mod oauth;
pub mod routes;
mod throttle;
mod v1;

pub use extract::known::Known;
pub use throttle::Throttle;
pub use v1::nodes::Rosters;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{actors::Registry, commands::Means};

/// What handlers work with; clones share it.
#[derive(Clone)]
pub struct App {
    /// Actors, for what is live.
    pub registry: Registry,
    /// For commands and reading.
    pub means: Means,
    /// Whom tokens belong to, as last read.
    pub known: Arc<Known>,
    /// The nodes of grids, as last read.
    pub rosters: Arc<Rosters>,
    /// Whether sessions are accepted: false while starting and while stopping.
    pub ready: Arc<AtomicBool>,
    /// How often who may try to log in.
    pub throttle: Throttle,
    /// The longest silence of an answer that goes on, and how often its caller's leave is looked at.
    pub beat: std::time::Duration,
}

impl App {
    /// Whether sessions are accepted.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }
}
