//! The scheduler of one grid.
//!
//! One turn after the other, each of five steps:
//!
//! ```text
//!   gather   what was committed, what nodes answered, which deadlines have passed
//!   decide   core: judge each affected service, take a step in each affected deploy
//!   commit   one job per service; a presupposition that no longer holds means: decide again
//!   answer   (the changes come back through the feed and are applied to the picture)
//!   carry out orders to nodes; set deadlines
//! ```
//!
//! Level-triggered: a turn looks at what is, never at what it has seen. Losing every wake-up costs one
//! sweep. Deadlines live in memory and are computed again from the picture after a restart. Where the
//! store fails, the actor ends and its parent starts it again from the store.

mod alarm;
mod decisions;
mod gather;
mod orders;
mod turn;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use actix::prelude::*;
use kontena_core::{
    Snapshot,
    domain::{DeployId, GridId, NodeId, ServiceId, Time},
    reconcile::Attempts,
};
use kontena_store::{Follower, StoreError};

use super::{Tools, grid::GridActor, lifeline::Lifeline};
use alarm::Alarms;
use decisions::Decisions;
use gather::{Pace, Trigger};

pub use decisions::{Decision, ReadDecision};

/// How often every service is looked at, whatever the wake-ups said.
const SWEEP: Duration = Duration::from_secs(20);
/// How long a node that has connected may take to report before services are looked at without it.
const REPORT_WAIT: chrono::TimeDelta = chrono::TimeDelta::seconds(5);

/// What became of an order that a deploy waits for.
#[derive(Message, Debug, Clone)]
#[rtype(result = "()")]
pub struct OrderEnded {
    /// The deploy the order belonged to.
    pub deploy: DeployId,
    /// The instance.
    pub number: u32,
    /// The node.
    pub node: NodeId,
    /// Why the node did not take it, in the contract's words.
    pub outcome: Result<(), &'static str>,
}

/// The master stops: nothing more is decided.
#[derive(Message, Debug, Clone, Copy)]
#[rtype(result = "()")]
pub struct Retire;

/// The scheduler of one grid.
pub struct SchedulerActor {
    grid: GridId,
    parent: Addr<GridActor>,
    tools: Tools,
    lifeline: Lifeline<()>,
    picture: Option<Picture>,
    ended: Vec<OrderEnded>,
    decisions: Decisions,
    wake: Option<tokio::sync::oneshot::Sender<()>>,
    parent_alive: tokio::sync::watch::Receiver<()>,
}

/// What the scheduler knows; loaded from the store, lost with the actor.
struct Picture {
    snapshot: Snapshot,
    follower: Follower,
    /// As late as the last turn began.
    now: Time,
    /// Who is to be looked at, and because of what.
    dirty: BTreeMap<ServiceId, Trigger>,
    /// Who could not be looked at in the last turn, and is looked at first in the next.
    postponed: BTreeMap<ServiceId, Trigger>,
    /// Whose instances have another place since the last turn.
    rows_moved: BTreeSet<ServiceId>,
    /// Whether containers have come or gone since the last turn.
    containers_moved: bool,
    /// Services that are gone since the last turn.
    removed: Vec<ServiceId>,
    pace: Pace,
    refresh: BTreeSet<NodeId>,
    /// Nodes whose volumes have become fewer.
    refresh_volumes: BTreeSet<NodeId>,
    alarms: Alarms,
    attempts: BTreeMap<ServiceId, Attempts>,
    /// How often in a row a service's changes met something else than the picture holds.
    conflicts: BTreeMap<ServiceId, u32>,
}

impl SchedulerActor {
    /// Makes the actor; it reads the grid when it has started.
    #[must_use]
    pub fn new(
        grid: GridId,
        parent: Addr<GridActor>,
        tools: Tools,
        lifeline: Lifeline<()>,
        parent_alive: tokio::sync::watch::Receiver<()>,
    ) -> Self {
        Self {
            grid,
            parent,
            tools,
            lifeline,
            picture: None,
            ended: Vec::new(),
            decisions: Decisions::default(),
            wake: None,
            parent_alive,
        }
    }

    fn load(&mut self, ctx: &mut Context<Self>) {
        let (store, grid) = (self.tools.store.clone(), self.grid);
        let follow = async move { store.follow(grid).await };
        ctx.spawn(follow.into_actor(self).map(|followed, actor, ctx| match followed {
            Ok(Some((contents, follower))) => {
                let snapshot = Snapshot::new(contents, actor.tools.rules.limits.listening_since);
                let now = actor.tools.clock.now();
                let mut picture = Picture {
                    snapshot,
                    follower,
                    now,
                    dirty: BTreeMap::new(),
                    postponed: BTreeMap::new(),
                    rows_moved: BTreeSet::new(),
                    containers_moved: false,
                    removed: Vec::new(),
                    pace: Pace::default(),
                    refresh: BTreeSet::new(),
                    refresh_volumes: BTreeSet::new(),
                    alarms: Alarms::new(now + chrono::TimeDelta::seconds(20)),
                    attempts: BTreeMap::new(),
                    conflicts: BTreeMap::new(),
                };
                picture.mark_all(&"the master has read the grid".into());
                actor.picture = Some(picture);
                actor.resume(ctx);
                actor.turn(ctx);
            }
            Ok(None) => ctx.stop(),
            Err(error) => {
                if error.is_unavailable() {
                    actor.tools.attendance.interrupt();
                }
                actor.give_up(&error, ctx);
            }
        }));
    }

    /// The store has failed: nobody guesses what was written. The parent starts this actor again.
    fn give_up(&mut self, error: &StoreError, ctx: &mut Context<Self>) {
        if !error.is_fenced() {
            log::error!("scheduler of grid {}: {error}; starting again from the store", self.grid);
        }
        ctx.stop();
    }
}

impl Actor for SchedulerActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // A grid actor that is gone has a successor with a scheduler of its own, or its grid is gone; an
        // actor with something to wait for would live on without its parent.
        let mut alive = self.parent_alive.clone();
        let orphaned = async move { while alive.changed().await.is_ok() {} };
        ctx.spawn(orphaned.into_actor(self).map(|(), _, ctx| ctx.stop()));
        self.load(ctx);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        if !std::thread::panicking() {
            self.lifeline.end(());
        }
    }
}

impl Handler<OrderEnded> for SchedulerActor {
    type Result = ();

    fn handle(&mut self, ended: OrderEnded, _: &mut Self::Context) {
        self.ended.push(ended);
        if let Some(wake) = self.wake.take() {
            // The turn that would be woken may be running already; it gathers these too.
            wake.send(()).ok();
        }
    }
}

impl Handler<Retire> for SchedulerActor {
    type Result = ();

    fn handle(&mut self, _: Retire, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
