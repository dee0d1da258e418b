//! Shows the value of a secret; that it was shown is on record before it is.

use kontena_core::domain::Grid;
use kontena_store::secrets;

use super::{Opened, open, subject, users};
use crate::{
    auth::Caller,
    commands::{CommandError, Means, audit, run},
};

/// Opens a secret.
///
/// # Errors
/// Where it does not exist, or the store fails.
pub async fn show(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    name: String,
) -> Result<Opened, CommandError> {
    let (own, caller, grid) = (means.clone(), caller.clone(), grid.clone());
    let found = run(&means.store, move |tx| {
        let Some(secret) = secrets::by_name(tx.conn(), grid.id, &name)? else {
            return Ok(Ok(None));
        };
        audit(tx, &caller, "show", &subject(&grid, &name), own.clock.now())?;
        let services = users(tx.conn(), &grid, &name)?;
        Ok(Ok(Some(Opened { value: open(&own, &secret)?, secret, services })))
    });
    found.await?.ok_or(CommandError::NotFound)
}
