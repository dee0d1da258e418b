//! High availability: over zones, then nodes (`scheduling.md` 2.4).
//!
//! ```text
//!  zones by (count, best node)   nodes of a zone by (count, memory, chance)
//!  ┌───────────────┐             ┌──────────────────────┐
//!  │ y: 0, c       │ ──────────> │ c: 0, 0.25           │
//!  │ x: 1, b       │             │ d: 0, 0.50           │
//!  └───────────────┘             └──────────────────────┘
//! ```
//!
//! Both are heaps with outdated entries: an entry counts while what it says is still true, and every
//! change adds a true one. Equal keys are told apart by a number drawn when a node's key changes, which
//! makes the choice among them uniform without counting them.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use super::{Field, Spot, shown};
use crate::{domain::Node, moment::Moment};

/// Count, memory rank, chance, place.
type NodeKey = (usize, u64, u64, Spot);
/// Count, best node, place of the zone.
type ZoneKey = (usize, NodeKey, usize);

/// Survivors by zone.
#[derive(Debug)]
pub(crate) struct Spread {
    /// By candidate.
    places: Vec<Place>,
    zones: Vec<Zone>,
    queue: BinaryHeap<Reverse<ZoneKey>>,
}

/// What is known of a candidate.
#[derive(Debug, Clone, Copy)]
struct Place {
    zone: usize,
    memory: u64,
    is_member: bool,
}

/// A zone.
#[derive(Debug, Default)]
struct Zone {
    /// How many choices of this run went to survivors in it.
    count: usize,
    queue: BinaryHeap<Reverse<NodeKey>>,
}

impl Spread {
    pub(crate) fn new(field: &Field<'_>, members: &[Spot], moment: &mut Moment) -> Self {
        let mut numbers = BTreeMap::new();
        let nodes = field.spots().filter_map(|spot| field.node(spot));
        let places: Vec<_> = nodes
            .map(|node| {
                let next = numbers.len();
                Place {
                    zone: *numbers.entry(node.zone()).or_insert(next),
                    memory: memory_rank(node).to_bits(),
                    is_member: false,
                }
            })
            .collect();
        let mut entries: Vec<Vec<Reverse<NodeKey>>> = vec![Vec::new(); numbers.len()];
        let mut spread = Self {
            places,
            zones: numbers.iter().map(|_| Zone::default()).collect(),
            queue: BinaryHeap::new(),
        };
        for spot in members.iter().copied() {
            if let Some(place) = spread.places.get_mut(spot)
                && let Some(entries) = entries.get_mut(place.zone)
                && let Some(zone) = spread.zones.get_mut(place.zone)
            {
                place.is_member = true;
                let count = field.chosen_count(spot);
                zone.count += count;
                entries.push(Reverse((count, place.memory, moment.draw(), spot)));
            }
        }
        for (number, entries) in entries.into_iter().enumerate() {
            if let Some(zone) = spread.zones.get_mut(number) {
                zone.queue = entries.into();
            }
            spread.announce(field, number);
        }
        spread
    }

    pub(crate) fn pick(
        &mut self,
        field: &Field<'_>,
        stays: Option<Spot>,
        moment: &mut Moment,
    ) -> Option<Spot> {
        let guest = stays.filter(|spot| !self.is_member(*spot));
        if let Some(guest) = guest {
            self.join(field, guest, moment);
        }
        let best = self.best(field);
        if let Some(guest) = guest {
            self.leave(field, guest);
        }
        let (zone_count, (count, _, _, chosen), _) = best?;
        // Sticking to a node comes before memory and behind both counts.
        let sticks = stays.filter(|spot| {
            let zone = self.places.get(*spot).map(|place| place.zone);
            let others = zone.and_then(|zone| self.zones.get(zone));
            let mine = field.chosen_count(*spot);
            let visit = if guest.is_some() { mine } else { 0 };
            others.is_some_and(|zone| (zone.count + visit, mine) <= (zone_count, count))
        });
        sticks.or(Some(chosen))
    }

    /// The field counts one more choice of the candidate.
    pub(crate) fn chosen(&mut self, field: &Field<'_>, spot: Spot, moment: &mut Moment) {
        if let Some(place) = self.places.get(spot).copied()
            && place.is_member
            && let Some(zone) = self.zones.get_mut(place.zone)
        {
            zone.count += 1;
            let count = field.chosen_count(spot);
            let entry = (count, place.memory, moment.draw(), spot);
            zone.queue.push(Reverse(entry));
            self.announce(field, place.zone);
        }
    }

    fn is_member(&self, spot: Spot) -> bool {
        self.places.get(spot).is_some_and(|place| place.is_member)
    }

    fn join(&mut self, field: &Field<'_>, spot: Spot, moment: &mut Moment) {
        if let Some(place) = self.places.get_mut(spot)
            && let Some(zone) = self.zones.get_mut(place.zone)
        {
            place.is_member = true;
            let count = field.chosen_count(spot);
            zone.count += count;
            let entry = (count, place.memory, moment.draw(), spot);
            zone.queue.push(Reverse(entry));
            let number = place.zone;
            self.announce(field, number);
        }
    }

    fn leave(&mut self, field: &Field<'_>, spot: Spot) {
        if let Some(place) = self.places.get_mut(spot)
            && let Some(zone) = self.zones.get_mut(place.zone)
        {
            place.is_member = false;
            zone.count = zone.count.saturating_sub(field.chosen_count(spot));
            let number = place.zone;
            self.announce(field, number);
        }
    }

    /// The best survivor with the counts that make it so.
    fn best(&mut self, field: &Field<'_>) -> Option<ZoneKey> {
        while let Some(Reverse(entry)) = self.queue.peek().copied() {
            if self.zone_key(field, entry.2) == Some(entry) {
                return Some(entry);
            }
            self.queue.pop();
        }
        None
    }

    /// Adds a true entry of a zone that has changed.
    fn announce(&mut self, field: &Field<'_>, zone: usize) {
        if let Some(key) = self.zone_key(field, zone) {
            self.queue.push(Reverse(key));
        }
    }

    fn zone_key(&mut self, field: &Field<'_>, number: usize) -> Option<ZoneKey> {
        let zone = self.zones.get_mut(number)?;
        while let Some(Reverse(entry)) = zone.queue.peek().copied() {
            let (count, .., spot) = entry;
            let is_member = self.places.get(spot).is_some_and(|place| place.is_member);
            if is_member && field.chosen_count(spot) == count {
                return Some((zone.count, entry, number));
            }
            zone.queue.pop();
        }
        None
    }
}

/// 10 and the share of memory in use, caches included; without statistics nothing is in use, and
/// statistics of a node whose memory is not known make it the last choice.
fn memory_rank(node: &Node) -> f64 {
    let Some(memory) = node.memory() else {
        return 10.0;
    };
    let total = node.report.mem_total.unwrap_or(0);
    if total <= 0 {
        return f64::INFINITY;
    }
    10.0 + memory.used.max(0) as f64 / total as f64
}

/// Zone count, node count, rank (5 less for the instance's own node).
pub(super) fn key(field: &Field<'_>, members: &[Spot], spot: Spot, stays: bool) -> Vec<f64> {
    let zone = field.node(spot).map(Node::zone);
    let in_zone = field
        .chosen()
        .filter(|(other, _)| members.contains(other) && field.node(*other).map(Node::zone) == zone);
    let in_zone: usize = in_zone.map(|(_, numbers)| numbers.len()).sum();
    let rank = field.node(spot).map_or(f64::INFINITY, memory_rank);
    let bonus = if stays { 5.0 } else { 0.0 };
    vec![shown(in_zone), shown(field.chosen_count(spot)), rank - bonus]
}
