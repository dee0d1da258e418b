//! Why a service's instances are where they are, and what a deploy would do now. Nothing is written: the
//! grid is read off the scheduler's thread, and the core asked.

use std::{collections::BTreeMap, sync::Arc};

use kontena_core::{
    Moment, Snapshot,
    attendance::Absences,
    domain::{Change, Grid, NodeId, Service, ServiceId, Time},
    explain::{self, Account, Plan},
    grace::Graces,
    validate::{FieldErrors, service::ServiceEdit},
};
use kontena_store::{Conn, StoreError, snapshots};

use super::surroundings;
use crate::commands::{CommandError, Means};

/// Instances whose filters and ranks are told; of the others only where they are and why.
const DETAILED: u32 = 200;

/// What the scheduler judges by, beside the grid.
#[derive(Debug, Clone)]
pub struct Horizon {
    /// Offline grace by strategy.
    pub graces: Graces,
    /// Since when this master listens.
    pub listening_since: Time,
    /// When it was not there since.
    pub absences: Arc<Absences>,
}

/// What was found out, and the names of the grid's nodes.
#[derive(Debug, Clone)]
pub struct Told<T> {
    /// Accounts or a plan.
    pub what: T,
    /// By identity.
    pub names: BTreeMap<NodeId, String>,
}

/// Accounts for the instances of a service, or for one of them; none where the question makes no sense,
/// which is what the decision then says.
///
/// # Errors
/// Where the service is gone, or the store fails.
pub async fn explain(
    means: &Means,
    grid: &Grid,
    service: ServiceId,
    horizon: Horizon,
    only: Option<u32>,
) -> Result<Told<Vec<Account>>, CommandError> {
    let (grid, mut moment) = (grid.id, means.clock.moment());
    let read = means.store.read(move |conn| {
        let Some(snapshot) = picture(conn, grid, &horizon, moment.now)? else { return Ok(None) };
        let Some(service) = snapshot.service(service) else { return Ok(None) };
        let detailed = |number| only.map_or(number <= DETAILED, |only| only == number);
        let graces = &horizon.graces;
        let accounts = explain::accounts(&snapshot, service, graces, &mut moment, detailed);
        let mut what = accounts.unwrap_or_default();
        what.retain(|account| only.is_none_or(|only| only == account.number));
        Ok(Some(told(&snapshot, what)))
    });
    read.await?.ok_or(CommandError::NotFound)
}

/// Plans a deploy of a service, with changed fields where there are any.
///
/// # Errors
/// Where a field is wrong or names what does not exist, the service is gone, or the store fails.
pub async fn plan(
    means: &Means,
    grid: &Grid,
    service: ServiceId,
    horizon: Horizon,
    edit: ServiceEdit,
) -> Result<Told<Plan>, CommandError> {
    let (grid, mut moment) = (grid.clone(), means.clock.moment());
    let read = means.store.read(move |conn| {
        let picture = picture(conn, grid.id, &horizon, moment.now)?;
        let Some(mut snapshot) = picture else { return Ok(None) };
        let Some(found) = snapshot.service(service).cloned() else { return Ok(None) };
        let wanted = match edited(conn, &grid, &found, &edit, &mut moment)? {
            Ok(wanted) => wanted,
            Err(errors) => return Ok(Some(Err(errors))),
        };
        // In this picture only: nobody else sees it.
        let service = Box::new(wanted.clone());
        snapshot.apply(&Change::ServiceUpdated { service, from: found.version() });
        let detailed = |number| number <= DETAILED;
        let what = explain::plan(&snapshot, &wanted, &horizon.graces, &mut moment, detailed);
        Ok(Some(Ok(told(&snapshot, what))))
    });
    read.await?.ok_or(CommandError::NotFound)?.map_err(CommandError::Invalid)
}

fn picture(
    conn: &mut Conn,
    grid: kontena_core::domain::GridId,
    horizon: &Horizon,
    now: Time,
) -> Result<Option<Snapshot>, StoreError> {
    let contents = snapshots::load(conn, grid)?;
    Ok(contents.map(|contents| {
        let mut snapshot = Snapshot::new(contents, horizon.listening_since);
        snapshot.absences = Arc::clone(&horizon.absences);
        snapshot.forget_old_peaks(now);
        snapshot
    }))
}

fn edited(
    conn: &mut Conn,
    grid: &Grid,
    service: &Service,
    edit: &ServiceEdit,
    moment: &mut Moment,
) -> Result<Result<Service, FieldErrors>, StoreError> {
    let around = surroundings(conn, grid, &service.stack_name)?;
    Ok(edit.apply(service, &around, moment).map(|(spec, instances)| Service {
        spec: Arc::new(spec),
        instances,
        ..service.clone()
    }))
}

fn told<T>(snapshot: &Snapshot, what: T) -> Told<T> {
    let names = snapshot.nodes().map(|node| (node.id, node.name.clone())).collect();
    Told { what, names }
}
