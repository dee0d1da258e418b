//! Deploys.

use std::collections::BTreeMap;

use diesel::{dsl::count_star, prelude::*};
use kontena_core::domain::{Deploy, DeployId, GridId, InstanceDeploy};

use crate::{
    Conn, Result,
    row::{DeployRow, InstanceDeployRow, id},
    schema::{deploys, instance_deploys, services},
};

/// A deploy with its instances.
///
/// # Errors
/// Where a query fails.
pub fn by_id(conn: &mut Conn, deploy: DeployId) -> Result<Option<Deploy>> {
    let row = deploys::table.find(deploy.to_string()).select(DeployRow::as_select());
    let Some(row) = row.get_result(conn).optional()? else {
        return Ok(None);
    };
    let instances = instance_deploys::table
        .filter(instance_deploys::deploy_id.eq(&row.id))
        .order(instance_deploys::number)
        .select(InstanceDeployRow::as_select())
        .load(conn)?;
    let instances = instances.into_iter().map(InstanceDeploy::try_from).collect::<Result<_>>()?;
    row.into_deploy(instances).map(Some)
}

/// The unfinished deploys of a grid with their instances.
///
/// # Errors
/// Where a query fails.
pub fn unfinished(conn: &mut Conn, grid: GridId) -> Result<Vec<Deploy>> {
    let rows = deploys::table
        .filter(deploys::grid_id.eq(grid.to_string()))
        .filter(deploys::finished_at.is_null())
        .select(DeployRow::as_select())
        .load(conn)?;
    let instance_rows = instance_deploys::table
        .inner_join(deploys::table)
        .filter(deploys::grid_id.eq(grid.to_string()))
        .filter(deploys::finished_at.is_null())
        .order((instance_deploys::deploy_id, instance_deploys::number))
        .select(InstanceDeployRow::as_select())
        .load(conn)?;
    let mut instances: BTreeMap<String, Vec<InstanceDeploy>> = BTreeMap::new();
    for row in instance_rows {
        instances.entry(row.deploy_id.clone()).or_default().push(row.try_into()?);
    }
    rows.into_iter()
        .map(|row| {
            let instances = instances.remove(&row.id).unwrap_or_default();
            row.into_deploy(instances)
        })
        .collect()
}

/// Finished deploys of a grid's services beyond the newest so many of each, at most `most` of them; the
/// oldest of a service are not necessarily the first.
///
/// # Errors
/// Where a query fails.
pub fn surplus(conn: &mut Conn, grid: GridId, kept: i64, most: i64) -> Result<Vec<DeployId>> {
    // From the services, since only they are found by their grid.
    let crowded = services::table
        .inner_join(deploys::table)
        .filter(services::grid_id.eq(grid.to_string()))
        .filter(deploys::finished_at.is_not_null())
        .group_by(services::id)
        .having(count_star().gt(kept))
        .select(services::id)
        .load::<String>(conn)?;
    let mut surplus = Vec::new();
    for service in crowded {
        let left = most.saturating_sub(i64::try_from(surplus.len()).unwrap_or(i64::MAX));
        if left <= 0 {
            break;
        }
        let ids = deploys::table
            .filter(deploys::service_id.eq(service))
            .filter(deploys::finished_at.is_not_null())
            .order((deploys::created_at.desc(), deploys::id.desc()))
            .offset(kept)
            .limit(left)
            .select(deploys::id)
            .load::<String>(conn)?;
        for text in ids {
            surplus.push(id("deploys", &text)?);
        }
    }
    Ok(surplus)
}

/// Removes deploys with their instances. Only finished ones may be given: pictures hold the others.
///
/// # Errors
/// Where the statement fails.
pub fn remove(conn: &mut Conn, ids: &[DeployId]) -> Result<()> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let rows =
        deploys::table.filter(deploys::id.eq_any(ids)).filter(deploys::finished_at.is_not_null());
    diesel::delete(rows).execute(conn)?;
    Ok(())
}
