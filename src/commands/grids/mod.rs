//! Grids: create, update, remove.

use std::collections::BTreeMap;

use kontena_core::{
    Moment,
    domain::{Change, Grid, GridId, StackId},
    names,
    validate::{
        FieldErrors,
        grid::{self, GridDraft, GridEdit},
    },
};
use kontena_store::{StoreError, Tx, grids, nodes, services};

use super::{CommandError, Means, Subject, audit, run};
use crate::{
    auth::Caller,
    vault::{Purpose, fresh_token},
};

const RESOURCE: &str = "Grid";
/// Names that are made up before one gets a number that nobody has.
const TRIES: usize = 20;

/// Creates a grid with its default stack; the caller becomes a member.
///
/// # Errors
/// Where name or token is taken, or the store fails.
pub async fn create(
    means: &Means,
    caller: &Caller,
    draft: GridDraft,
) -> Result<Grid, CommandError> {
    let (means_, caller) = (means.clone(), caller.clone());
    let fresh = fresh_token();
    run(&means.store, move |tx| {
        let mut moment = means_.clock.moment();
        let name = match &draft.name {
            Some(name) => name.clone(),
            None => free_name(tx, &mut moment)?,
        };
        if grids::by_name(tx.conn(), &name)?.is_some() {
            let text = format!("Grid with name {name} already exists");
            return Ok(Err(FieldErrors::single("grid", text)));
        }
        let token = draft.token.as_deref().unwrap_or(&fresh);
        let token_hash = means_.vault.hash(Purpose::Grid, token);
        if grids::by_token(tx.conn(), &token_hash)?.is_some() {
            return Ok(Err(FieldErrors::single("token", "is already taken")));
        }
        let grid = Grid {
            id: GridId::from_bytes(moment.id()),
            name,
            initial_size: draft.initial_size,
            default_affinity: draft.default_affinity.clone(),
            subnet: draft.subnet,
            supernet: draft.supernet,
            trusted_subnets: draft.trusted_subnets.clone(),
            statsd: draft.statsd.clone(),
            logs: draft.logs.clone(),
            created_at: moment.now,
        };
        tx.apply(grid.id, Change::GridCreated(Box::new(grid.clone())))?;
        let stack = StackId::from_bytes(moment.id());
        grids::furnish(tx.conn(), &grid, stack, &token_hash, &means_.vault.seal(token))?;
        grids::assign(tx.conn(), grid.id, caller.user.id)?;
        audit(tx, &caller, "create", &subject(&grid), moment.now)?;
        Ok(Ok(grid))
    })
    .await
}

/// A name that no grid has.
fn free_name(tx: &mut Tx<'_>, moment: &mut Moment) -> Result<String, StoreError> {
    for _ in 0..TRIES {
        let name = names::made_up(moment);
        if grids::by_name(tx.conn(), &name)?.is_none() {
            return Ok(name);
        }
    }
    Ok(format!("{}-{}", names::made_up(moment), GridId::from_bytes(moment.id())))
}

/// Changes a grid's settings; every agent is told.
///
/// # Errors
/// Where the grid is gone, or the store fails.
pub async fn update(
    means: &Means,
    caller: &Caller,
    grid: GridId,
    edit: GridEdit,
) -> Result<Grid, CommandError> {
    let (clock, caller) = (means.clock.clone(), caller.clone());
    let updated = means
        .store
        .write(move |tx| {
            let Some(mut found) = grids::by_id(tx.conn(), grid)? else {
                return Ok(None);
            };
            grid::apply(&edit, &mut found);
            tx.apply(grid, Change::GridUpdated(Box::new(found.clone())))?;
            let subject = subject(&found).with(named(&edit));
            audit(tx, &caller, "update", &subject, clock.now())?;
            Ok(Some(found))
        })
        .await?;
    updated.ok_or(CommandError::NotFound)
}

/// The names of what an update sends; options of a log driver may be secrets.
fn named(edit: &GridEdit) -> String {
    let sent = [
        ("default_affinity", edit.default_affinity.is_some()),
        ("trusted_subnets", edit.trusted_subnets.is_some()),
        ("statsd", edit.statsd.is_some()),
        ("logs", edit.logs.is_some()),
    ];
    let names: Vec<&str> = sent.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
    names.join(", ")
}

/// Removes a grid without services and nodes.
///
/// # Errors
/// Where it has any, or the store fails.
pub async fn remove(means: &Means, caller: &Caller, grid: &Grid) -> Result<(), CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.clone());
    run(&means.store, move |tx| {
        // Where it has both, clients are told of the nodes.
        if !nodes::numbers_and_names(tx.conn(), grid.id)?.is_empty() {
            return Ok(Err(FieldErrors::single("grid", "Grid has nodes")));
        }
        if !services::of_grid(tx.conn(), grid.id)?.is_empty() {
            return Ok(Err(FieldErrors::single("grid", "Grid has services")));
        }
        match tx.apply(grid.id, Change::GridRemoved(grid.id)) {
            Ok(()) | Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error),
        }
        audit(tx, &caller, "delete", &subject(&grid), clock.now())?;
        Ok(Ok(()))
    })
    .await
}

/// The token of each of several grids, in clear.
///
/// # Errors
/// Where the store fails, or a token was sealed with another key.
pub async fn tokens(
    means: &Means,
    wanted: Vec<GridId>,
) -> Result<BTreeMap<GridId, String>, CommandError> {
    let sealed = means.store.read(move |conn| grids::sealed_tokens(conn, &wanted)).await?;
    sealed
        .into_iter()
        .map(|(grid, sealed)| {
            let token = means
                .vault
                .open(&sealed)
                .map_err(|error| StoreError::Corrupt { table: "grids", what: error.to_string() })?;
            Ok((grid, token))
        })
        .collect()
}

fn subject(grid: &Grid) -> Subject<'_> {
    Subject {
        grid: Some(&grid.name),
        resource_type: RESOURCE,
        name: &grid.name,
        id: grid.name.clone(),
        what: String::new(),
    }
}
