//! Removes a secret, even one that services use: they run on, and start anew without it.

use kontena_core::domain::Grid;
use kontena_store::secrets;

use super::subject;
use crate::{
    auth::Caller,
    commands::{CommandError, Means, audit, run},
};

/// Removes a secret.
///
/// # Errors
/// Where it does not exist, or the store fails.
pub async fn remove(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    name: String,
) -> Result<(), CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.clone());
    let removed = run(&means.store, move |tx| {
        let Some(secret) = secrets::by_name(tx.conn(), grid.id, &name)? else {
            return Ok(Ok(None));
        };
        secrets::remove(tx.conn(), secret.id)?;
        audit(tx, &caller, "delete", &subject(&grid, &name), clock.now())?;
        Ok(Ok(Some(())))
    });
    removed.await?.ok_or(CommandError::NotFound)
}
