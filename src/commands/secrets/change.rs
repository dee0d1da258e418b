//! Gives a secret another value: one revision more for every service that uses it, so that the scheduler
//! redeploys those that run and are stateless.

use kontena_core::{
    domain::{Change, Grid, Service, Time},
    validate::secret::{SecretDraft, SecretEdit},
};
use kontena_store::{StoreError, Tx, secrets};

use super::{Opened, create::added, open, subject, users};
use crate::{
    auth::Caller,
    commands::{CommandError, Means, audit, run},
};

/// What came of it.
pub enum Changed {
    /// It has the value now, or had it before.
    Updated(Opened),
    /// It did not exist, and does now.
    Created(Opened),
    /// It does not exist.
    Missing,
}

/// Changes the value of a secret; the value it has already changes nothing.
///
/// # Errors
/// Where the name to create it by is taken, or the store fails.
pub async fn change(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    name: String,
    edit: SecretEdit,
) -> Result<Changed, CommandError> {
    let (own, caller, grid) = (means.clone(), caller.clone(), grid.clone());
    run(&means.store, move |tx| {
        let Some(mut secret) = secrets::by_name(tx.conn(), grid.id, &name)? else {
            let Some(name) = edit.upsert.clone() else { return Ok(Ok(Changed::Missing)) };
            let draft = SecretDraft { name, value: edit.value.clone() };
            return Ok(added(tx, &own, &caller, &grid, &draft)?.map(Changed::Created));
        };
        let mut services = users(tx.conn(), &grid, &name)?;
        if open(&own, &secret)? != edit.value {
            let now = own.clock.now();
            secret.value_sealed = own.vault.seal(&edit.value);
            secret.updated_at = now;
            secrets::change(tx.conn(), secret.id, &secret.value_sealed, now)?;
            for service in &mut services {
                renew(tx, &grid, service, now)?;
            }
            audit(tx, &caller, "update", &subject(&grid, &name), now)?;
        }
        Ok(Ok(Changed::Updated(Opened { secret, value: edit.value.clone(), services })))
    })
    .await
}

fn renew(tx: &mut Tx<'_>, grid: &Grid, service: &mut Service, now: Time) -> Result<(), StoreError> {
    let from = service.version();
    service.revision += 1;
    service.updated_at = now;
    tx.apply(grid.id, Change::ServiceUpdated { service: Box::new(service.clone()), from })
}
