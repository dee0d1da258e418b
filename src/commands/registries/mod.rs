//! External registries: add, remove. Passwords are sealed before they reach the store.

use kontena_core::{
    domain::{Grid, RegistryId},
    validate::{FieldErrors, registry::RegistryDraft},
};
use kontena_store::registries::{self, Registry};

use super::{CommandError, Means, Subject, audit, run};
use crate::auth::Caller;

const RESOURCE: &str = "Registry";

/// Adds a registry.
///
/// # Errors
/// Where the grid has one of its name, or the store fails.
pub async fn create(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    draft: RegistryDraft,
) -> Result<Registry, CommandError> {
    let (own, caller, grid) = (means.clone(), caller.clone(), grid.clone());
    run(&means.store, move |tx| {
        if registries::by_name(tx.conn(), grid.id, &draft.name)?.is_some() {
            return Ok(Err(FieldErrors::single("name", "is already taken")));
        }
        let mut moment = own.clock.moment();
        let registry = Registry {
            id: RegistryId::from_bytes(moment.id()),
            grid: grid.id,
            name: draft.name.clone(),
            url: draft.url.clone(),
            username: draft.username.clone(),
            password_sealed: own.vault.seal(&draft.password),
            email: draft.email.clone(),
            created_at: moment.now,
        };
        registries::create(tx.conn(), &registry)?;
        audit(tx, &caller, "create", &subject(&grid, &registry.name), moment.now)?;
        Ok(Ok(registry))
    })
    .await
}

/// Removes a registry; images are pulled without its password from then on.
///
/// # Errors
/// Where the grid has none of that name, or the store fails.
pub async fn remove(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    name: String,
) -> Result<(), CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.clone());
    let removed = run(&means.store, move |tx| {
        let Some(registry) = registries::by_name(tx.conn(), grid.id, &name)? else {
            return Ok(Ok(None));
        };
        registries::remove(tx.conn(), registry.id)?;
        audit(tx, &caller, "delete", &subject(&grid, &name), clock.now())?;
        Ok(Ok(Some(())))
    });
    removed.await?.ok_or(CommandError::NotFound)
}

fn subject<'a>(grid: &'a Grid, name: &'a str) -> Subject<'a> {
    Subject {
        grid: Some(&grid.name),
        resource_type: RESOURCE,
        name,
        id: format!("{}/{name}", grid.name),
        what: String::new(),
    }
}
