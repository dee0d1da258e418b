//! Containers as agents report them.

use std::collections::BTreeMap;

use diesel::{dsl::min, prelude::*};
use kontena_core::domain::{
    Container, ContainerHealth, ContainerId, ContainerRecord, GridId, NodeId, ServiceId, Time,
    container::CONTAINER,
};

use crate::{
    Conn, Result,
    row::{ContainerRow, VisibleRow, from_json_opt, id, time},
    schema::{containers, services},
};

const TABLE: &str = "containers";

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

/// The containers of a node, oldest first.
///
/// # Errors
/// Where the query fails.
pub fn of_node(conn: &mut Conn, node: NodeId) -> Result<Vec<ContainerRecord>> {
    let rows = containers::table
        .filter(containers::node_id.eq(node.to_string()))
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

/// How many containers of a service are well, as their agents found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// Passed their last check.
    pub healthy: i64,
    /// Did not.
    pub unhealthy: i64,
    /// Exist, checked or not.
    pub total: i64,
}

/// The health of a grid's services, or of one of them; those without containers are left out.
///
/// # Errors
/// Where the query fails.
pub fn health(
    conn: &mut Conn,
    grid: GridId,
    only: Option<ServiceId>,
) -> Result<BTreeMap<ServiceId, Health>> {
    let mut rows = containers::table
        .filter(containers::grid_id.eq(grid.to_string()))
        .filter(containers::kind.eq(CONTAINER))
        .filter(containers::deleted_at.is_null())
        .filter(containers::service_id.is_not_null())
        .select((containers::service_id, containers::health))
        .into_boxed();
    if let Some(service) = only {
        rows = rows.filter(containers::service_id.eq(service.to_string()));
    }
    let mut all: BTreeMap<ServiceId, Health> = BTreeMap::new();
    for (service, health) in rows.load::<(Option<String>, Option<String>)>(conn)? {
        let Some(service) = service else { continue };
        let counts = all.entry(id(TABLE, &service)?).or_default();
        counts.total += 1;
        match from_json_opt::<ContainerHealth>(TABLE, health.as_deref())? {
            Some(health) if health.healthy => counts.healthy += 1,
            Some(_) => counts.unhealthy += 1,
            None => {}
        }
    }
    Ok(all)
}

/// The containers of a grid that run its services: the engine's id, the node and the service.
///
/// # Errors
/// Where the query fails.
pub fn of_services(conn: &mut Conn, grid: GridId) -> Result<Vec<(String, NodeId, ServiceId)>> {
    // Labels may name a service that is gone, or another grid's.
    let rows = containers::table
        .inner_join(services::table.on(containers::service_id.eq(services::id.nullable())))
        .filter(containers::grid_id.eq(grid.to_string()))
        .filter(services::grid_id.eq(grid.to_string()))
        .filter(containers::kind.eq(CONTAINER))
        .select((containers::container_id, containers::node_id, services::id))
        .load::<(String, String, String)>(conn)?;
    rows.into_iter()
        .map(|(container, node, service)| Ok((container, id(TABLE, &node)?, id(TABLE, &service)?)))
        .collect()
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
    one(row.select(ContainerRow::as_select()).get_result(conn).optional()?)
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

/// Whether a container is known.
///
/// # Errors
/// Where the query fails.
pub fn exists(conn: &mut Conn, container: ContainerId) -> Result<bool> {
    let row = containers::table.find(container.to_string()).select(containers::id);
    Ok(row.get_result::<String>(conn).optional()?.is_some())
}

/// How many containers of a node are known.
///
/// # Errors
/// Where the query fails.
pub fn count_on(conn: &mut Conn, node: NodeId) -> Result<i64> {
    let rows = containers::table.filter(containers::node_id.eq(node.to_string()));
    Ok(rows.count().get_result(conn)?)
}

/// The nodes of a grid with containers that count as deleted, each with the moment of the first that does.
///
/// # Errors
/// Where the query fails.
pub fn first_deleted(conn: &mut Conn, grid: GridId) -> Result<Vec<(NodeId, Time)>> {
    let rows = containers::table
        .filter(containers::grid_id.eq(grid.to_string()))
        .filter(containers::deleted_at.is_not_null())
        .group_by(containers::node_id)
        .select((containers::node_id, min(containers::deleted_at)))
        .load::<(String, Option<i64>)>(conn)?;
    let rows = rows.into_iter().filter_map(|(node, at)| Some((node, at?)));
    rows.map(|(node, at)| Ok((id(TABLE, &node)?, time(TABLE, at)?))).collect()
}

/// The first containers of a node that count as deleted, and since when.
///
/// # Errors
/// Where the query fails.
pub fn deleted_on(conn: &mut Conn, node: NodeId, most: i64) -> Result<Vec<(ContainerId, Time)>> {
    let rows = containers::table
        .filter(containers::node_id.eq(node.to_string()))
        .filter(containers::deleted_at.is_not_null())
        .order((containers::deleted_at, containers::id))
        .limit(most)
        .select((containers::id, containers::deleted_at))
        .load::<(String, Option<i64>)>(conn)?;
    let rows = rows.into_iter().filter_map(|(container, at)| Some((container, at?)));
    rows.map(|(container, at)| Ok((id(TABLE, &container)?, time(TABLE, at)?))).collect()
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
    rows.iter().flatten().map(|text| id(TABLE, text)).collect()
}
