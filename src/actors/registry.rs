//! Finds the actor of a grid, or starts it; starts it afresh after a panic.
//!
//! The only way to an actor for everybody who is not its parent: an address that was kept may belong to
//! an actor that has ended.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use actix::prelude::*;
use kontena_core::domain::GridId;

use super::{
    HEALTHY, Tools, grid::GridActor, lifeline::End, lifeline::lifeline, restart_delay,
    session::Outflow,
};
use crate::telemetry::metrics;

/// Where actors run. A story on a paused clock has everybody on one arbiter.
#[derive(Debug, Clone)]
pub enum Placement {
    /// Grids on one arbiter, schedulers on another, sessions where their sockets are.
    Arbiters {
        /// Of the grid actors.
        grids: ArbiterHandle,
        /// Of the scheduler actors.
        schedulers: ArbiterHandle,
    },
    /// Everybody on the arbiter that asks.
    Here,
}

/// Finds and starts grid actors; clones share it.
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    tools: Tools,
    placement: Placement,
    grids: Mutex<HashMap<GridId, Entry>>,
    sessions: Arc<AtomicUsize>,
    session_actors: Arc<AtomicUsize>,
    outgoing: Arc<AtomicUsize>,
    unfinished: Arc<AtomicUsize>,
}

struct Entry {
    addr: Addr<GridActor>,
    restarts: u32,
    began: tokio::time::Instant,
}

impl Registry {
    /// Makes a registry without any grid.
    #[must_use]
    pub fn new(tools: Tools, placement: Placement) -> Self {
        let inner = Inner {
            tools,
            placement,
            grids: Mutex::default(),
            sessions: Arc::default(),
            session_actors: Arc::default(),
            outgoing: Arc::default(),
            unfinished: Arc::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// What actors work with.
    #[must_use]
    pub fn tools(&self) -> &Tools {
        &self.inner.tools
    }

    /// Where actors run.
    #[must_use]
    pub fn placement(&self) -> &Placement {
        &self.inner.placement
    }

    /// The actor of a grid; started where there is none that lives.
    #[must_use]
    pub fn grid(&self, grid: GridId) -> Addr<GridActor> {
        let mut grids = self.inner.grids.lock().unwrap_or_else(PoisonError::into_inner);
        let restarts = match grids.get(&grid) {
            Some(entry) if entry.addr.connected() => return entry.addr.clone(),
            Some(entry) if entry.began.elapsed() > HEALTHY => 1,
            Some(entry) => entry.restarts + 1,
            None => 0,
        };
        let addr = self.start(grid, restarts);
        grids.insert(grid, Entry { addr: addr.clone(), restarts, began: crate::clock::instant() });
        addr
    }

    /// The actors of all grids that were started and live.
    #[must_use]
    pub fn grids(&self) -> Vec<(GridId, Addr<GridActor>)> {
        let grids = self.inner.grids.lock().unwrap_or_else(PoisonError::into_inner);
        let living = grids.iter().filter(|(_, entry)| entry.addr.connected());
        living.map(|(grid, entry)| (*grid, entry.addr.clone())).collect()
    }

    /// Counts a session in, unless there are as many as allowed.
    #[must_use]
    pub fn admit_session(&self) -> Option<Counted> {
        let most = self.inner.tools.rules.max_agents;
        let (counted, before) = Counted::among(&self.inner.sessions);
        (most == 0 || before < most).then_some(counted)
    }

    /// How many sockets of agents there are, admitted or not.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.inner.sessions.load(Ordering::Acquire)
    }

    /// Counts a session actor for as long as it holds this.
    #[must_use]
    pub fn count_session(&self) -> Counted {
        Counted::among(&self.inner.session_actors).0
    }

    /// How many session actors live. Not the number of sockets: a session ends before its socket where
    /// the master closes, and after it where the agent does.
    #[must_use]
    pub fn session_actors(&self) -> usize {
        self.inner.session_actors.load(Ordering::Acquire)
    }

    /// Bytes of agents that have come and are not done with: unfinished frames, and messages in hand.
    #[must_use]
    pub fn unfinished(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.inner.unfinished)
    }

    /// Counts what waits for one more agent, within the bound over all.
    #[must_use]
    pub fn outflow(&self) -> Outflow {
        Outflow::counting_into(&self.inner.outgoing)
    }

    fn start(&self, grid: GridId, restarts: u32) -> Addr<GridActor> {
        let (lifeline, death) = lifeline();
        let registry = self.clone();
        let make = move |_: &mut Context<GridActor>| {
            GridActor::new(grid, registry, lifeline, restarts > 0)
        };
        let addr = match &self.inner.placement {
            Placement::Arbiters { grids, .. } => GridActor::start_in_arbiter(grids, make),
            Placement::Here => GridActor::create(make),
        };
        let registry = self.clone();
        let watch = async move {
            if let End::Lost = death.wait().await {
                registry.revive(grid, restarts).await;
            }
        };
        match &self.inner.placement {
            // The arbiter is gone only while the process ends.
            Placement::Arbiters { grids, .. } => drop(grids.spawn(watch)),
            Placement::Here => drop(actix_rt::spawn(watch)),
        }
        addr
    }

    async fn revive(&self, grid: GridId, restarts: u32) {
        log::error!("grid {grid}: its actor was lost; starting it again from the store");
        self.inner.tools.metrics.count(metrics::RESTARTS, "actor=\"grid\"".to_owned());
        tokio::time::sleep(restart_delay(restarts)).await;
        drop(self.grid(grid));
    }
}

/// One of a number that is counted; dropping it counts it out, whatever ended its holder.
pub struct Counted {
    living: Arc<AtomicUsize>,
}

impl Counted {
    /// Counts one more; with it, how many there were before.
    fn among(living: &Arc<AtomicUsize>) -> (Self, usize) {
        let before = living.fetch_add(1, Ordering::AcqRel);
        (Self { living: Arc::clone(living) }, before)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.living.fetch_sub(1, Ordering::AcqRel);
    }
}
