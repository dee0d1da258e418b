//! Adds an entry to a service's environment, or takes those of a key away: one revision more where that
//! changes anything.

use std::sync::Arc;

use kontena_core::{
    domain::{Change, Grid, ServiceId},
    validate::service::{with_env, without_env},
};
use kontena_store::services;

use super::subject;
use crate::{
    auth::Caller,
    commands::{CommandError, Means, audit, run},
};

/// Adds an entry, `KEY=VALUE`; an entry of its key is replaced where it stands.
///
/// # Errors
/// Where the service is gone, or the store fails.
pub async fn add_env(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    service: ServiceId,
    entry: String,
) -> Result<(), CommandError> {
    let key = entry.split('=').next().unwrap_or_default().to_owned();
    let edit = move |env: &[String]| with_env(env, &entry);
    change(means, caller, grid, service, ("add_env", key), edit).await
}

/// Takes all entries of a key away; does nothing where there are none.
///
/// # Errors
/// Where the service is gone, or the store fails.
pub async fn remove_env(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    service: ServiceId,
    key: String,
) -> Result<(), CommandError> {
    let named = ("remove_env", key.clone());
    change(means, caller, grid, service, named, move |env| without_env(env, &key)).await
}

async fn change(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    service: ServiceId,
    (event_name, key): (&'static str, String),
    edit: impl Fn(&[String]) -> Vec<String> + Send + 'static,
) -> Result<(), CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.clone());
    let changed = run(&means.store, move |tx| {
        let Some(mut found) = services::by_id(tx.conn(), service)? else {
            return Ok(Ok(None));
        };
        let env = edit(&found.spec.env);
        if env == found.spec.env {
            return Ok(Ok(Some(())));
        }
        let (from, now) = (found.version(), clock.now());
        Arc::make_mut(&mut found.spec).env = env;
        found.revision += 1;
        found.updated_at = now;
        let updated = Change::ServiceUpdated { service: Box::new(found.clone()), from };
        tx.apply(grid.id, updated)?;
        audit(tx, &caller, event_name, &subject(&grid, &found).with(key.as_str()), now)?;
        Ok(Ok(Some(())))
    });
    changed.await?.ok_or(CommandError::NotFound)
}
