//! The nodes of a grid as a dense table, with the sets that filters and strategies work on.
//!
//! ```text
//!   node id ──> place in the table (a Spot) ──> the record
//!                        │
//!                        └── member of: connected, active, label "ssd", zone "x", …
//! ```
//!
//! A set is kept up to date with each change of a node, so that a filter is one intersection instead of a
//! look at every node. What is here follows from the records; nothing of it is stored.

mod sets;
mod zones;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use roaring::RoaringBitmap;

use crate::domain::{Node, NodeId};
pub(crate) use sets::Sets;
pub(crate) use zones::{Zone, Zones, memory_rank};

/// The place of a node in the table; kept as long as the node exists.
pub(crate) type Spot = u32;
/// A set of nodes.
pub(crate) type Spots = RoaringBitmap;

/// The nodes of a grid.
#[derive(Clone, Default)]
pub(crate) struct Roster {
    nodes: Vec<Option<Node>>,
    spots: BTreeMap<NodeId, Spot>,
    free: BTreeSet<Spot>,
    sets: Sets,
}

impl fmt::Debug for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.nodes()).finish()
    }
}

/// Where a node stands in the table depends on what was there before it, and is no fact.
impl PartialEq for Roster {
    fn eq(&self, other: &Self) -> bool {
        self.nodes().eq(other.nodes())
    }
}

impl Roster {
    /// The nodes, by identity.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.spots.values().filter_map(|spot| self.at(*spot))
    }

    /// A node.
    pub(crate) fn node(&self, id: NodeId) -> Option<&Node> {
        self.at(self.spot(id)?)
    }

    /// A node by its place.
    pub(crate) fn at(&self, spot: Spot) -> Option<&Node> {
        self.nodes.get(place(spot))?.as_ref()
    }

    /// The place of a node.
    pub(crate) fn spot(&self, id: NodeId) -> Option<Spot> {
        self.spots.get(&id).copied()
    }

    /// Who is in which set.
    pub(crate) fn sets(&self) -> &Sets {
        &self.sets
    }

    /// Adds a node, or replaces its record.
    pub(crate) fn put(&mut self, node: Node) {
        self.take(node.id);
        let spot = self.free.pop_first().unwrap_or_else(|| {
            self.nodes.push(None);
            // A grid has at most 32,766 nodes: far fewer than there are numbers.
            Spot::try_from(self.nodes.len() - 1).unwrap_or(Spot::MAX)
        });
        self.spots.insert(node.id, spot);
        self.sets.insert(spot, &node);
        if let Some(seat) = self.nodes.get_mut(place(spot)) {
            *seat = Some(node);
        }
    }

    /// Removes a node.
    pub(crate) fn take(&mut self, id: NodeId) -> Option<Node> {
        let spot = self.spots.remove(&id)?;
        let node = self.nodes.get_mut(place(spot))?.take()?;
        self.sets.remove(spot, &node);
        self.free.insert(spot);
        Some(node)
    }

    /// Changes a node's record.
    pub(crate) fn edit(&mut self, id: NodeId, edit: impl FnOnce(&mut Node)) {
        let Some(spot) = self.spot(id) else { return };
        if let Some(Some(node)) = self.nodes.get_mut(place(spot)) {
            self.sets.remove(spot, node);
            edit(node);
            self.sets.insert(spot, node);
        }
    }

    /// Changes what no set depends on.
    pub(crate) fn note(&mut self, id: NodeId, note: impl FnOnce(&mut Node)) {
        let Some(spot) = self.spot(id) else { return };
        if let Some(Some(node)) = self.nodes.get_mut(place(spot)) {
            note(node);
        }
    }
}

fn place(spot: Spot) -> usize {
    usize::try_from(spot).unwrap_or(usize::MAX)
}
