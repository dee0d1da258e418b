//! Takes an instance off its node. Its record stays, without a node; the scheduler finds it missing and
//! deploys it where it decides.

use kontena_core::domain::{Change, Grid, InstanceId, Service};
use kontena_store::instances;

use super::subject;
use crate::{
    auth::Caller,
    commands::{CommandError, Means, audit, run},
};

/// Takes an instance of a service off its node; does nothing where it has none.
///
/// # Errors
/// Where the service has no such instance, or the store fails.
pub async fn detach(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    service: &Service,
    instance: InstanceId,
) -> Result<(), CommandError> {
    let (clock, caller) = (means.clock.clone(), caller.clone());
    let (grid, service) = (grid.clone(), service.clone());
    let detached = run(&means.store, move |tx| {
        let all = instances::of_service(tx.conn(), service.id)?;
        let Some(found) = all.into_iter().find(|known| known.id == instance) else {
            return Ok(Ok(None));
        };
        if found.node.is_some() {
            let (number, at) = (found.number, clock.now());
            tx.apply(grid.id, Change::InstanceDetached { service: service.id, number, at })?;
            audit(tx, &caller, "remove instance", &subject(&grid, &service), at)?;
        }
        Ok(Ok(Some(())))
    });
    detached.await?.ok_or(CommandError::NotFound)
}
