//! Keeps the memory peaks of the grid's services: once a minute, in one job, and of each service only what
//! is higher than what is known of the same five minutes.

use std::{collections::BTreeMap, time::Duration};

use actix::prelude::*;
use kontena_core::domain::{Change, GridId, MemoryPeak, ServiceId, Time};
use kontena_store::{Conn, Result, Store, StoreError, containers, memory};

use super::GridActor;
use crate::actors::usage::Measured;

/// The pause between two jobs.
const PERIOD: Duration = Duration::from_secs(60);

impl GridActor {
    /// Keeps peaks for as long as the actor lives.
    pub(super) fn keep_memory_regularly(&mut self, ctx: &mut Context<Self>) {
        ctx.run_interval(PERIOD, Self::keep_memory);
    }

    fn keep_memory(&mut self, ctx: &mut Context<Self>) {
        let (tools, grid) = (self.tools(), self.grid);
        let measured = tools.usage.take(grid, tools.clock.now());
        if self.draining || measured.is_empty() {
            return;
        }
        let keep = keep(tools.store.clone(), grid, measured, tools.clock.now());
        ctx.spawn(keep.into_actor(self).map(|kept, actor, _| match kept {
            // A service was removed meanwhile; the others are measured again in a minute.
            Ok(()) | Err(StoreError::Conflict(_)) => {}
            Err(error) => {
                log::warn!("grid {}: cannot keep memory figures: {error}", actor.grid);
            }
        }));
    }
}

async fn keep(store: Store, grid: GridId, measured: Measured, now: Time) -> Result<()> {
    let peaks = store.read(move |conn| news(conn, grid, &measured, now)).await?;
    if peaks.is_empty() {
        return Ok(());
    }
    let changes: Vec<Change> = peaks.into_iter().map(Change::MemoryMeasured).collect();
    store.write(move |tx| tx.apply_all(grid, changes.clone())).await
}

/// What of the figures is higher than what is known.
fn news(conn: &mut Conn, grid: GridId, measured: &Measured, now: Time) -> Result<Vec<MemoryPeak>> {
    let mut highest: BTreeMap<ServiceId, MemoryPeak> = BTreeMap::new();
    for (container_id, node, service) in containers::of_services(conn, grid)? {
        let of_node = measured.get(&node);
        let Some(bytes) = of_node.and_then(|of_node| of_node.get(&container_id)) else {
            continue;
        };
        let peak = MemoryPeak::new(service, now, *bytes);
        let known = highest.entry(service).or_insert(peak);
        known.bytes = peak.bytes.max(known.bytes);
    }
    for known in memory::of_grid(conn, grid)? {
        let is_lower = |peak: &MemoryPeak| peak.at == known.at && peak.bytes <= known.bytes;
        if highest.get(&known.service).is_some_and(is_lower) {
            highest.remove(&known.service);
        }
    }
    Ok(highest.into_values().collect())
}
