//! One change, one statement, and the condition it carries.
//!
//! A condition that no longer holds writes nothing and is [`StoreError::Conflict`]. A report about
//! something that has been removed meanwhile is a conflict too: the reporter must learn of it.

mod container;
mod deploy;
mod instance;
mod node;
mod service;
mod volume;

use diesel::prelude::*;
use kontena_core::domain::{Change, DEFAULT_STACK, Event, GridId};

use crate::{
    Conn, Result, StoreError, memory,
    row::{GridSettings, NewGridRow, micros, signed},
    schema::{events, grids, services, stacks},
};

/// Writes a change of a grid.
pub(crate) fn write(conn: &mut Conn, grid: GridId, change: &Change) -> Result<()> {
    match change {
        Change::GridCreated(grid) => {
            diesel::insert_into(grids::table).values(NewGridRow::of(grid)?).execute(conn)?;
            Ok(())
        }
        Change::GridUpdated(grid) => {
            let row = grids::table.find(grid.id.to_string());
            hit("the grid", diesel::update(row).set(GridSettings::of(grid)?).execute(conn))
        }
        Change::GridRemoved(grid) => {
            hit("the grid", diesel::delete(grids::table.find(grid.to_string())).execute(conn))
        }
        Change::NodeCreated(_)
        | Change::NodeBound { .. }
        | Change::NodePlugged { .. }
        | Change::NodeRejected { .. }
        | Change::NodeUnplugged { .. }
        | Change::NodeSeen { .. }
        | Change::NodeReported { .. }
        | Change::NodeMeasured { .. }
        | Change::NodeSwept { .. }
        | Change::NodeEdited { .. }
        | Change::NodeTokenChanged { .. }
        | Change::NodeRemoved(_) => node::write(conn, change),
        Change::ServiceCreated(_)
        | Change::ServiceUpdated { .. }
        | Change::ServiceDeployed { .. }
        | Change::ServiceRemoved(_) => service::write(conn, change),
        Change::ContainerSaved(_)
        | Change::ContainerChecked { .. }
        | Change::ContainerRemoved(_) => container::write(conn, change),
        Change::InstanceCreated(_)
        | Change::InstancePlaced { .. }
        | Change::InstanceDesired { .. }
        | Change::InstanceReported { .. }
        | Change::InstanceDetached { .. }
        | Change::InstanceRemoved { .. } => instance::write(conn, change),
        Change::DeployCreated(_)
        | Change::DeployStarted { .. }
        | Change::DeployWaiting { .. }
        | Change::DeployProgressed { .. }
        | Change::DeployFinished { .. } => deploy::write(conn, change),
        Change::VolumeCreated(_)
        | Change::VolumeRemoved(_)
        | Change::VolumeInstanceCreated(_)
        | Change::VolumeInstanceRemoved(_) => volume::write(conn, change),
        Change::MemoryMeasured(peak) => memory::keep(conn, peak),
        Change::EventLogged(event) => log_event(conn, grid, event),
    }
}

/// Exactly one row must have been hit.
fn hit(what: &'static str, outcome: QueryResult<usize>) -> Result<()> {
    match outcome? {
        0 => Err(StoreError::Conflict(what)),
        _ => Ok(()),
    }
}

fn log_event(conn: &mut Conn, grid: GridId, event: &Event) -> Result<()> {
    // Kept beside, since the service may be gone before its history.
    let names = event.service.map(|service| {
        let row = services::table
            .inner_join(stacks::table)
            .filter(services::id.eq(service.to_string()))
            .select((stacks::name, services::name));
        row.first::<(String, String)>(conn).optional()
    });
    let (stack, service) = names.transpose()?.flatten().unzip();
    diesel::insert_into(events::table)
        .values((
            events::stack_name.eq(stack),
            events::service_name.eq(service),
            events::grid_id.eq(grid.to_string()),
            events::at.eq(micros(event.at)),
            events::severity.eq(event.severity as i16),
            events::kind.eq(&event.kind),
            events::message.eq(&event.message),
            events::service_id.eq(event.service.map(|service| service.to_string())),
            events::node_id.eq(event.node.map(|node| node.to_string())),
            events::instance_number.eq(event.instance_number.map(signed)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Makes the stack every grid owns.
pub(crate) fn default_stack(conn: &mut Conn, grid: GridId, id: &str, at: i64) -> Result<()> {
    diesel::insert_into(stacks::table)
        .values((
            stacks::id.eq(id),
            stacks::grid_id.eq(grid.to_string()),
            stacks::name.eq(DEFAULT_STACK),
            stacks::created_at.eq(at),
        ))
        .execute(conn)?;
    Ok(())
}
