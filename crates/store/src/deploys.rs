//! Deploys.

use std::collections::BTreeMap;

use diesel::prelude::*;
use kontena_core::domain::{Deploy, DeployId, GridId, InstanceDeploy};

use crate::{
    Conn, Result,
    row::{DeployRow, InstanceDeployRow},
    schema::{deploys, instance_deploys},
};

/// A deploy with its instances.
///
/// # Errors
/// Where a query fails.
pub fn by_id(conn: &mut Conn, deploy: DeployId) -> Result<Option<Deploy>> {
    let row = deploys::table.find(deploy.to_string()).select(DeployRow::as_select());
    let Some(row) = row.first(conn).optional()? else {
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
