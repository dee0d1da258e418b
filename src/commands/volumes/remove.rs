//! Removes a volume that no service uses. The nodes that have it hear of that through the feed.

use kontena_core::{
    domain::{Change, Grid, Volume, VolumeId},
    validate::FieldErrors,
};
use kontena_store::{services, volumes};

use super::subject;
use crate::{
    auth::Caller,
    commands::{CommandError, Means, audit, run},
};

/// Removes a volume.
///
/// # Errors
/// Where a service uses it, it is gone, or the store fails.
pub async fn remove(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    volume: VolumeId,
) -> Result<(), CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.clone());
    let removed = run(&means.store, move |tx| {
        let Some(found) = volumes::by_id(tx.conn(), volume)? else {
            return Ok(Ok(None));
        };
        let services = services::of_grid(tx.conn(), grid.id)?;
        let using = services.iter().filter(|service| found.is_used_by(service));
        let mut using: Vec<String> =
            using.map(|service| format!("{}/{}", grid.name, service.stack_path())).collect();
        if !using.is_empty() {
            using.sort();
            return Ok(Err(still_used(&found, &using)));
        }
        tx.apply(grid.id, Change::VolumeRemoved(volume))?;
        audit(tx, &caller, "delete", &subject(&grid, &found), clock.now())?;
        Ok(Ok(Some(())))
    })
    .await?;
    removed.ok_or(CommandError::NotFound)
}

fn still_used(volume: &Volume, services: &[String]) -> FieldErrors {
    FieldErrors::single(&*volume.name, format!("Volume still in use in services {services:?}"))
}
