//! Removes a service with its instances and deploys.

use kontena_core::{
    domain::{Change, Grid, Service, ServiceId},
    validate::FieldErrors,
};
use kontena_store::services;

use super::subject;
use crate::{
    auth::Caller,
    commands::{CommandError, Means, audit, run},
};

/// Removes a service that no other one links to.
///
/// # Errors
/// Where one does, the service is gone, or the store fails.
pub async fn remove(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    service: ServiceId,
) -> Result<(), CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.clone());
    let removed = run(&means.store, move |tx| {
        let all = services::of_grid(tx.conn(), grid.id)?;
        let Some(found) = all.iter().find(|known| known.id == service) else {
            return Ok(Ok(None));
        };
        let linking: Vec<&str> = all
            .iter()
            .filter(|other| links_to(other, found))
            .map(|other| other.name.as_str())
            .collect();
        if !linking.is_empty() {
            let text = format!(
                "Cannot delete service that is linked to another service ({})",
                linking.join(", ")
            );
            return Ok(Err(FieldErrors::single("service", text)));
        }
        tx.apply(grid.id, Change::ServiceRemoved(service))?;
        audit(tx, &caller, "delete", &subject(&grid, found), clock.now())?;
        Ok(Ok(Some(())))
    })
    .await?;
    removed.ok_or(CommandError::NotFound)
}

fn links_to(one: &Service, other: &Service) -> bool {
    one.id != other.id
        && one
            .spec
            .links
            .iter()
            .any(|link| link.stack == other.stack_name && link.service == other.name)
}
