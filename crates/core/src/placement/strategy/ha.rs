//! High availability: over zones, then nodes (`scheduling.md` 2.4).
//!
//! ```text
//!  zones by (count, best node)   nodes of a zone
//!  ┌───────────────┐             ┌─ not chosen yet: by memory in use, as the snapshot keeps them ─┐
//!  │ y: 0, c       │ ──────────> │ c (0.25), d (0.50), …                                          │
//!  │ x: 1, b       │             ├─ chosen before: by (count, memory, chance) ────────────────────┤
//!  └───────────────┘             │ a (1, 0.30)                                                    │
//!                                └────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Only nodes that are about to be chosen are ever looked at. Heaps hold outdated entries: one counts
//! while what it says is still true, and every change adds a true one.
//!
//! Equal keys are told apart by chance, each node with the same. Among them, nodes that hold no instance
//! of the service come first, which every chance allows, and spares an instance that runs from having to
//! make room.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{Field, Spot, Spots, shown};
use crate::{
    moment::Moment,
    snapshot::roster::{Zone, memory_rank},
};

/// Count, memory rank, whether it holds an instance, chance, place.
type NodeKey = (usize, u64, bool, u64, Spot);
/// Count, best node, place in the list of zones.
type ZoneKey = (usize, NodeKey, usize);

/// Survivors by zone.
#[derive(Debug)]
pub(crate) struct Spread {
    members: Spots,
    /// Members that this run has chosen.
    taken: Spots,
    areas: Vec<Area>,
    queue: BinaryHeap<Reverse<ZoneKey>>,
}

/// The survivors of one zone.
#[derive(Debug, Default)]
struct Area {
    /// The zone's number in the snapshot.
    zone: usize,
    /// How many choices of this run went to survivors in it.
    count: usize,
    /// The rank that was looked at last.
    rank: Option<u64>,
    /// Of that rank: not chosen, holding no instance.
    fresh: Spots,
    /// Of that rank: not chosen, holding one.
    holding: Spots,
    /// The one of them that is next.
    first: Option<NodeKey>,
    chosen: BinaryHeap<Reverse<NodeKey>>,
}

impl Spread {
    pub(crate) fn new(field: &Field<'_>, members: Spots, moment: &mut Moment) -> Self {
        let zones = field.sets().zones.iter();
        let zones = zones.filter(|(_, zone)| !zone.spots().is_disjoint(&members));
        let areas = zones.map(|(zone, _)| Area { zone, ..Area::default() }).collect();
        let mut spread = Self { members, taken: Spots::new(), areas, queue: BinaryHeap::new() };
        for (spot, count) in field.chosen() {
            if spread.members.contains(spot) {
                spread.take(field, spot, count, moment);
            }
        }
        for area in 0..spread.areas.len() {
            spread.announce(field, area, moment);
        }
        spread
    }

    pub(crate) fn pick(
        &mut self,
        field: &Field<'_>,
        stays: Option<Spot>,
        moment: &mut Moment,
    ) -> Option<Spot> {
        // What was chosen of a node that passes for this number only counts for this number only.
        let guest = stays.filter(|spot| !self.members.contains(*spot));
        let visit = guest.map_or(0, |spot| field.chosen_count(spot));
        let visited = guest.and_then(|spot| self.area_of(field, spot)).filter(|_| visit > 0);
        self.shift(field, visited, moment, |count| count + visit);
        let best = self.best(field, moment);
        let sticks = stays.filter(|spot| {
            let area = self.area_of(field, *spot).and_then(|area| self.areas.get(area));
            let in_zone = area.map_or(visit, |area| area.count);
            // Sticking to a node comes before memory and behind both counts.
            best.is_none_or(|(zone_count, (count, ..), _)| {
                (in_zone, field.chosen_count(*spot)) <= (zone_count, count)
            })
        });
        self.shift(field, visited, moment, |count| count.saturating_sub(visit));
        sticks.or(best.map(|(_, (.., spot), _)| spot))
    }

    /// The field counts one more choice of the candidate.
    pub(crate) fn chosen(&mut self, field: &Field<'_>, spot: Spot, moment: &mut Moment) {
        if self.members.contains(spot) {
            let area = self.take(field, spot, 1, moment);
            if let Some(area) = area {
                self.announce(field, area, moment);
            }
        }
    }

    /// Takes note of choices of a member.
    fn take(
        &mut self,
        field: &Field<'_>,
        spot: Spot,
        choices: usize,
        moment: &mut Moment,
    ) -> Option<usize> {
        let place = self.area_of(field, spot)?;
        let area = self.areas.get_mut(place)?;
        area.count += choices;
        if self.taken.insert(spot) {
            area.fresh.remove(spot);
            area.holding.remove(spot);
        }
        let rank = field.node(spot).map_or(u64::MAX, memory_rank);
        let holds = field.holders().contains(spot);
        let key = (field.chosen_count(spot), rank, holds, least_of(1, moment), spot);
        area.chosen.push(Reverse(key));
        Some(place)
    }

    fn area_of(&self, field: &Field<'_>, spot: Spot) -> Option<usize> {
        let zone = field.sets().zones.of(spot);
        self.areas.binary_search_by_key(&zone, |area| area.zone).ok()
    }

    fn shift(
        &mut self,
        field: &Field<'_>,
        area: Option<usize>,
        moment: &mut Moment,
        to: impl Fn(usize) -> usize,
    ) {
        if let Some(place) = area
            && let Some(area) = self.areas.get_mut(place)
        {
            area.count = to(area.count);
            self.announce(field, place, moment);
        }
    }

    /// The best survivor with the counts that make it so.
    fn best(&mut self, field: &Field<'_>, moment: &mut Moment) -> Option<ZoneKey> {
        while let Some(Reverse(entry)) = self.queue.peek().copied() {
            if self.key(field, entry.2, moment) == Some(entry) {
                return Some(entry);
            }
            self.queue.pop();
        }
        None
    }

    /// Adds a true entry of a zone that has changed.
    fn announce(&mut self, field: &Field<'_>, area: usize, moment: &mut Moment) {
        if let Some(key) = self.key(field, area, moment) {
            self.queue.push(Reverse(key));
        }
    }

    fn key(&mut self, field: &Field<'_>, place: usize, moment: &mut Moment) -> Option<ZoneKey> {
        let area = self.areas.get_mut(place)?;
        let best = area.best(field, &self.members, &self.taken, moment)?;
        Some((area.count, best, place))
    }
}

impl Area {
    fn best(
        &mut self,
        field: &Field<'_>,
        members: &Spots,
        taken: &Spots,
        moment: &mut Moment,
    ) -> Option<NodeKey> {
        if let Some(first) = self.first.filter(|(.., spot)| !taken.contains(*spot)) {
            return Some(first);
        }
        self.first = self.draw(field, members, taken, moment);
        if self.first.is_some() {
            return self.first;
        }
        while let Some(Reverse(key)) = self.chosen.peek().copied() {
            let (count, .., spot) = key;
            if field.chosen_count(spot) == count {
                return Some(key);
            }
            self.chosen.pop();
        }
        None
    }

    /// Draws one of the best nodes that were not chosen yet.
    fn draw(
        &mut self,
        field: &Field<'_>,
        members: &Spots,
        taken: &Spots,
        moment: &mut Moment,
    ) -> Option<NodeKey> {
        while self.fresh.is_empty() && self.holding.is_empty() {
            let zone: &Zone = field.sets().zones.get(self.zone)?;
            let (rank, group) = zone.next_group(self.rank)?;
            self.rank = Some(rank);
            let left = group.members(members) - taken;
            self.holding = &left & field.holders();
            self.fresh = left - &self.holding;
        }
        let holds = self.fresh.is_empty();
        let equals = if holds { &self.holding } else { &self.fresh };
        let count = super::count(equals);
        let spot = equals.select(u32::try_from(moment.below(count)).ok()?)?;
        Some((0, self.rank?, holds, least_of(count, moment), spot))
    }
}

/// The chance of the luckiest of so many nodes, each of which has an even one: as if all had drawn, and
/// comparable between zones. The bits compare as the number does.
fn least_of(count: usize, moment: &mut Moment) -> u64 {
    // 53 bits: every number of them is exact, and below one.
    let draw = (moment.draw() >> 11) as f64 / (1u64 << 53) as f64;
    let least = -((-draw).ln_1p() / count.max(1) as f64).exp_m1();
    least.abs().to_bits()
}

/// Zone count, node count, rank (5 less for the instance's own node).
pub(super) fn key(field: &Field<'_>, in_zone: usize, spot: Spot, stays: bool) -> Vec<f64> {
    let rank = field.node(spot).map_or(f64::INFINITY, |node| f64::from_bits(memory_rank(node)));
    let bonus = if stays { 5.0 } else { 0.0 };
    vec![shown(in_zone), shown(field.chosen_count(spot)), rank - bonus]
}
