//! Transitions of a node's presence: plug, unplug, the check at each pong, and what a report changes.
//!
//! Which connection counts is decided by its identity (`connected_at`, compared and set), never by the
//! order in which events arrive: a late close of an old connection changes nothing.

use crate::domain::{Change, Node, NodeId, NodeReport, Time};

/// Why a connection must end. The numbers are the close codes of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Close code.
    pub code: u16,
    /// Close reason.
    pub reason: String,
}

/// The node a connection belongs to, by the names that reasons use.
#[derive(Debug, Clone, Copy)]
pub struct Connected<'a> {
    /// The engine's id.
    pub engine_id: &'a str,
    /// The node's name.
    pub name: &'a str,
    /// Identity of the connection.
    pub connected_at: Time,
}

/// The node is gone.
#[must_use]
pub fn removed(engine_id: &str) -> Verdict {
    Verdict { code: 4040, reason: format!("host node {engine_id} has been removed") }
}

/// The node's record says that it is not connected.
#[must_use]
pub fn disconnected(name: &str) -> Verdict {
    Verdict { code: 4031, reason: format!("host node {name} has been disconnected") }
}

/// Another connection has taken the node.
#[must_use]
pub fn conflict(name: &str, newer: Time) -> Verdict {
    let at = newer.format("%Y-%m-%d %H:%M:%S UTC");
    let reason = format!("host node {name} connection conflict with new connection at {at}");
    Verdict { code: 4041, reason }
}

/// Compares a connection with the node's record, in the order of the contract: removed, taken by another
/// connection, disconnected by an administrator.
///
/// # Errors
/// How the connection must end.
pub fn check(connection: Connected<'_>, record: Option<&Node>) -> Result<(), Verdict> {
    let Some(node) = record else {
        return Err(removed(connection.engine_id));
    };
    check_identity(connection, node)?;
    if node.connected { Ok(()) } else { Err(disconnected(&node.name)) }
}

/// Whether a connection is the one that the record is about, whatever its state.
///
/// # Errors
/// The conflict with the one that is.
pub fn check_identity(connection: Connected<'_>, node: &Node) -> Result<(), Verdict> {
    match node.connected_at {
        Some(counted) if counted == connection.connected_at => Ok(()),
        other => Err(conflict(connection.name, other.unwrap_or(connection.connected_at))),
    }
}

/// What an agent's report of its engine changes. Labels are taken only while the node has none; they
/// belong to the API afterwards.
#[must_use]
pub fn report(
    node: &Node,
    report: NodeReport,
    agent_version: Option<String>,
    engine_labels: Option<Vec<String>>,
    now: Time,
) -> Change {
    Change::NodeReported {
        node: node.id,
        report: Box::new(report),
        agent_version,
        labels: engine_labels.filter(|labels| node.labels.is_empty() && !labels.is_empty()),
        at: now,
    }
}

/// Whether a report leaves the record as it is, but for the moment of the last change.
#[must_use]
pub fn says_nothing_new(node: &Node, change: &Change) -> bool {
    let mut reported = node.clone();
    reported.apply(change);
    reported.updated_at = node.updated_at;
    reported == *node
}

/// A connection counts from now on, unless a newer one does.
#[must_use]
pub fn plug(node: NodeId, connected_at: Time, now: Time) -> Change {
    Change::NodePlugged { node, connected_at, at: now }
}

/// Why a node is not connected, in words for an operator; nothing while it is.
#[must_use]
pub fn connection_error(node: &Node) -> Option<String> {
    if node.connected {
        return None;
    }
    let text = |at: Option<Time>| {
        at.map_or_else(|| "?".to_owned(), |at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string())
    };
    let Some(connection) = &node.connection else {
        return Some("Websocket is not connected".to_owned());
    };
    let (what, at) = if connection.opened {
        ("disconnected", node.disconnected_at)
    } else {
        ("connection rejected", node.connected_at)
    };
    let code = connection.close_code.unwrap_or(1006);
    let reason = connection.close_reason.as_deref().unwrap_or_default();
    Some(format!("Websocket {what} at {} with code {code}: {reason}", text(at)))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::{Connection, GridId};

    fn now() -> Time {
        Time::from_timestamp(1_500_000_000, 0).expect("a time")
    }

    fn node() -> Node {
        let mut node = Node::new(
            NodeId::from_bytes([1; 12]),
            GridId::from_bytes([2; 12]),
            1,
            "a".into(),
            now(),
        );
        node.apply(&plug(node.id, now(), now()));
        node
    }

    #[test]
    fn a_connection_is_judged_by_its_identity_alone() {
        let connection = Connected { engine_id: "ID1", name: "a", connected_at: now() };
        let mut node = node();
        assert_eq!(check(connection, Some(&node)), Ok(()));
        assert_eq!(check(connection, None).expect_err("gone").code, 4040);

        node.connected = false;
        let verdict = check(connection, Some(&node)).expect_err("reset");
        assert_eq!(verdict, disconnected("a"));

        node.connected_at = Some(now() + TimeDelta::seconds(1));
        let verdict = check(connection, Some(&node)).expect_err("taken");
        assert_eq!(verdict.code, 4041);
        assert_eq!(
            verdict.reason,
            "host node a connection conflict with new connection at 2017-07-14 02:40:01 UTC"
        );
    }

    #[test]
    fn the_last_close_is_told_in_words() {
        let mut node = node();
        assert_eq!(connection_error(&node), None);
        node.apply(&Change::NodeUnplugged {
            node: node.id,
            connected_at: now(),
            at: now(),
            close_code: 1006,
            close_reason: String::new(),
        });
        assert_eq!(
            connection_error(&node).as_deref(),
            Some("Websocket disconnected at 2017-07-14 02:40:00 UTC with code 1006: ")
        );
        node.connection = Some(Connection {
            opened: false,
            close_code: Some(4020),
            close_reason: Some("x".into()),
        });
        assert_eq!(
            connection_error(&node).as_deref(),
            Some("Websocket connection rejected at 2017-07-14 02:40:00 UTC with code 4020: x")
        );
        node.connection = None;
        assert_eq!(connection_error(&node).as_deref(), Some("Websocket is not connected"));
    }

    #[test]
    fn engine_labels_are_taken_only_by_a_node_without_any() {
        let mut node = node();
        let labels_after = |node: &Node| {
            let engine = Some(vec!["d=1".to_owned()]);
            match report(node, NodeReport::default(), None, engine, now()) {
                Change::NodeReported { labels, .. } => labels,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(labels_after(&node), Some(vec!["d=1".to_owned()]), "case 47");
        node.labels = vec!["x=1".into()];
        assert_eq!(labels_after(&node), None, "case 48");
    }

    #[test]
    fn a_report_that_repeats_itself_says_nothing_new() {
        let mut node = node();
        let said = |node: &Node| report(node, NodeReport::default(), None, None, now());
        assert!(!says_nothing_new(&node, &said(&node)), "the first makes it online");
        node.apply(&said(&node));
        assert!(says_nothing_new(&node, &said(&node)));
        let more = NodeReport { cpus: Some(4), ..NodeReport::default() };
        let more = report(&node, more, None, None, now());
        assert!(!says_nothing_new(&node, &more));
    }
}
