//! `kontena node remove`.

use crate::api::{Node, path_of_node};
use crate::args::node::NodeRemove;
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::Session;

/// Removes nodes one after the other; the first failure stops.
pub(super) fn run(session: &Session<'_>, args: &NodeRemove) -> Result<(), Failure> {
    args.nodes.iter().try_for_each(|node| remove(session, node, args.force.given()))
}

fn remove(session: &Session<'_>, name: &str, force: bool) -> Result<(), Failure> {
    let grid = session.grid()?;
    let client = session.client()?;
    let console = session.console;
    let node: Node = client.get(&super::node_path(session, name)?)?;
    if node.is_connected() {
        if !node.has_token.unwrap_or(false) {
            return Err(Failure::said(format!(
                "Node {name} is still connected using a grid token. \
                 You must terminate the node before removing it."
            )));
        }
        console.warn(format!(
            "Node {name} is still connected using a node token, but will be force-disconnected"
        ));
    }
    console.confirm_name(name, force)?;
    let path = match &node.id {
        Some(id) => path_of_node(id),
        None => super::node_path(session, name)?,
    };
    let message = format!(
        "Removing {} node from {} grid ",
        console.paint(Ink::Cyan, name),
        console.paint(Ink::Cyan, grid)
    );
    console.step(message, |_| client.delete(&path))
}
