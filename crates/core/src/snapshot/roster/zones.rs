//! Nodes by availability zone, and in each zone by memory in use: what `ha` chooses by.

use std::collections::BTreeMap;

use super::{Spot, Spots, place};
use crate::domain::Node;

/// The zones of a grid.
#[derive(Debug, Clone, Default)]
pub(crate) struct Zones {
    numbers: BTreeMap<String, usize>,
    zones: Vec<Zone>,
    free: Vec<usize>,
    /// By place: the number of the node's zone.
    of: Vec<usize>,
}

/// A zone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Zone {
    spots: Spots,
    /// By [`memory_rank`].
    ranks: BTreeMap<u64, Group>,
}

/// Nodes of one zone with the same rank; nearly always a single one, or all.
#[derive(Debug, Clone)]
pub(crate) enum Group {
    One(Spot),
    Many(Spots),
}

impl Zones {
    pub(super) fn insert(&mut self, spot: Spot, node: &Node) {
        let number = self.number(node.zone());
        if let Some(zone) = self.zones.get_mut(number) {
            zone.insert(spot, memory_rank(node));
        }
        if self.of.len() <= place(spot) {
            self.of.resize(place(spot) + 1, 0);
        }
        if let Some(of) = self.of.get_mut(place(spot)) {
            *of = number;
        }
    }

    pub(super) fn remove(&mut self, spot: Spot, node: &Node) {
        let name = node.zone();
        let Some(number) = self.numbers.get(name).copied() else { return };
        if let Some(zone) = self.zones.get_mut(number) {
            zone.remove(spot, memory_rank(node));
            if zone.spots.is_empty() {
                self.numbers.remove(name);
                self.free.push(number);
            }
        }
    }

    /// The zones that have nodes, with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Zone)> {
        self.zones.iter().enumerate().filter(|(_, zone)| !zone.spots.is_empty())
    }

    /// A zone by its number.
    pub(crate) fn get(&self, number: usize) -> Option<&Zone> {
        self.zones.get(number)
    }

    /// The number of a node's zone.
    pub(crate) fn of(&self, spot: Spot) -> usize {
        self.of.get(place(spot)).copied().unwrap_or(usize::MAX)
    }

    fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.zones.push(Zone::default());
            self.zones.len() - 1
        });
        self.numbers.insert(name.to_owned(), number);
        number
    }
}

impl Zone {
    /// Its nodes.
    pub(crate) fn spots(&self) -> &Spots {
        &self.spots
    }

    /// Its nodes of the lowest rank, or of the lowest beyond one.
    pub(crate) fn next_group(&self, beyond: Option<u64>) -> Option<(u64, &Group)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = beyond.map_or(Unbounded, Excluded);
        self.ranks.range((from, Unbounded)).next().map(|(rank, group)| (*rank, group))
    }

    fn insert(&mut self, spot: Spot, rank: u64) {
        self.spots.insert(spot);
        match self.ranks.get_mut(&rank) {
            None => drop(self.ranks.insert(rank, Group::One(spot))),
            Some(Group::Many(spots)) => drop(spots.insert(spot)),
            Some(group @ Group::One(_)) => {
                let mut spots = group.spots();
                spots.insert(spot);
                *group = Group::Many(spots);
            }
        }
    }

    fn remove(&mut self, spot: Spot, rank: u64) {
        self.spots.remove(spot);
        let is_empty = match self.ranks.get_mut(&rank) {
            Some(Group::Many(spots)) => {
                spots.remove(spot);
                spots.is_empty()
            }
            Some(Group::One(one)) => *one == spot,
            None => false,
        };
        if is_empty {
            self.ranks.remove(&rank);
        }
    }
}

impl Group {
    fn spots(&self) -> Spots {
        match self {
            Self::One(spot) => Spots::from([*spot]),
            Self::Many(spots) => spots.clone(),
        }
    }

    /// Those of its nodes that are members of a set.
    pub(crate) fn members(&self, of: &Spots) -> Spots {
        match self {
            Self::One(spot) if of.contains(*spot) => Spots::from([*spot]),
            Self::One(_) => Spots::new(),
            Self::Many(spots) => spots & of,
        }
    }
}

/// 10 and the share of memory in use, caches included (`scheduling.md` 2.4), in bits that compare as the
/// number does. Without statistics nothing is in use; statistics of a node whose memory is not known make
/// it the last choice.
pub(crate) fn memory_rank(node: &Node) -> u64 {
    let rank = match (node.memory(), node.report.mem_total.unwrap_or(0)) {
        (None, _) => 10.0,
        (Some(_), ..=0) => f64::INFINITY,
        (Some(memory), total) => 10.0 + memory.used.max(0) as f64 / total as f64,
    };
    rank.to_bits()
}
