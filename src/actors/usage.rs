//! How much memory containers take, as agents say it: gathered here until the grid actor keeps it.
//!
//! Figures come all the time and one of them is as good as another, so that none is worth a write of its
//! own. What is not kept yet when the master stops is measured again a minute later.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use kontena_core::{
    containers::MOST_OF_NODE,
    domain::{GridId, NodeId},
};

/// The highest usage of each container of a node, in bytes, by the engine's id.
type OfNode = HashMap<String, i64>;

/// What was measured in a grid since it was taken last.
pub type Measured = HashMap<NodeId, OfNode>;

/// Gathers figures by grid; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Usage(Arc<Mutex<HashMap<GridId, Measured>>>);

impl Usage {
    /// Takes note of a container's usage; says whether there is room for it.
    pub fn note(&self, grid: GridId, node: NodeId, container_id: &str, bytes: i64) -> bool {
        let mut grids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_node = grids.entry(grid).or_default().entry(node).or_default();
        if let Some(known) = of_node.get_mut(container_id) {
            *known = bytes.max(*known);
            return true;
        }
        let most = usize::try_from(MOST_OF_NODE).unwrap_or(usize::MAX);
        let has_room = of_node.len() < most;
        if has_room {
            of_node.insert(container_id.to_owned(), bytes);
        }
        has_room
    }

    /// Takes what was gathered in a grid.
    #[must_use]
    pub fn take(&self, grid: GridId) -> Measured {
        let mut grids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        grids.remove(&grid).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_figure_is_taken_once_and_a_node_has_its_bound() {
        let (grid, node) = (GridId::from_bytes([1; 12]), NodeId::from_bytes([2; 12]));
        let usage = Usage::default();
        for bytes in [5, 9, 7] {
            assert!(usage.note(grid, node, "c", bytes));
        }
        for number in 1..MOST_OF_NODE {
            assert!(usage.note(grid, node, &format!("c{number}"), 1));
        }
        assert!(!usage.note(grid, node, "one more", 1));
        assert!(usage.note(grid, node, "c", 3), "one that is known has its place");
        assert!(usage.note(grid, NodeId::from_bytes([3; 12]), "c", 1), "so has another node");
        let taken = usage.take(grid);
        assert_eq!(taken[&node]["c"], 9);
        assert_eq!(taken[&node].len(), usize::try_from(MOST_OF_NODE).expect("fits"));
        assert!(usage.take(grid).is_empty());
    }
}
