//! What is cleaned up by itself, and when: connections that went stale, ephemeral nodes that stay away,
//! records of containers that are gone (`agent-protocol.md` 2.5, decisions in the contract's README).
//!
//! ```text
//!   connected, no sign of life for two intervals ──> not connected
//!   ephemeral, offline for its time to live      ──> removed
//!   container marked deleted, and not reported for a minute of its node's presence, or for the longest
//!   grace of its absence                         ──> purged
//! ```

use chrono::TimeDelta;

use crate::{
    domain::{ContainerRecord, Node, NodeId, ServiceId, Time},
    grace::Graces,
    snapshot::Snapshot,
};

/// How long the agent of a node that is back may take to report a container again.
pub const RESAVE: TimeDelta = TimeDelta::seconds(60);

/// A master that has just begun to listen removes no node before this: an agent that waits as long as it
/// ever waits between two attempts has been back several times by then.
const SETTLING: TimeDelta = TimeDelta::minutes(10);

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Silence from which on a recorded connection is stale: two keepalive intervals.
    pub stale: TimeDelta,
    /// How long an ephemeral node may stay offline.
    pub ephemeral: TimeDelta,
    /// Since when this master listens.
    pub listening_since: Time,
}

/// Whether a record says connected although its node gave no sign of life for too long.
#[must_use]
pub fn is_stale(node: &Node, limits: &Limits, now: Time) -> bool {
    node.connected && node.last_seen_at.is_some_and(|seen| now - seen > limits.stale)
}

/// Whether an ephemeral node is to be removed. Never: an initial node, one that was never seen, one that
/// holds state (see [`holds_state`]), one that was offline
/// for less than its time to live.
#[must_use]
pub fn is_expired(
    node: &Node,
    initial_size: u32,
    holds_state: bool,
    limits: &Limits,
    now: Time,
) -> bool {
    if node.connected || !node.is_ephemeral() || node.is_initial(initial_size) || holds_state {
        return false;
    }
    if now - limits.listening_since < SETTLING.min(limits.ephemeral) {
        return false;
    }
    let offline_since = node.last_seen_at.and_then(|_| node.offline_since());
    offline_since.is_some_and(|since| now - since > limits.ephemeral)
}

/// Whether an instance of a stateful service is on the node, or any container of one, whatever its type
/// and however dead: `of_containers` are the services that the node's containers belong to.
#[must_use]
pub fn holds_state(
    snapshot: &Snapshot,
    node: NodeId,
    of_containers: impl Iterator<Item = ServiceId>,
) -> bool {
    let of_instances = snapshot.instances_on(node).map(|instance| instance.service);
    let mut services = of_instances.chain(of_containers);
    services.any(|id| snapshot.service(id).is_some_and(|service| service.spec.stateful))
}

/// Whether the record of a container that counts as deleted is of no use any more. `node` is none where
/// its node is gone.
#[must_use]
pub fn is_purgeable(
    container: &ContainerRecord,
    node: Option<&Node>,
    graces: &Graces,
    now: Time,
) -> bool {
    let Some(deleted_at) = container.deleted_at else {
        return false;
    };
    let Some(node) = node else {
        return true;
    };
    let long_deleted = now - deleted_at > RESAVE;
    let long_known = if node.connected {
        node.connected_at.is_none_or(|at| now - at > RESAVE)
    } else {
        let longest = graces.daemon.max(graces.ha).max(graces.random);
        node.offline_since().is_none_or(|since| now - since > longest)
    };
    long_deleted && long_known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{GridBuilder, at};

    fn limits() -> Limits {
        Limits {
            stale: TimeDelta::seconds(60),
            ephemeral: TimeDelta::hours(6),
            listening_since: at(-1_000_000),
        }
    }

    fn node(number: u32, labels: &[&str]) -> Node {
        let mut grid = GridBuilder::new();
        let id = grid.node("a").labels(labels).offline_since(at(0)).id();
        let mut node = grid.build().node(id).expect("a node").clone();
        node.number = number;
        node
    }

    const SIX_HOURS: i64 = 6 * 3600;

    #[test]
    fn an_ephemeral_node_is_removed_after_its_time_and_never_before() {
        let expired = |node: &Node, seconds| is_expired(node, 1, false, &limits(), at(seconds));
        let ephemeral = node(2, &["ephemeral=yes"]);
        assert!(!expired(&ephemeral, SIX_HOURS));
        assert!(expired(&ephemeral, SIX_HOURS + 1));
        assert!(!is_expired(&ephemeral, 1, true, &limits(), at(SIX_HOURS * 9)), "holds state");
        for kept in [node(1, &["ephemeral"]), node(2, &["ephemeral=no"]), node(2, &[])] {
            assert!(!expired(&kept, SIX_HOURS * 9), "{kept:?}");
        }
        let mut never_seen = node(2, &["ephemeral"]);
        never_seen.last_seen_at = None;
        assert!(!expired(&never_seen, SIX_HOURS * 9));
        let mut back = ephemeral.clone();
        back.connected = true;
        assert!(!expired(&back, SIX_HOURS * 9));
        let mut marked_later = ephemeral;
        marked_later.marked_offline_at = Some(at(100));
        assert!(!expired(&marked_later, SIX_HOURS + 50));
    }

    #[test]
    fn a_master_that_has_just_begun_removes_nobody() {
        let listening_since = at(SIX_HOURS * 2);
        let limits = Limits { listening_since, ..limits() };
        let node = node(2, &["ephemeral"]);
        assert!(!is_expired(&node, 1, false, &limits, at(SIX_HOURS * 2 + 599)));
        assert!(is_expired(&node, 1, false, &limits, at(SIX_HOURS * 2 + 600)));
    }
}
