//! Writes down that a service is restarted. Nothing that is stored changes: its nodes are told.

use kontena_core::domain::{Grid, Instance, ServiceId};
use kontena_store::{instances, services};

use super::subject;
use crate::{
    auth::Caller,
    commands::{CommandError, Means, audit, run},
};

/// Returns the instances whose nodes are to be told.
///
/// # Errors
/// Where the service is gone, or the store fails.
pub async fn restart(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    service: ServiceId,
) -> Result<Vec<Instance>, CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.clone());
    let noted = run(&means.store, move |tx| {
        let Some(found) = services::by_id(tx.conn(), service)? else {
            return Ok(Ok(None));
        };
        audit(tx, &caller, "restart", &subject(&grid, &found), clock.now())?;
        Ok(Ok(Some(instances::of_service(tx.conn(), service)?)))
    });
    noted.await?.ok_or(CommandError::NotFound)
}
