//! Assigns users to grids, and takes them from them.

use kontena_core::{domain::Grid, validate::FieldErrors};
use kontena_store::{StoreError, grids, users};

use super::subject;
use crate::{
    auth::Caller,
    commands::{CommandError, Means, audit, run},
};

/// Assigns a user to a grid.
///
/// # Errors
/// Where the user is unknown, the grid is gone, or the store fails.
pub async fn assign(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    email: String,
) -> Result<(), CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.clone());
    run(&means.store, move |tx| {
        let Some(user) = users::by_email(tx.conn(), &email)? else {
            return Err(StoreError::Conflict("users"));
        };
        if grids::by_id(tx.conn(), grid.id)?.is_none() {
            return Err(StoreError::Conflict("grids"));
        }
        if !grids::is_member(tx.conn(), grid.id, user.id)? {
            grids::assign(tx.conn(), grid.id, user.id)?;
            audit(tx, &caller, "assign user", &subject(&user, Some(&grid)), clock.now())?;
        }
        Ok(Ok(()))
    })
    .await
}

/// Takes a user from a grid, which keeps at least one.
///
/// # Errors
/// Where the user is unknown, not assigned or the last one, or the store fails.
pub async fn unassign(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    email: &str,
) -> Result<(), CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.clone());
    let email = email.to_owned();
    run(&means.store, move |tx| {
        let Some(user) = users::by_email(tx.conn(), &email)? else {
            return Err(StoreError::Conflict("users"));
        };
        if !grids::is_member(tx.conn(), grid.id, user.id)? {
            return Ok(Err(FieldErrors::single("user", "Invalid user")));
        }
        if users::of_grid(tx.conn(), grid.id)?.len() == 1 {
            return Ok(Err(FieldErrors::single("grid", "Cannot remove last user")));
        }
        grids::unassign(tx.conn(), grid.id, user.id)?;
        audit(tx, &caller, "unassign user", &subject(&user, Some(&grid)), clock.now())?;
        Ok(Ok(()))
    })
    .await
}
