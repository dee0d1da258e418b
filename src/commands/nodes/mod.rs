//! Nodes: create, update, remove.

mod token;

use kontena_core::{
    Snapshot,
    domain::{Change, EngineId, Grid, Node, NodeId},
    login, rollout,
    validate::node::{NodeDraft, NodeEdit},
};
use kontena_store::{StoreError, grids, nodes, snapshots};

pub use token::{clear as clear_token, reset as reset_token, show as show_token};

use super::{CommandError, Means, Subject, audit, run};
use crate::{
    auth::Caller,
    vault::{Purpose, fresh_token},
};

const RESOURCE: &str = "HostNode";

/// Creates a node with a token of its own, given or made up.
///
/// # Errors
/// Where name or token is taken, no number is free, or the store fails.
pub async fn create(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    draft: NodeDraft,
) -> Result<Node, CommandError> {
    let (means_, caller, grid) = (means.clone(), caller.clone(), grid.clone());
    let fresh = fresh_token();
    run(&means.store, move |tx| {
        let used = nodes::numbers_and_names(tx.conn(), grid.id)?;
        let token = draft.token.as_deref().unwrap_or(&fresh);
        let token_hash = means_.vault.hash(Purpose::Node, token);
        let token_is_taken = nodes::by_token(tx.conn(), &token_hash)?.is_some();
        let mut moment = means_.clock.moment();
        let node = match login::create_node(&draft, &grid, &used, token_is_taken, &mut moment) {
            Ok(node) => node,
            Err(taken) => return Ok(Err(taken.into())),
        };
        tx.apply(grid.id, Change::NodeCreated(Box::new(node.clone())))?;
        nodes::set_token(tx.conn(), node.id, Some((&token_hash, &means_.vault.seal(token))))?;
        audit(tx, &caller, "create", &subject(&grid, &node), moment.now)?;
        Ok(Ok(node))
    })
    .await
}

/// The grid that a token opens, and its node with this engine; nothing where no grid has the token.
///
/// # Errors
/// Where the store fails.
pub async fn by_grid_token(
    means: &Means,
    token: &str,
    engine: Option<EngineId>,
) -> Result<Option<(Grid, Option<Node>)>, CommandError> {
    let hash = means.vault.hash(Purpose::Grid, token);
    let read = means.store.read(move |conn| {
        let Some(grid) = grids::by_token(conn, &hash)? else { return Ok(None) };
        let node = match &engine {
            Some(engine) => nodes::by_engine(conn, engine)?,
            None => None,
        };
        let node = node.filter(|node| node.grid == grid.id);
        Ok(Some((grid, node)))
    });
    Ok(read.await?)
}

/// Changes a node's labels and availability. Stateful instances on a node that is drained stop, and
/// start when it is activated; stateless ones are the scheduler's.
///
/// # Errors
/// Where the node is gone, or the store fails.
pub async fn update(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    node: NodeId,
    edit: NodeEdit,
) -> Result<Node, CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.clone());
    let updated = means
        .store
        .write(move |tx| {
            let now = clock.now();
            let Some(mut found) = nodes::by_id(tx.conn(), node)? else {
                return Ok(None);
            };
            if let Some(availability) = edit.availability
                && availability != found.availability
                && let Some(contents) = snapshots::load(tx.conn(), grid.id)?
            {
                let snapshot = Snapshot::new(contents, now);
                // The nodes to notify are found by the scheduler in the feed.
                let (changes, _) =
                    rollout::availability_changes(&snapshot, node, availability, now);
                tx.apply_all(grid.id, changes)?;
            }
            let edited = Change::NodeEdited {
                node,
                labels: edit.labels.clone().unwrap_or_else(|| found.labels.clone()),
                availability: edit.availability.unwrap_or(found.availability),
                at: now,
            };
            tx.apply(grid.id, edited.clone())?;
            found.apply(&edited);
            let what = described(&edit);
            audit(tx, &caller, "update", &subject(&grid, &found).with(what), now)?;
            Ok(Some(found))
        })
        .await?;
    updated.ok_or(CommandError::NotFound)
}

/// What came of a removal.
enum Removal {
    Done,
    Gone,
    Reconnected,
}

/// Removes a node; its token opens nothing from the same moment on, its instances have no node. `node` is
/// the record as it was looked at: one without a token of its own is not removed where another connection
/// has taken it meanwhile, since its agent is well and would come straight back.
///
/// # Errors
/// Where the node is gone or has connected meanwhile, or the store fails.
pub async fn remove(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    node: &Node,
) -> Result<(), CommandError> {
    let (clock, caller) = (means.clock.clone(), caller.clone());
    let (grid, node) = (grid.clone(), node.clone());
    let removed = means.store.write(move |tx| {
        let Some(found) = nodes::by_id(tx.conn(), node.id)? else {
            return Ok(Removal::Gone);
        };
        let is_another = !node.connected || found.connected_at != node.connected_at;
        if found.connected && !found.has_token && is_another {
            return Ok(Removal::Reconnected);
        }
        tx.apply(grid.id, Change::NodeRemoved(node.id))?;
        audit(tx, &caller, "remove node", &subject(&grid, &node), clock.now())?;
        Ok(Removal::Done)
    });
    match removed.await {
        Ok(Removal::Done) => Ok(()),
        Ok(Removal::Gone) | Err(StoreError::Conflict(_)) => Err(CommandError::NotFound),
        Ok(Removal::Reconnected) => Err(CommandError::Reconnected),
        Err(error) => Err(error.into()),
    }
}

/// What an audit line says of an update.
fn described(edit: &NodeEdit) -> String {
    let labels = edit.labels.as_ref().map(|labels| format!("labels: {}", labels.join(", ")));
    let availability = edit.availability.map(|it| format!("availability: {}", it.as_str()));
    availability.into_iter().chain(labels).collect::<Vec<_>>().join("; ")
}

fn subject<'a>(grid: &'a Grid, node: &'a Node) -> Subject<'a> {
    Subject {
        grid: Some(&grid.name),
        resource_type: RESOURCE,
        name: &node.name,
        id: format!("{}/{}", grid.name, node.name),
        what: String::new(),
    }
}
