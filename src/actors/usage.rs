//! What agents measure of containers, in memory only: the last figures of each, and the highest usage of
//! memory until the grid actor keeps it.
//!
//! Figures come all the time and one of them is as good as another, so that none is worth a write of its
//! own. What is gone with the master is measured again a minute later.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use kontena_core::{
    containers::MOST_OF_NODE,
    domain::{ContainerFigures, GridId, NodeId, Time},
};

/// How long figures tell how a container does. Agents measure every minute.
const FRESH: TimeDelta = TimeDelta::minutes(5);

/// What was measured in a grid since it was taken last: the highest usage of memory of each container of a
/// node, in bytes, by the engine's id.
pub type Measured = HashMap<NodeId, HashMap<String, i64>>;

/// A container as its agent measured it.
#[derive(Debug)]
struct Known {
    last: ContainerFigures,
    /// Until it is taken.
    peak: Option<i64>,
}

type OfGrid = HashMap<NodeId, HashMap<String, Known>>;

/// Gathers figures by grid; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Usage(Arc<Mutex<HashMap<GridId, OfGrid>>>);

impl Usage {
    fn grids(&self) -> MutexGuard<'_, HashMap<GridId, OfGrid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a container's figures; says whether there is room for it.
    pub fn note(
        &self,
        grid: GridId,
        node: NodeId,
        container_id: String,
        figures: ContainerFigures,
    ) -> bool {
        let mut grids = self.grids();
        let of_node = grids.entry(grid).or_default().entry(node).or_default();
        let usage = figures.memory.map(|memory| memory.usage);
        if let Some(known) = of_node.get_mut(&container_id) {
            known.peak = known.peak.max(usage);
            known.last = figures;
            return true;
        }
        let most = usize::try_from(MOST_OF_NODE).unwrap_or(usize::MAX);
        let has_room = of_node.len() < most;
        if has_room {
            of_node.insert(container_id, Known { last: figures, peak: usage });
        }
        has_room
    }

    /// Takes the peaks of a grid, and forgets the containers that were not measured lately.
    #[must_use]
    pub fn take(&self, grid: GridId, now: Time) -> Measured {
        let mut measured = Measured::new();
        let mut grids = self.grids();
        let Some(of_grid) = grids.get_mut(&grid) else {
            return measured;
        };
        for (node, of_node) in of_grid.iter_mut() {
            let peaks: HashMap<_, _> = of_node
                .iter_mut()
                .filter_map(|(id, known)| Some((id.clone(), known.peak.take()?)))
                .collect();
            if !peaks.is_empty() {
                measured.insert(*node, peaks);
            }
            of_node.retain(|_, known| is_fresh(&known.last, now));
        }
        of_grid.retain(|_, of_node| !of_node.is_empty());
        measured
    }

    /// Forgets a grid.
    pub fn forget(&self, grid: GridId) {
        self.grids().remove(&grid);
    }

    /// The last figures of containers of a grid, in the order they are asked for; none of those that were
    /// not measured lately.
    #[must_use]
    pub fn last_of<'a>(
        &self,
        grid: GridId,
        containers: impl IntoIterator<Item = (NodeId, &'a str)>,
        now: Time,
    ) -> Vec<Option<ContainerFigures>> {
        let grids = self.grids();
        let of_grid = grids.get(&grid);
        let last = |node: NodeId, id: &str| {
            let known = of_grid?.get(&node)?.get(id)?;
            is_fresh(&known.last, now).then(|| known.last.clone())
        };
        containers.into_iter().map(|(node, id)| last(node, id)).collect()
    }
}

fn is_fresh(figures: &ContainerFigures, now: Time) -> bool {
    now.signed_duration_since(figures.at) < FRESH
}

#[cfg(test)]
mod tests {
    use kontena_core::domain::ContainerMemory;

    use super::*;

    fn at(minute: i64) -> Time {
        Time::default() + TimeDelta::minutes(minute)
    }

    fn figures(usage: i64, at: Time) -> ContainerFigures {
        let memory = Some(ContainerMemory { usage, limit: None });
        ContainerFigures { at, cpu: None, memory, network: None }
    }

    fn ids() -> (GridId, NodeId) {
        (GridId::from_bytes([1; 12]), NodeId::from_bytes([2; 12]))
    }

    #[test]
    fn the_highest_figure_is_taken_once_and_a_node_has_its_bound() {
        let (grid, node) = ids();
        let usage = Usage::default();
        let note = |id: String, bytes| usage.note(grid, node, id, figures(bytes, at(0)));
        for bytes in [5, 9, 7] {
            assert!(note("c".to_owned(), bytes));
        }
        for number in 1..MOST_OF_NODE {
            assert!(note(format!("c{number}"), 1));
        }
        assert!(!note("one more".to_owned(), 1));
        assert!(note("c".to_owned(), 3), "one that is known has its place");
        let other = NodeId::from_bytes([3; 12]);
        assert!(usage.note(grid, other, "c".to_owned(), figures(1, at(0))), "so has another node");
        let taken = usage.take(grid, at(1));
        assert_eq!(taken[&node]["c"], 9);
        assert_eq!(taken[&node].len(), usize::try_from(MOST_OF_NODE).expect("fits"));
        assert!(usage.take(grid, at(1)).is_empty());
    }

    #[test]
    fn the_last_figures_are_shown_for_five_minutes_and_then_forgotten() {
        let (grid, node) = ids();
        let usage = Usage::default();
        let usages = |now| {
            let last = usage.last_of(grid, [(node, "c"), (node, "d")], now);
            last.iter().map(|last| Some(last.as_ref()?.memory?.usage)).collect::<Vec<_>>()
        };
        assert_eq!(usages(at(0)), [None, None]);
        for (minute, bytes) in [(0, 5), (1, 3)] {
            usage.note(grid, node, "c".to_owned(), figures(bytes, at(minute)));
        }
        usage.note(grid, node, "d".to_owned(), figures(8, at(3)));
        assert_eq!(usages(at(3)), [Some(3), Some(8)]);
        assert!(!usage.take(grid, at(3)).is_empty(), "taking the peaks leaves the figures");
        assert_eq!(usages(at(6)), [None, Some(8)]);
        let _ = usage.take(grid, at(6));
        assert_eq!(usages(at(3)), [None, Some(8)], "what is stale is forgotten");
        usage.forget(grid);
        assert_eq!(usages(at(3)), [None, None]);
    }
}
