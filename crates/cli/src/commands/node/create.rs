//! `kontena node create`.

use kontena_protocol::api::NodeCreate as Body;

use crate::api::{Method, path};
use crate::args::node::NodeCreate;
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::Session;

/// Creates a node; its agent joins with the node's own token.
pub(super) fn run(session: &Session<'_>, args: &NodeCreate) -> Result<(), Failure> {
    let path = path(&["grids", session.grid()?, "nodes"]);
    let client = session.client()?;
    let body =
        Body { name: args.name.clone(), labels: args.labels.clone(), token: args.token.clone() };
    let name = session.console.paint(Ink::Cyan, &args.name);
    session
        .console
        .step(format!("Creating {name} node "), |_| client.tell(Method::Post, &path, &body))
}
