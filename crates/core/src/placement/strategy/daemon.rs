//! Daemon: so many on every node (`scheduling.md` 2.5). Deterministic; zones and memory do not count.
//!
//! An instance sticks to its node. There is one exception, which Kontena 1.5 lacked (8.2 #6): where
//! sticking would leave survivors empty for good because others hold more than their share, instances
//! beyond the share of a node go on to the others.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{Field, Spot, Spots, count, shown};

/// Survivors by load and number.
#[derive(Debug)]
pub(crate) struct Round {
    members: Spots,
    /// The highest number that counts: survivors times instances per node.
    last: usize,
    /// Instances per node.
    share: usize,
    /// Whether instances beyond a node's share go on.
    evens_out: bool,
    /// Load, node number, place. May hold outdated entries: one counts while its load is true.
    queue: BinaryHeap<Reverse<(usize, u32, Spot)>>,
}

impl Round {
    pub(crate) fn new(field: &Field<'_>, members: Spots, literal: bool) -> Self {
        let mut queue = Vec::with_capacity(count(&members));
        let share = usize::try_from(field.service.instances).unwrap_or(0);
        let last = count(&members).saturating_mul(share);
        let (mut empty, mut placed) = (0, 0);
        for spot in &members {
            queue.push(Reverse((field.load(spot, last), field.sets().number(spot), spot)));
            let rows = rows_up_to(field, spot, last);
            placed += rows;
            empty += usize::from(rows == 0);
        }
        Self {
            members,
            last,
            share,
            // More empty nodes than numbers that are free to fill them.
            evens_out: !literal && empty > last.saturating_sub(placed),
            queue: queue.into(),
        }
    }

    pub(crate) fn pick(&mut self, field: &Field<'_>, stays: Option<Spot>) -> Option<Spot> {
        let moves_on = |spot: Spot| self.evens_out && field.chosen_count(spot) >= self.share;
        match stays {
            Some(spot) if !moves_on(spot) => Some(spot),
            stays => self.best(field).or(stays),
        }
    }

    fn best(&mut self, field: &Field<'_>) -> Option<Spot> {
        while let Some(Reverse((load, _, spot))) = self.queue.peek().copied() {
            if field.load(spot, self.last) == load {
                return Some(spot);
            }
            self.queue.pop();
        }
        None
    }

    /// The candidate's load has changed.
    pub(crate) fn touch(&mut self, field: &Field<'_>, spot: Spot) {
        if self.members.contains(spot) {
            let load = field.load(spot, self.last);
            self.queue.push(Reverse((load, field.sets().number(spot), spot)));
        }
    }
}

fn rows_up_to(field: &Field<'_>, spot: Spot, last: usize) -> usize {
    let last = u32::try_from(last).unwrap_or(u32::MAX);
    field.rows_on(spot).filter(|number| *number <= last).count()
}

/// Rank (−1 for the instance's own node), node number.
pub(super) fn key(field: &Field<'_>, members: usize, spot: Spot, stays: bool) -> Vec<f64> {
    let share = usize::try_from(field.service.instances).unwrap_or(0);
    let rank = if stays { -1.0 } else { shown(field.load(spot, members.saturating_mul(share))) };
    vec![rank, f64::from(field.sets().number(spot))]
}
