//! How long an offline node keeps its instances (`nodes.md`, decisions in the contract's README).
//!
//! ```text
//!  connected ──x disconnected_at                     deadline
//!              ├─────────── grace of the strategy ───┤ over: instances may move
//!        x master gone ······ ├ listening_since ─────┼─ grace ─┤ over, however long the outage was
//! ```
//!
//! Deadlines are computed from what is stored and never kept: a restart finds the same ones.

use chrono::TimeDelta;

use crate::{
    domain::{Node, Strategy, Time},
    snapshot::Snapshot,
};

/// The offline grace period of each strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Graces {
    /// Of `daemon`; 600 s unless configured.
    pub daemon: TimeDelta,
    /// Of `ha`; 120 s unless configured.
    pub ha: TimeDelta,
    /// Of `random`; 30 s unless configured.
    pub random: TimeDelta,
}

impl Default for Graces {
    fn default() -> Self {
        Self {
            daemon: TimeDelta::seconds(600),
            ha: TimeDelta::seconds(120),
            random: TimeDelta::seconds(30),
        }
    }
}

impl Graces {
    /// The grace period of a strategy.
    #[must_use]
    pub const fn of(&self, strategy: Strategy) -> TimeDelta {
        match strategy {
            Strategy::Daemon => self.daemon,
            Strategy::Ha => self.ha,
            Strategy::Random => self.random,
        }
    }
}

/// Until when instances of that strategy stay on the node although it is offline; none where the node
/// is connected, or was never seen.
///
/// Counts from the moment the node was found offline or last seen, whichever is later, and never from
/// before a master listened; what it was not there since then is no part of it.
#[must_use]
pub fn deadline(
    snapshot: &Snapshot,
    node: &Node,
    strategy: Strategy,
    graces: &Graces,
) -> Option<Time> {
    if node.connected {
        return None;
    }
    let counted_from = node.offline_since()?.max(snapshot.listening_since);
    // Saturating: a grace of centuries is a way to say "never".
    let end = counted_from
        .checked_add_signed(graces.of(strategy))
        .and_then(|end| end.checked_add_signed(snapshot.absences.since(counted_from)));
    Some(end.unwrap_or(Time::MAX_UTC))
}

/// Whether an offline node keeps no instances of that strategy any more. Sharp: at the deadline it is
/// over. A node that was never seen has no grace.
#[must_use]
pub fn is_over(
    snapshot: &Snapshot,
    node: &Node,
    strategy: Strategy,
    graces: &Graces,
    now: Time,
) -> bool {
    !node.connected
        && deadline(snapshot, node, strategy, graces).is_none_or(|deadline| deadline <= now)
}

/// Whether the node was connected when the master stopped and has not come back since: it was marked
/// offline at or after the start of listening, and last seen before.
#[must_use]
pub fn is_awaited(snapshot: &Snapshot, node: &Node) -> bool {
    let since = snapshot.listening_since;
    !node.connected
        && node.marked_offline_at.is_some_and(|at| at >= since)
        && node.last_seen_at.is_none_or(|at| at < since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{GridBuilder, at};

    #[test]
    fn grace_is_sharp_and_never_counts_from_before_the_master_listened() {
        let graces = Graces::default();
        let mut grid = GridBuilder::new();
        let node = grid.node("a").offline_since(at(1000)).id();
        let snapshot = grid.listening_since(at(0)).build();
        let node = snapshot.node(node).expect("a node");
        let over = |seconds| is_over(&snapshot, node, Strategy::Ha, &graces, at(seconds));
        assert!(!over(1119) && over(1120) && over(9999));

        let mut late = snapshot.clone();
        late.listening_since = at(5000);
        let deadline = deadline(&late, node, Strategy::Random, &graces);
        assert_eq!(deadline, Some(at(5030)));
    }

    #[test]
    fn a_node_never_seen_has_no_grace_and_a_connected_one_needs_none() {
        let graces = Graces::default();
        let mut grid = GridBuilder::new();
        let never = grid.node("a").never_seen().id();
        let online = grid.node("b").id();
        let snapshot = grid.build();
        let node = |id| snapshot.node(id).expect("a node");
        for strategy in Strategy::ALL {
            assert!(is_over(&snapshot, node(never), strategy, &graces, at(0)));
            assert!(!is_over(&snapshot, node(online), strategy, &graces, at(99_999)));
        }
    }

    #[test]
    fn a_node_is_awaited_only_after_the_masters_own_absence() {
        let mut grid = GridBuilder::new();
        let before = grid.node("a").offline_since(at(10)).id();
        let with_master = grid.node("b").offline_since(at(10)).id();
        let later = grid.node("c").offline_since(at(150)).id();
        let mut snapshot = grid.listening_since(at(100)).build();
        crate::testing::mark_offline(&mut snapshot, with_master, at(100));
        let awaited = |id| is_awaited(&snapshot, snapshot.node(id).expect("a node"));
        assert!(!awaited(before) && awaited(with_master) && !awaited(later));
    }
}
