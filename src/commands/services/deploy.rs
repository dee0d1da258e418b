//! Deploys, scales, starts and stops a service. A deploy is only recorded here; the scheduler of the
//! grid takes it up from the feed.

use kontena_core::{
    Snapshot,
    domain::{
        Change, Deploy, DeployId, DeployOrigin, DesiredState, Grid, Service, ServiceId,
        ServiceState,
    },
    rollout,
    validate::{FieldErrors, service::check_name_length},
};
use kontena_store::{Tx, services, snapshots};

use super::subject;
use crate::{
    auth::Caller,
    commands::{CommandError, Means, Outcome, audit, run},
};

/// Asks for a deploy; with `force`, at a new revision.
///
/// # Errors
/// Where the service is gone, or the store fails.
pub async fn deploy(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    service: ServiceId,
    force: bool,
) -> Result<(Service, Deploy), CommandError> {
    request(means, caller, grid, service, "deploy", move |service| {
        service.revision += i64::from(force);
        Ok(())
    })
    .await
}

/// Sets the number of instances and asks for a deploy; the revision stays.
///
/// # Errors
/// Where the service's names become too long, it is gone, or the store fails.
pub async fn scale(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    service: ServiceId,
    instances: i64,
) -> Result<(Service, Deploy), CommandError> {
    let grid_name = grid.name.clone();
    request(means, caller, grid, service, "scale", move |service| {
        check_name_length(&service.name, instances, &service.stack_name, &grid_name)?;
        service.instances = instances;
        Ok(())
    })
    .await
}

async fn request(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    service: ServiceId,
    event_name: &'static str,
    change: impl Fn(&mut Service) -> Result<(), FieldErrors> + Send + 'static,
) -> Result<(Service, Deploy), CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.clone());
    let requested = run(&means.store, move |tx| {
        let mut moment = clock.moment();
        let Some(mut found) = services::by_id(tx.conn(), service)? else {
            return Ok(Ok(None));
        };
        let from = found.version();
        if let Err(errors) = change(&mut found) {
            return Ok(Err(errors));
        }
        found.state = ServiceState::Running;
        found.deploy_requested_at = Some(moment.now);
        found.updated_at = moment.now;
        let service = Box::new(found.clone());
        tx.apply(grid.id, Change::ServiceUpdated { service, from })?;
        let deploy =
            Deploy::new(DeployId::from_bytes(moment.id()), &found, DeployOrigin::User, moment.now);
        tx.apply(grid.id, Change::DeployCreated(Box::new(deploy.clone())))?;
        let subject = subject(&grid, &found).with(format!("instances: {}", found.instances));
        audit(tx, &caller, event_name, &subject, moment.now)?;
        Ok(Ok(Some((found, deploy))))
    })
    .await?;
    requested.ok_or(CommandError::NotFound)
}

/// Starts or stops a service with all its instances, without a deploy.
///
/// # Errors
/// Where the service is gone, or the store fails.
pub async fn set_state(
    means: &Means,
    caller: &Caller,
    grid: &Grid,
    service: ServiceId,
    running: bool,
) -> Result<(), CommandError> {
    let (clock, caller, grid) = (means.clock.clone(), caller.clone(), grid.clone());
    let done = run(&means.store, move |tx| {
        let now = clock.now();
        let Some(mut found) = services::by_id(tx.conn(), service)? else {
            return Ok(Ok(None));
        };
        let (state, desired, event) = if running {
            (ServiceState::Running, DesiredState::Running, "start")
        } else {
            (ServiceState::Stopped, DesiredState::Stopped, "stop")
        };
        set_instances(tx, &grid, service, desired, now)?.ok();
        let from = found.version();
        found.state = state;
        let updated = Change::ServiceUpdated { service: Box::new(found.clone()), from };
        tx.apply(grid.id, updated)?;
        audit(tx, &caller, event, &subject(&grid, &found), now)?;
        Ok(Ok(Some(())))
    })
    .await?;
    done.ok_or(CommandError::NotFound)
}

fn set_instances(
    tx: &mut Tx<'_>,
    grid: &Grid,
    service: ServiceId,
    desired: DesiredState,
    now: kontena_core::domain::Time,
) -> Outcome<()> {
    if let Some(contents) = snapshots::load(tx.conn(), grid.id)? {
        let snapshot = Snapshot::new(contents, now);
        // The nodes to notify are found by the scheduler in the feed.
        let (changes, _) = rollout::desired_changes(&snapshot, service, desired, now);
        tx.apply_all(grid.id, changes)?;
    }
    Ok(Ok(()))
}
