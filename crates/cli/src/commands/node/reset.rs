//! `kontena node reset`, also known as `reset-token`.

use kontena_protocol::api::TokenReset;
use serde_json::json;

use crate::api::Method;
use crate::args::node::NodeReset;
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::Session;

const QUESTION: &str = "Resetting the node token will disconnect the agent (unless using \
    --no-reset-connection), and require you to reconfigure the kontena-agent using the new \
    `kontena node env` values before it will be able to reconnect. Are you sure?";

/// Gives a node a new token, or takes it back to the grid token.
pub(super) fn run(session: &Session<'_>, args: &NodeReset) -> Result<(), Failure> {
    let path = format!("{}/token", super::node_path(session, &args.node)?);
    let client = session.client()?;
    session.console.confirm(QUESTION, args.force.given())?;
    let reset_connection = !args.no_reset_connection;
    let name = session.console.paint(Ink::Cyan, &args.node);
    let message = format!("Resetting node {name} websocket connection token");
    session.console.step(message, |_| {
        if args.clear_token {
            let body = json!({ "reset_connection": reset_connection });
            client.tell(Method::Delete, &path, &body)
        } else {
            let body = TokenReset { token: args.token.clone(), reset_connection };
            client.tell(Method::Put, &path, &body)
        }
    })
}
