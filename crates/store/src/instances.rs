//! Instances.

use diesel::prelude::*;
use kontena_core::domain::{GridId, Instance, NodeId, ServiceId};

use crate::{
    Conn, Result,
    row::{InstanceRow, id, signed},
    schema::instances,
};

fn many(rows: Vec<InstanceRow>) -> Result<Vec<Instance>> {
    rows.into_iter().map(Instance::try_from).collect()
}

/// The instances of a grid.
///
/// # Errors
/// Where the query fails.
pub fn of_grid(conn: &mut Conn, grid: GridId) -> Result<Vec<Instance>> {
    let rows = instances::table.filter(instances::grid_id.eq(grid.to_string()));
    many(rows.select(InstanceRow::as_select()).load(conn)?)
}

/// The instances of a service, by number.
///
/// # Errors
/// Where the query fails.
pub fn of_service(conn: &mut Conn, service: ServiceId) -> Result<Vec<Instance>> {
    let rows = instances::table
        .filter(instances::service_id.eq(service.to_string()))
        .order(instances::number);
    many(rows.select(InstanceRow::as_select()).load(conn)?)
}

/// The instances that shall be on a node, by service and number.
///
/// # Errors
/// Where the query fails.
pub fn on_node(conn: &mut Conn, node: NodeId) -> Result<Vec<Instance>> {
    let rows = instances::table
        .filter(instances::node_id.eq(node.to_string()))
        .order((instances::service_id, instances::number));
    many(rows.select(InstanceRow::as_select()).load(conn)?)
}

/// The services that any instance on a node belongs to.
///
/// # Errors
/// Where the query fails.
pub fn services_on(conn: &mut Conn, node: NodeId) -> Result<Vec<ServiceId>> {
    let rows = instances::table
        .filter(instances::node_id.eq(node.to_string()))
        .select(instances::service_id)
        .distinct()
        .load::<String>(conn)?;
    rows.iter().map(|text| id("instances", text)).collect()
}

/// An instance by service and number.
///
/// # Errors
/// Where the query fails.
pub fn by_number(conn: &mut Conn, service: ServiceId, number: u32) -> Result<Option<Instance>> {
    let row = instances::table.find((service.to_string(), signed(number)));
    let row = row.select(InstanceRow::as_select()).get_result(conn).optional()?;
    row.map(Instance::try_from).transpose()
}
