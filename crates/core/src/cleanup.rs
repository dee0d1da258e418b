//! What is cleaned up by itself, and when: connections that went stale, ephemeral nodes that stay away,
//! records of containers that are gone (`agent-protocol.md` 2.5, decisions in the contract's README), and
//! history nobody will ask for (`scheduling.md` 5.8).
//!
//! ```text
//!   connected, no sign of life for two intervals ──> not connected
//!   ephemeral, offline for its time to live      ──> removed
//!   container marked deleted for a minute, and not reported for three of its node's presence, or for the
//!   longest grace of its absence                 ──> purged
//!   finished deploy with 100 newer ones          ──> pruned
//!   revision that no service, instance or unfinished deploy needs  ──> pruned
//!   event with 10,000 newer ones in its grid     ──> pruned
//! ```
//!
//! The audit log is kept whole: it is evidence, and grows with what people do, not with what happens.

use std::{collections::BTreeSet, sync::Arc};

use chrono::TimeDelta;

use crate::{
    attendance::Absences,
    domain::{Node, Service, Time},
    grace::Graces,
};

/// How long a container counts as deleted before its record may go.
const DELETED: TimeDelta = TimeDelta::seconds(60);

/// How long the agent of a node that is back may take to report all its containers again. It saves them
/// 50 ms apart, so that a minute would be too short from 1,200 on, and this suffices for 3,600; it is
/// counted from the agent's clock when it dialled, and a login may wait a minute for the database.
const RESAVE: TimeDelta = TimeDelta::seconds(180);

/// A master that has just begun to listen removes no node before this: an agent that waits as long as it
/// ever waits between two attempts has been back several times by then.
const SETTLING: TimeDelta = TimeDelta::minutes(10);

/// How many finished deploys of a service are kept, the newest by their creation (`scheduling.md` 5.8).
/// Unfinished ones are kept whatever their number.
pub const DEPLOYS_KEPT: i64 = 100;

/// How many entries of its event log a grid keeps. Its clients ask for a thousand at most; ten thousand are
/// the days before an incident in a busy grid, and a few megabytes.
pub const EVENTS_KEPT: i64 = 10_000;

/// How many lines of its containers a grid keeps: ten times what clients ask for at most. At a hundred bytes
/// a line that is some ten megabytes; archives are for those who forward logs.
pub const LINES_KEPT: i64 = 100_000;

/// Whether a revision of a service's specification may go. The present one, and one that an instance was
/// deployed at, is what agents are told. A deploy that has not ended may still place instances at the
/// revision it began with.
#[must_use]
pub fn is_needless(
    revision: i64,
    present: i64,
    of_instances: &BTreeSet<i64>,
    is_deploying: bool,
) -> bool {
    !is_deploying && revision != present && !of_instances.contains(&revision)
}

/// How long things are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Silence from which on a recorded connection is stale: two keepalive intervals.
    pub stale: TimeDelta,
    /// How long an ephemeral node may stay offline.
    pub ephemeral: TimeDelta,
    /// Since when this master listens.
    pub listening_since: Time,
    /// When it was not there since.
    pub absences: Arc<Absences>,
}

/// Whether a record says connected although its node gave no sign of life for too long.
#[must_use]
pub fn is_stale(node: &Node, limits: &Limits, now: Time) -> bool {
    node.connected && node.last_seen_at.is_some_and(|seen| now - seen > limits.stale)
}

/// Whether an ephemeral node is to be removed. Never: an initial node, one that was never seen, one that
/// holds state (see [`holds_state`]), one that was offline for less than its time to live, the master's
/// absences aside.
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
    offline_since.is_some_and(|since| now - since - limits.absences.since(since) > limits.ephemeral)
}

/// Whether any of the services is stateful. They are those that an instance on the node belongs to, or
/// any container of it, whatever its type and however dead.
#[must_use]
pub fn holds_state<'a>(on_node: impl IntoIterator<Item = &'a Service>) -> bool {
    on_node.into_iter().any(|service| service.spec.stateful)
}

/// Whether the record of a container that counts as deleted since then is of no use any more. `node` is
/// none where its node is gone.
#[must_use]
pub fn is_purgeable(deleted_at: Time, node: Option<&Node>, graces: &Graces, now: Time) -> bool {
    now - deleted_at > DELETED && node.is_none_or(|node| knows_no_more(node, graces, now))
}

/// Whether a node has had its time to report what it still has. One that is connected has reported
/// itself: what it says of containers comes after.
fn knows_no_more(node: &Node, graces: &Graces, now: Time) -> bool {
    if node.connected {
        return node.updated && node.connected_at.is_none_or(|at| now - at > RESAVE);
    }
    let longest = graces.daemon.max(graces.ha).max(graces.random);
    node.offline_since().is_none_or(|since| now - since > longest)
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
            absences: Arc::default(),
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

    #[test]
    fn a_revision_goes_when_nothing_can_be_told_to_an_agent_from_it() {
        let of_instances = BTreeSet::from([2, 4]);
        let needless =
            |revision, is_deploying| is_needless(revision, 5, &of_instances, is_deploying);
        let gone: Vec<i64> = (1..=5).filter(|revision| needless(*revision, false)).collect();
        assert_eq!(gone, [1, 3]);
        assert!((1..=5).all(|revision| !needless(revision, true)), "a deploy may place at any");
    }

    #[test]
    fn a_record_goes_when_its_node_has_had_its_time_to_report_it() {
        let graces = Graces::default();
        let purged = |deleted: i64, node: &Node, now: i64| {
            is_purgeable(at(deleted), Some(node), &graces, at(now))
        };
        let offline = node(2, &[]);
        assert!(!purged(0, &offline, 600) && purged(0, &offline, 601), "the longest grace");
        let mut back = offline;
        (back.connected, back.updated, back.connected_at) = (true, true, Some(at(1000)));
        assert!(!purged(0, &back, 1180) && purged(0, &back, 1181));
        assert!(!purged(1150, &back, 1210) && purged(1150, &back, 1211), "deleted just now");
        back.updated = false;
        assert!(!purged(0, &back, 9000), "it has not reported yet");
        assert!(is_purgeable(at(0), None, &graces, at(61)), "its node is gone");
    }

    #[test]
    fn state_is_what_a_stateful_service_has_on_the_node() {
        let mut grid = GridBuilder::new();
        let plain = grid.service("web", crate::domain::Strategy::Ha).id();
        let stateful = grid.service("db", crate::domain::Strategy::Ha).stateful().id();
        let snapshot = grid.build();
        let service = |id| snapshot.service(id).expect("a service");
        assert!(!holds_state([service(plain)]));
        assert!(holds_state([service(plain), service(stateful)]));
    }
}
