//! Creates a secret.

use kontena_core::{
    domain::{Grid, SecretId},
    validate::{FieldErrors, secret::SecretDraft},
};
use kontena_store::{
    Tx,
    secrets::{self, Secret},
};

use super::{Opened, subject, users};
use crate::{
    auth::Caller,
    commands::{CommandError, Means, Outcome, audit, run},
};

/// Creates a secret. Services that named it before they could find it use it from their next deploy on.
///
/// # Errors
/// Where its name is taken, or the store fails.
pub async fn create(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    draft: SecretDraft,
) -> Result<Opened, CommandError> {
    let (own, caller, grid) = (means.clone(), caller.clone(), grid.clone());
    run(&means.store, move |tx| added(tx, &own, &caller, &grid, &draft)).await
}

/// Adds a secret in a job.
pub(super) fn added(
    tx: &mut Tx<'_>,
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    draft: &SecretDraft,
) -> Outcome<Opened> {
    if secrets::by_name(tx.conn(), grid.id, &draft.name)?.is_some() {
        return Ok(Err(FieldErrors::single("name", "is already taken")));
    }
    let mut moment = means.clock.moment();
    let secret = Secret {
        id: SecretId::from_bytes(moment.id()),
        grid: grid.id,
        name: draft.name.clone(),
        value_sealed: means.vault.seal(&draft.value),
        created_at: moment.now,
        updated_at: moment.now,
    };
    secrets::create(tx.conn(), &secret)?;
    audit(tx, caller, "create", &subject(grid, &secret.name), moment.now)?;
    let services = users(tx.conn(), grid, &secret.name)?;
    Ok(Ok(Opened { secret, value: draft.value.clone(), services }))
}
