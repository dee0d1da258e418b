//! Services and the revisions of their specifications.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{dsl::count_star, prelude::*};
use kontena_core::domain::{GridId, NodeId, Service, ServiceId, ServiceSpec};

use crate::{
    Conn, Result,
    row::{ServiceRow, from_json, id},
    schema::{deploys, instances, service_revisions, services, stacks},
};

/// What says which revisions of a service are still needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revisions {
    /// The one the service is at.
    pub present: i64,
    /// All that are kept.
    pub kept: Vec<i64>,
    /// Those instances were deployed at.
    pub of_instances: BTreeSet<i64>,
    /// Whether a deploy of the service has not ended.
    pub is_deploying: bool,
}

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
    one(row.get_result(conn).optional()?)
}

/// The services that instances on a node belong to.
///
/// # Errors
/// Where the query fails.
pub fn on_node(conn: &mut Conn, node: NodeId) -> Result<Vec<Service>> {
    let ids = instances::table
        .filter(instances::node_id.eq(node.to_string()))
        .select(instances::service_id);
    let rows = services::table
        .inner_join(stacks::table)
        .filter(services::id.eq_any(ids))
        .select((ServiceRow::as_select(), stacks::name))
        .load::<(ServiceRow, String)>(conn)?;
    rows.into_iter().map(|(row, stack)| row.into_service(stack)).collect()
}

/// The specifications that the instances on a node were deployed with, by service and revision.
///
/// # Errors
/// Where the query fails.
pub fn specs_on_node(
    conn: &mut Conn,
    node: NodeId,
) -> Result<BTreeMap<(ServiceId, i64), ServiceSpec>> {
    const TABLE: &str = "service_revisions";
    let deployed = instances::service_id
        .eq(service_revisions::service_id)
        .and(instances::service_revision.eq(service_revisions::revision.nullable()));
    let rows = service_revisions::table
        .inner_join(instances::table.on(deployed))
        .filter(instances::node_id.eq(node.to_string()))
        .select((
            service_revisions::service_id,
            service_revisions::revision,
            service_revisions::spec,
        ))
        .distinct()
        .load::<(String, i64, String)>(conn)?;
    rows.into_iter()
        .map(|(service, revision, spec)| {
            Ok(((id(TABLE, &service)?, revision), from_json(TABLE, &spec)?))
        })
        .collect()
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
    one(row.get_result(conn).optional()?)
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

/// The services of a grid of which more than one revision is kept.
///
/// # Errors
/// Where the query fails.
pub fn with_revisions(conn: &mut Conn, grid: GridId) -> Result<Vec<ServiceId>> {
    let ids = services::table
        .inner_join(service_revisions::table)
        .filter(services::grid_id.eq(grid.to_string()))
        .group_by(services::id)
        .having(count_star().gt(1))
        .select(services::id)
        .load::<String>(conn)?;
    ids.iter().map(|text| id("services", text)).collect()
}

/// The revisions of a service and what needs them; nothing where it is gone.
///
/// # Errors
/// Where a query fails.
pub fn revisions(conn: &mut Conn, service: ServiceId) -> Result<Option<Revisions>> {
    let key = service.to_string();
    let row = services::table.find(&key).select(services::revision);
    let Some(present) = row.first::<i64>(conn).optional()? else {
        return Ok(None);
    };
    let kept = service_revisions::table
        .filter(service_revisions::service_id.eq(&key))
        .order(service_revisions::revision)
        .select(service_revisions::revision)
        .load::<i64>(conn)?;
    let of_instances = instances::table
        .filter(instances::service_id.eq(&key))
        .select(instances::service_revision)
        .distinct()
        .load::<Option<i64>>(conn)?;
    let unfinished = deploys::table
        .filter(deploys::service_id.eq(&key))
        .filter(deploys::finished_at.is_null())
        .select(deploys::id);
    Ok(Some(Revisions {
        present,
        kept,
        of_instances: of_instances.into_iter().flatten().collect(),
        is_deploying: unfinished.first::<String>(conn).optional()?.is_some(),
    }))
}

/// Removes revisions of a service.
///
/// # Errors
/// Where the statement fails.
pub fn remove_revisions(conn: &mut Conn, service: ServiceId, revisions: &[i64]) -> Result<()> {
    let rows = service_revisions::table
        .filter(service_revisions::service_id.eq(service.to_string()))
        .filter(service_revisions::revision.eq_any(revisions.to_vec()));
    diesel::delete(rows).execute(conn)?;
    Ok(())
}
