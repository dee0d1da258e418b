//! Creates a service in the default stack; nothing is deployed.

use std::sync::Arc;

use kontena_core::{
    domain::{Change, DEFAULT_STACK, Grid, Service, ServiceId, ServiceState},
    validate::{FieldErrors, service::ServiceDraft},
};
use kontena_store::grids;

use super::{subject, surroundings};
use crate::{
    auth::Caller,
    commands::{CommandError, Means, audit, run},
};

/// Creates a service.
///
/// # Errors
/// Where its name is taken or it names what does not exist, or the store fails.
pub async fn create(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    draft: ServiceDraft,
) -> Result<Service, CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.clone());
    run(&means.store, move |tx| {
        let mut moment = clock.moment();
        let around = surroundings(tx.conn(), &grid, DEFAULT_STACK)?;
        let spec = match draft.settle(&around, &mut moment) {
            Ok(spec) => spec,
            Err(errors) => return Ok(Err(errors)),
        };
        let Some(stack) = grids::stack(tx.conn(), grid.id, DEFAULT_STACK)? else {
            return Ok(Err(FieldErrors::single("stack", "Stack not found")));
        };
        let service = Service {
            id: ServiceId::from_bytes(moment.id()),
            grid: grid.id,
            stack,
            stack_name: DEFAULT_STACK.to_owned(),
            name: draft.name.clone(),
            spec: Arc::new(spec),
            instances: draft.instances,
            state: ServiceState::Initialized,
            revision: 1,
            stack_revision: None,
            deploy_requested_at: None,
            deployed_at: None,
            created_at: moment.now,
            updated_at: moment.now,
        };
        tx.apply(grid.id, Change::ServiceCreated(Box::new(service.clone())))?;
        audit(tx, &caller, "create", &subject(&grid, &service), moment.now)?;
        Ok(Ok(service))
    })
    .await
}
