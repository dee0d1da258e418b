//! The actor of one grid: parent of its sessions and of its scheduler; owns who is connected *here*.
//!
//! It plugs and unplugs nodes (compare-and-set on the connection's identity, `core::presence`), passes
//! calls on to the newest session of a node, and follows the grid's changes: a removed node's session is
//! closed at once, a changed node or grid is told to every agent. It decides nothing about services.

mod directory;
mod follow;
mod memory;
mod messages;
mod prune;
mod sessions;
mod sweep;
mod tidy;

use std::collections::BTreeMap;

use actix::prelude::*;
use kontena_core::domain::{GridId, NodeId, Time};

use super::{
    HEALTHY, Placement, Registry, Tools,
    lifeline::{Death, End, Lifeline, lifeline},
    restart_delay,
    scheduler::{Decision, ReadDecision, SchedulerActor},
    session::SessionActor,
};
use crate::telemetry::metrics;

pub use directory::{Directory, ReadDirectory, Unread};
pub use messages::{
    Attach, Attached, Call, CallFailed, Drain, Exec, ListConnected, Notify, Probe, Probed,
};

/// How a session says it ended: the code and reason to be recorded.
pub type SessionEnd = (u16, String);

/// The pause before what could not be read or recorded is tried again.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(1);

/// The actor of one grid.
pub struct GridActor {
    grid: GridId,
    registry: Registry,
    sessions: BTreeMap<NodeId, Live>,
    /// How many ends of a node's connections are being recorded.
    ending: BTreeMap<NodeId, u32>,
    scheduler: Option<Addr<SchedulerActor>>,
    scheduler_restarts: u32,
    scheduler_began: tokio::time::Instant,
    draining: bool,
    /// Whether every node is about to be told anew who it is.
    tells_everyone: bool,
    /// Whether they are being told, some after the others.
    telling: bool,
    /// Whether changes may have passed unseen before the feed is followed next.
    may_have_missed: bool,
    askers: directory::Askers,
    lifeline: Lifeline<()>,
    /// Dropped with the actor: sessions then attach to its successor.
    _alive: tokio::sync::watch::Sender<()>,
    alive: tokio::sync::watch::Receiver<()>,
}

/// A session that counts as its node's connection.
struct Live {
    connected_at: Time,
    session: Addr<SessionActor>,
}

impl GridActor {
    /// Makes the actor; it reads what it needs when it has started. One that is revived follows another
    /// that was lost, with its sessions still there.
    #[must_use]
    pub fn new(grid: GridId, registry: Registry, lifeline: Lifeline<()>, revived: bool) -> Self {
        let (sender, alive) = tokio::sync::watch::channel(());
        Self {
            grid,
            registry,
            sessions: BTreeMap::new(),
            ending: BTreeMap::new(),
            scheduler: None,
            scheduler_restarts: 0,
            scheduler_began: crate::clock::instant(),
            draining: false,
            tells_everyone: false,
            telling: false,
            may_have_missed: revived,
            askers: directory::Askers::default(),
            lifeline,
            _alive: sender,
            alive,
        }
    }

    fn tools(&self) -> &Tools {
        self.registry.tools()
    }

    fn start_scheduler(&mut self, ctx: &mut Context<Self>) {
        if self.draining {
            return;
        }
        let (lifeline, death) = lifeline();
        let (grid, parent, tools) = (self.grid, ctx.address(), self.tools().clone());
        let alive = self.alive.clone();
        self.scheduler_began = crate::clock::instant();
        let make = move |_: &mut Context<SchedulerActor>| {
            SchedulerActor::new(grid, parent, tools, lifeline, alive)
        };
        self.scheduler = Some(match self.registry.placement() {
            Placement::Arbiters { schedulers, .. } => {
                SchedulerActor::start_in_arbiter(schedulers, make)
            }
            Placement::Here => SchedulerActor::create(make),
        });
        self.watch_scheduler(death, ctx);
    }

    fn watch_scheduler(&mut self, death: Death<()>, ctx: &mut Context<Self>) {
        let watch = death.wait().into_actor(self).map(|end, actor, ctx| {
            actor.scheduler = None;
            if actor.draining {
                return;
            }
            if let End::Lost = end {
                log::error!("grid {}: its scheduler was lost; starting it again", actor.grid);
                let labels = "actor=\"scheduler\"".to_owned();
                actor.tools().metrics.count(metrics::RESTARTS, labels);
            }
            if actor.scheduler_began.elapsed() > HEALTHY {
                actor.scheduler_restarts = 0;
            }
            let delay = restart_delay(actor.scheduler_restarts);
            actor.scheduler_restarts += 1;
            ctx.run_later(delay, Self::start_scheduler);
        });
        ctx.spawn(watch);
    }
}

/// Passed on to the grid's scheduler.
impl Handler<ReadDecision> for GridActor {
    type Result = ResponseFuture<Option<Decision>>;

    fn handle(&mut self, asked: ReadDecision, _: &mut Self::Context) -> Self::Result {
        let scheduler = self.scheduler.clone();
        Box::pin(async move { scheduler?.send(asked).await.ok().flatten() })
    }
}

impl Actor for GridActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // Many sessions attach at once after a restart; none should wait for room in the mailbox.
        ctx.set_mailbox_capacity(1024);
        self.follow(ctx);
        self.sweep_regularly(ctx);
        self.tidy_regularly(ctx);
        self.prune_regularly(ctx);
        self.keep_memory_regularly(ctx);
        self.start_scheduler(ctx);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        if !std::thread::panicking() {
            self.tools().usage.forget(self.grid);
            self.lifeline.end(());
        }
    }
}
