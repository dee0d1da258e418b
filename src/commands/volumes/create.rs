//! Creates a volume; nothing is made on any node yet.

use kontena_core::{
    domain::{Change, Grid, Volume, VolumeId},
    validate::{FieldErrors, volume::VolumeDraft},
};
use kontena_store::volumes;

use super::subject;
use crate::{
    auth::Caller,
    commands::{CommandError, Means, audit, run},
};

/// Creates a volume.
///
/// # Errors
/// Where its name is taken, or the store fails.
pub async fn create(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    draft: VolumeDraft,
) -> Result<Volume, CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.clone());
    run(&means.store, move |tx| {
        if volumes::by_name(tx.conn(), grid.id, &draft.name)?.is_some() {
            let text = "Volume with given name already exists";
            return Ok(Err(FieldErrors::single("name", text)));
        }
        let mut moment = clock.moment();
        let volume = Volume {
            id: VolumeId::from_bytes(moment.id()),
            grid: grid.id,
            name: draft.name.clone(),
            scope: draft.scope,
            driver: draft.driver.clone(),
            driver_opts: draft.driver_opts.clone(),
            created_at: moment.now,
            updated_at: moment.now,
        };
        tx.apply(grid.id, Change::VolumeCreated(Box::new(volume.clone())))?;
        audit(tx, &caller, "create", &subject(&grid, &volume), moment.now)?;
        Ok(Ok(volume))
    })
    .await
}
