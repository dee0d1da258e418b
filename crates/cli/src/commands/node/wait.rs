//! `kontena node wait`.

use std::time::Duration;

use crate::api::Node;
use crate::args::node::{Awaited, NodeWait};
use crate::clock;
use crate::commands::text;
use crate::failure::{Failure, Kind};
use crate::output::Ink;
use crate::session::Session;

/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// Waits until a node is as wanted.
pub(super) fn run(session: &Session<'_>, args: &NodeWait) -> Result<(), Failure> {
    let path = super::node_path(session, &args.node)?;
    let client = session.client()?;
    let word = match args.state {
        Awaited::Online => "online",
        Awaited::Offline => "offline",
        Awaited::Removed => "removed",
    };
    let name = session.console.paint(Ink::Cyan, &args.node);
    let message = format!("Waiting for node {name} to be {word} ");
    session.console.step(message, |progress| {
        until(args.timeout, || {
            let node: Option<Node> = match client.get(&path) {
                Ok(node) => Some(node),
                Err(failure) if failure.status() == Some(404) => None,
                Err(failure) => return Err(failure),
            };
            if let Some(node) = &node {
                progress.detail(text(&node.status).to_owned());
            }
            reached(args.state, node.as_ref(), &args.node)
        })?
        .ok_or_else(|| {
            let text = format!("Timed out waiting for node {} to be {word}", args.node);
            Failure::known(Kind::Timeout, text)
        })
    })
}

/// Looks again and again until `done` says so; none where that takes too long.
pub(super) fn until(
    timeout: Duration,
    mut done: impl FnMut() -> Result<bool, Failure>,
) -> Result<Option<()>, Failure> {
    let started = clock::now();
    loop {
        if done()? {
            return Ok(Some(()));
        }
        let passed = (clock::now() - started).to_std().unwrap_or_default();
        let Some(left) = timeout.checked_sub(passed).filter(|left| !left.is_zero()) else {
            return Ok(None);
        };
        clock::pause(INTERVAL.min(left));
    }
}

/// A node that is gone will be neither online nor offline.
fn reached(wanted: Awaited, node: Option<&Node>, name: &str) -> Result<bool, Failure> {
    match (wanted, node) {
        (Awaited::Removed, node) => Ok(node.is_none()),
        (_, None) => Err(Failure::known(Kind::NotFound, format!("Node {name} does not exist"))),
        (Awaited::Online, Some(node)) => {
            Ok(node.is_connected() && matches!(text(&node.status), "online" | "drain"))
        }
        (Awaited::Offline, Some(node)) => Ok(!node.is_connected()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(status: &str, connected: bool) -> Node {
        Node { status: Some(status.into()), connected: Some(connected), ..Node::default() }
    }

    #[test]
    fn a_connecting_node_is_neither_online_nor_offline() {
        for (status, connected, online, offline) in [
            ("online", true, true, false),
            ("drain", true, true, false),
            ("connecting", true, false, false),
            ("offline", false, false, true),
            ("created", false, false, true),
        ] {
            let node = node(status, connected);
            let reached = |wanted| reached(wanted, Some(&node), "n").unwrap();
            assert_eq!((reached(Awaited::Online), reached(Awaited::Offline)), (online, offline));
            assert!(!reached(Awaited::Removed));
        }
        assert!(reached(Awaited::Removed, None, "n").unwrap());
        assert!(reached(Awaited::Online, None, "n").is_err());
    }

    #[test]
    fn a_look_comes_before_the_limit_is_asked_about() {
        assert_eq!(until(Duration::ZERO, || Ok(true)).unwrap(), Some(()));
        assert_eq!(until(Duration::ZERO, || Ok(false)).unwrap(), None);
    }
}
