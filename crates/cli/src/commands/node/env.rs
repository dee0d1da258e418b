//! `kontena node env`.

use kontena_protocol::api::NodeToken;

use crate::api::websocket_uri;
use crate::args::node::NodeEnv;
use crate::failure::Failure;
use crate::session::Session;

/// Prints what the agent of a node needs to join with the node's token.
pub(super) fn run(session: &Session<'_>, args: &NodeEnv) -> Result<(), Failure> {
    let path = super::node_path(session, &args.name)?;
    let answer = session.client()?.get(&format!("{path}/token"));
    let token: NodeToken = answer.map_err(|failure| explain(failure, &args.name))?;
    if args.token {
        return Ok(session.console.line(token.token)?);
    }
    session.console.line(format!("KONTENA_URI={}", websocket_uri(&session.master()?.url)))?;
    Ok(session.console.line(format!("KONTENA_NODE_TOKEN={}", token.token))?)
}

/// A node without a token is answered like a node that does not exist, but with a text of its own.
fn explain(failure: Failure, name: &str) -> Failure {
    match &failure {
        Failure::Http(http) if http.status() == 404 && http.said() != Some("Not found") => {
            Failure::said(format!(
                "Node {name} was not created with a node token. Use `kontena grid env` instead"
            ))
        }
        _ => failure,
    }
}
