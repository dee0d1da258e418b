//! `kontena node env`.

use serde_json::Value;

use crate::api::websocket_uri;
use crate::args::node::NodeEnv;
use crate::failure::Failure;
use crate::session::Session;

/// Prints what the agent of a node needs to join with the node's token.
pub(super) fn run(session: &Session<'_>, args: &NodeEnv) -> Result<(), Failure> {
    let path = super::node_path(session, &args.name)?;
    let answer = session.client()?.get(&format!("{path}/token"));
    let answer: Value = answer.map_err(|failure| explain(failure, &args.name))?;
    let token = answer.get("token").and_then(Value::as_str).filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| none(&args.name))?;
    if args.token {
        return Ok(session.console.line(token)?);
    }
    session.console.line(format!("KONTENA_URI={}", websocket_uri(&session.master()?.url)))?;
    Ok(session.console.line(format!("KONTENA_NODE_TOKEN={token}"))?)
}

fn none(name: &str) -> Failure {
    Failure::said(format!(
        "Node {name} was not created with a node token. Use `kontena grid env` instead"
    ))
}

/// A node without a token is answered like a node that does not exist, but with a text of its own.
fn explain(failure: Failure, name: &str) -> Failure {
    match &failure {
        Failure::Http(http) if http.status() == 404 && http.said() != Some("Not found") => {
            none(name)
        }
        _ => failure,
    }
}
