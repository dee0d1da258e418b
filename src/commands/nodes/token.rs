//! A node's own token: shown, replaced, taken away.

use kontena_core::{
    domain::{Change, Grid, Node},
    login::Unavailable,
    validate::node::TokenReset,
};
use kontena_store::{StoreError, nodes};

use super::subject;
use crate::{
    auth::Caller,
    commands::{CommandError, Means, audit, run},
    vault::{Purpose, fresh_token},
};

/// The token of a node, in clear; nothing where it uses the grid's.
///
/// # Errors
/// Where the store fails, or the token was sealed with another key.
pub async fn show(means: &Means, node: &Node) -> Result<Option<String>, CommandError> {
    let id = node.id;
    let sealed = means.store.read(move |conn| nodes::sealed_token(conn, id)).await?;
    let open = |sealed: String| {
        means
            .vault
            .open(&sealed)
            .map_err(|error| StoreError::Corrupt { table: "nodes", what: error.to_string() }.into())
    };
    sealed.map(open).transpose()
}

/// Gives a node another token of its own; its agent is disconnected where asked for.
///
/// # Errors
/// Where a node, this one too, has the token, the node is gone, or the store fails.
pub async fn reset(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    node: &Node,
    reset: TokenReset,
) -> Result<String, CommandError> {
    let token = reset.token.clone().unwrap_or_else(fresh_token);
    write(means, caller, grid, node, Some(token.clone()), reset.reset_connection).await?;
    Ok(token)
}

/// Takes a node's own token away: it uses the grid's from then on.
///
/// # Errors
/// Where the node is gone, or the store fails.
pub async fn clear(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    node: &Node,
    reset_connection: bool,
) -> Result<(), CommandError> {
    write(means, caller, grid, node, None, reset_connection).await
}

async fn write(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    node: &Node,
    token: Option<String>,
    disconnect: bool,
) -> Result<(), CommandError> {
    let (means_, caller) = (means.clone(), caller.clone());
    let (grid, node) = (grid.clone(), node.clone());
    run(&means.store, move |tx| {
        let now = means_.clock.now();
        let hashed = token
            .as_ref()
            .map(|token| (means_.vault.hash(Purpose::Node, token), means_.vault.seal(token)));
        if let Some((hash, _)) = &hashed
            && nodes::by_token(tx.conn(), hash)?.is_some()
        {
            return Ok(Err(Unavailable::Token.into()));
        }
        let change = Change::NodeTokenChanged {
            node: node.id,
            has_token: hashed.is_some(),
            disconnect,
            at: now,
        };
        tx.apply(grid.id, change)?;
        let pair = hashed.as_ref().map(|(hash, sealed)| (hash.as_str(), sealed.as_str()));
        nodes::set_token(tx.conn(), node.id, pair)?;
        let event = if pair.is_some() { "reset token" } else { "clear token" };
        audit(tx, &caller, event, &subject(&grid, &node), now)?;
        Ok(Ok(()))
    })
    .await
}
