//! Containers as agents report them.

use diesel::prelude::*;
use kontena_core::domain::{Container, ContainerRecord, GridId, NodeId, ServiceId};

use crate::{
    Conn, Result,
    row::{ContainerRow, VisibleRow, id},
    schema::containers,
};

fn one(row: Option<ContainerRow>) -> Result<Option<ContainerRecord>> {
    row.map(ContainerRecord::try_from).transpose()
}

fn many(rows: Vec<ContainerRow>) -> Result<Vec<ContainerRecord>> {
    rows.into_iter().map(ContainerRecord::try_from).collect()
}

/// The containers of a grid, oldest first.
///
/// # Errors
/// Where the query fails.
pub fn of_grid(conn: &mut Conn, grid: GridId) -> Result<Vec<ContainerRecord>> {
    let rows = containers::table
        .filter(containers::grid_id.eq(grid.to_string()))
        .order((containers::created_at, containers::id));
    many(rows.select(ContainerRow::as_select()).load(conn)?)
}

/// What decisions see of the containers of a grid.
///
/// # Errors
/// Where the query fails.
pub fn visible(conn: &mut Conn, grid: GridId) -> Result<Vec<Container>> {
    let rows = containers::table
        .filter(containers::grid_id.eq(grid.to_string()))
        .filter(containers::stack_name.is_not_null());
    let rows = rows.select(VisibleRow::as_select()).load(conn)?;
    rows.into_iter().filter_map(|row| row.visible().transpose()).collect()
}

/// The containers of a service, oldest first. The service is what their labels say, which agents of
/// other grids may say too.
///
/// # Errors
/// Where the query fails.
pub fn of_service(
    conn: &mut Conn,
    grid: GridId,
    service: ServiceId,
) -> Result<Vec<ContainerRecord>> {
    let rows = containers::table
        .filter(containers::grid_id.eq(grid.to_string()))
        .filter(containers::service_id.eq(service.to_string()))
        .order((containers::created_at, containers::id));
    many(rows.select(ContainerRow::as_select()).load(conn)?)
}

/// The container of a grid that an engine knows by this id.
///
/// # Errors
/// Where the query fails.
pub fn by_container_id(
    conn: &mut Conn,
    grid: GridId,
    container_id: &str,
) -> Result<Option<ContainerRecord>> {
    let row = containers::table
        .filter(containers::grid_id.eq(grid.to_string()))
        .filter(containers::container_id.eq(container_id));
    one(row.select(ContainerRow::as_select()).first(conn).optional()?)
}

/// A container of a node by name; the newest of several.
///
/// # Errors
/// Where the query fails.
pub fn by_name(conn: &mut Conn, node: NodeId, name: &str) -> Result<Option<ContainerRecord>> {
    let row = containers::table
        .filter(containers::node_id.eq(node.to_string()))
        .filter(containers::name.eq(name))
        .order((containers::created_at.desc(), containers::id.desc()));
    one(row.select(ContainerRow::as_select()).first(conn).optional()?)
}

/// How many containers of a node are known.
///
/// # Errors
/// Where the query fails.
pub fn count_on(conn: &mut Conn, node: NodeId) -> Result<i64> {
    let rows = containers::table.filter(containers::node_id.eq(node.to_string()));
    Ok(rows.count().get_result(conn)?)
}

/// Whether any container of a grid counts as deleted.
///
/// # Errors
/// Where the query fails.
pub fn any_deleted(conn: &mut Conn, grid: GridId) -> Result<bool> {
    let rows = containers::table
        .filter(containers::grid_id.eq(grid.to_string()))
        .filter(containers::deleted_at.is_not_null());
    Ok(diesel::select(diesel::dsl::exists(rows)).get_result(conn)?)
}

/// The containers of a grid that count as deleted.
///
/// # Errors
/// Where the query fails.
pub fn deleted(conn: &mut Conn, grid: GridId) -> Result<Vec<ContainerRecord>> {
    let rows = containers::table
        .filter(containers::grid_id.eq(grid.to_string()))
        .filter(containers::deleted_at.is_not_null());
    many(rows.select(ContainerRow::as_select()).load(conn)?)
}

/// The services that any container of a node belongs to, whatever its type and state.
///
/// # Errors
/// Where the query fails.
pub fn services_on(conn: &mut Conn, node: NodeId) -> Result<Vec<ServiceId>> {
    let rows = containers::table
        .filter(containers::node_id.eq(node.to_string()))
        .select(containers::service_id)
        .distinct()
        .load::<Option<String>>(conn)?;
    rows.iter().flatten().map(|text| id("containers", text)).collect()
}
