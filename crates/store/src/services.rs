//! Services and the revisions of their specifications.

use diesel::prelude::*;
use kontena_core::domain::{GridId, Service, ServiceId, ServiceSpec};

use crate::{
    Conn, Result,
    row::{ServiceRow, from_json},
    schema::{service_revisions, services, stacks},
};

fn one(row: Option<(ServiceRow, String)>) -> Result<Option<Service>> {
    row.map(|(row, stack)| row.into_service(stack)).transpose()
}

/// The services of a grid, last updated first.
///
/// # Errors
/// Where the query fails.
pub fn of_grid(conn: &mut Conn, grid: GridId) -> Result<Vec<Service>> {
    let rows = services::table
        .inner_join(stacks::table)
        .filter(services::grid_id.eq(grid.to_string()))
        .order((services::updated_at.desc(), services::id))
        .select((ServiceRow::as_select(), stacks::name))
        .load::<(ServiceRow, String)>(conn)?;
    rows.into_iter().map(|(row, stack)| row.into_service(stack)).collect()
}

/// A service by identity.
///
/// # Errors
/// Where the query fails.
pub fn by_id(conn: &mut Conn, service: ServiceId) -> Result<Option<Service>> {
    let row = services::table
        .inner_join(stacks::table)
        .filter(services::id.eq(service.to_string()))
        .select((ServiceRow::as_select(), stacks::name));
    one(row.first(conn).optional()?)
}

/// A service of a grid by the names of its stack and itself.
///
/// # Errors
/// Where the query fails.
pub fn by_path(conn: &mut Conn, grid: GridId, stack: &str, name: &str) -> Result<Option<Service>> {
    let row = services::table
        .inner_join(stacks::table)
        .filter(services::grid_id.eq(grid.to_string()))
        .filter(stacks::name.eq(stack))
        .filter(services::name.eq(name))
        .select((ServiceRow::as_select(), stacks::name));
    one(row.first(conn).optional()?)
}

/// The specification of a service at a revision.
///
/// # Errors
/// Where the query fails.
pub fn spec_at(conn: &mut Conn, service: ServiceId, revision: i64) -> Result<Option<ServiceSpec>> {
    let row = service_revisions::table
        .find((service.to_string(), revision))
        .select(service_revisions::spec);
    let text = row.first::<String>(conn).optional()?;
    text.map(|text| from_json("service_revisions", &text)).transpose()
}
