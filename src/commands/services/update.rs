//! Changes a service: one revision more where anything changed. Nothing is deployed here; a running
//! stateless service is redeployed by the scheduler.

use std::sync::Arc;

use kontena_core::{
    domain::{Change, Grid, Service, ServiceId, ServiceSpec},
    validate::service::ServiceEdit,
};
use kontena_store::services;

use super::{subject, surroundings};
use crate::{
    auth::Caller,
    commands::{CommandError, Means, audit, run},
};

/// Changes a service; only what was sent changes.
///
/// # Errors
/// Where it names what does not exist, the service is gone, or the store fails.
pub async fn update(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    service: ServiceId,
    edit: ServiceEdit,
) -> Result<Service, CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.clone());
    let updated = run(&means.store, move |tx| {
        let mut moment = clock.moment();
        let Some(found) = services::by_id(tx.conn(), service)? else {
            return Ok(Ok(None));
        };
        let around = surroundings(tx.conn(), &grid, &found.stack_name)?;
        let (spec, instances) = match edit.apply(&found, &around, &mut moment) {
            Ok(edited) => edited,
            Err(errors) => return Ok(Err(errors)),
        };
        let changed = spec != *found.spec || instances != found.instances || edit.force;
        if !changed {
            return Ok(Ok(Some(found)));
        }
        let what = differences(&found, &spec, instances);
        let from = found.version();
        let service = Service {
            spec: Arc::new(spec),
            instances,
            revision: from.revision + 1,
            updated_at: moment.now,
            ..found
        };
        let updated = Change::ServiceUpdated { service: Box::new(service.clone()), from };
        tx.apply(grid.id, updated)?;
        let subject = subject(&grid, &service).with(what);
        audit(tx, &caller, "update", &subject, moment.now)?;
        Ok(Ok(Some(service)))
    })
    .await?;
    updated.ok_or(CommandError::NotFound)
}

/// The names of what an update changes; values may be secrets.
fn differences(before: &Service, spec: &ServiceSpec, instances: i64) -> String {
    let fields = |spec: &ServiceSpec| serde_json::to_value(spec).unwrap_or_default();
    let (old, new) = (fields(&before.spec), fields(spec));
    let names = new.as_object().into_iter().flatten();
    let changed = names.filter(|(name, value)| old.get(name.as_str()) != Some(*value));
    let mut names: Vec<&str> = changed.map(|(name, _)| name.as_str()).collect();
    if instances != before.instances {
        names.push("instances");
    }
    names.join(", ")
}
