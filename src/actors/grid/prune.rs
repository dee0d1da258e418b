//! History that goes by itself: finished deploys, revisions nothing needs any more, old entries of the event
//! log, old lines of containers. `core::cleanup` says which. What goes because of its time is `tidy`'s.
//!
//! As there, what may go is looked for by reading, and the writer looks again at what was found. It takes
//! away a bounded portion at a time, so that nobody waits long behind years of history.

use std::time::Duration;

use actix::prelude::*;
use kontena_core::{
    cleanup::{self, DEPLOYS_KEPT, EVENTS_KEPT, LINES_KEPT},
    domain::{GridId, ServiceId},
};
use kontena_store::{Conn, Result, deploys, events, logs, services};

use super::GridActor;

/// How often history is looked at (`scheduling.md` 5.8).
const PERIOD: Duration = Duration::from_secs(300);
/// Rows of a kind that one portion takes; of a service's revisions, too.
const MOST: i64 = 500;
/// Lines that one portion takes: they come faster than anything else.
const MOST_LINES: i64 = 2_000;
/// Services whose revisions one portion looks at: each is a few statements.
const MOST_SERVICES: usize = 50;
/// The pause between two portions: others write, too.
const PAUSE: Duration = Duration::from_millis(100);

impl GridActor {
    /// Prunes for as long as the actor lives.
    pub(super) fn prune_regularly(&mut self, ctx: &mut Context<Self>) {
        ctx.run_later(PERIOD, Self::prune);
    }

    fn prune(&mut self, ctx: &mut Context<Self>) {
        if self.draining {
            return;
        }
        let (store, grid) = (self.tools().store.clone(), self.grid);
        let work = async move {
            let surplus = store.read(move |conn| Surplus::find(conn, grid)).await?;
            if surplus.is_nothing() {
                return Ok(false);
            }
            store.write(move |tx| surplus.remove(tx.conn(), grid)).await?;
            Ok(true)
        };
        ctx.spawn(work.into_actor(self).map(|went: Result<bool>, actor, ctx| {
            let pause = match went {
                // There may be more than a portion.
                Ok(true) => PAUSE,
                Ok(false) => PERIOD,
                Err(error) => {
                    if !error.is_fenced() {
                        log::error!("grid {}: cannot prune its history: {error}", actor.grid);
                    }
                    PERIOD
                }
            };
            ctx.run_later(pause, Self::prune);
        }));
    }
}

/// What was found to be of no use any more, at most a portion.
#[derive(Debug, Default, PartialEq, Eq)]
struct Surplus {
    has_deploys: bool,
    /// Services with revisions that may go.
    services: Vec<ServiceId>,
    has_events: bool,
    has_lines: bool,
}

impl Surplus {
    fn find(conn: &mut Conn, grid: GridId) -> Result<Self> {
        let mut found = Self {
            has_deploys: !deploys::surplus(conn, grid, DEPLOYS_KEPT, 1)?.is_empty(),
            services: Vec::new(),
            has_events: events::surplus(conn, grid, EVENTS_KEPT, 1)?.is_some(),
            has_lines: logs::surplus(conn, grid, LINES_KEPT, 1)?.is_some(),
        };
        for service in services::with_revisions(conn, grid)? {
            if found.services.len() == MOST_SERVICES {
                break;
            }
            if !needless(conn, service)?.is_empty() {
                found.services.push(service);
            }
        }
        Ok(found)
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Removes what is still of no use.
    fn remove(&self, conn: &mut Conn, grid: GridId) -> Result<()> {
        if self.has_deploys {
            let ids = deploys::surplus(conn, grid, DEPLOYS_KEPT, MOST)?;
            deploys::remove(conn, &ids)?;
        }
        for service in &self.services {
            let revisions = needless(conn, *service)?;
            services::remove_revisions(conn, *service, &revisions)?;
        }
        if self.has_events
            && let Some(last) = events::surplus(conn, grid, EVENTS_KEPT, MOST)?
        {
            events::remove_up_to(conn, grid, last)?;
        }
        if self.has_lines
            && let Some(last) = logs::surplus(conn, grid, LINES_KEPT, MOST_LINES)?
        {
            logs::remove_up_to(conn, grid, last)?;
        }
        Ok(())
    }
}

/// The revisions of a service that may go, at most a portion.
fn needless(conn: &mut Conn, service: ServiceId) -> Result<Vec<i64>> {
    let Some(found) = services::revisions(conn, service)? else {
        return Ok(Vec::new());
    };
    let services::Revisions { present, kept, of_instances, is_deploying } = found;
    let needless = kept
        .into_iter()
        .filter(|revision| cleanup::is_needless(*revision, present, &of_instances, is_deploying));
    Ok(needless.take(usize::try_from(MOST).unwrap_or_default()).collect())
}
