//! Volumes and the nodes they exist on.

use diesel::prelude::*;
use kontena_core::domain::{GridId, NodeId, Volume, VolumeId, VolumeInstance, VolumeInstanceId};

use crate::{
    Conn, Result,
    row::{VolumeInstanceRow, VolumeRow},
    schema::{volume_instances, volumes},
};

fn many(rows: Vec<VolumeInstanceRow>) -> Result<Vec<VolumeInstance>> {
    rows.into_iter().map(VolumeInstance::try_from).collect()
}

/// The volumes of a grid, by name.
///
/// # Errors
/// Where the query fails.
pub fn of_grid(conn: &mut Conn, grid: GridId) -> Result<Vec<Volume>> {
    let rows = volumes::table
        .filter(volumes::grid_id.eq(grid.to_string()))
        .order(volumes::name)
        .select(VolumeRow::as_select())
        .load(conn)?;
    rows.into_iter().map(Volume::try_from).collect()
}

/// A volume by identity.
///
/// # Errors
/// Where the query fails.
pub fn by_id(conn: &mut Conn, volume: VolumeId) -> Result<Option<Volume>> {
    let row = volumes::table.find(volume.to_string()).select(VolumeRow::as_select());
    row.get_result(conn).optional()?.map(Volume::try_from).transpose()
}

/// A volume of a grid by name.
///
/// # Errors
/// Where the query fails.
pub fn by_name(conn: &mut Conn, grid: GridId, name: &str) -> Result<Option<Volume>> {
    let row = volumes::table
        .filter(volumes::grid_id.eq(grid.to_string()))
        .filter(volumes::name.eq(name))
        .select(VolumeRow::as_select());
    row.get_result(conn).optional()?.map(Volume::try_from).transpose()
}

/// What exists of the volumes of a grid, by node and name.
///
/// # Errors
/// Where the query fails.
pub fn instances_of_grid(conn: &mut Conn, grid: GridId) -> Result<Vec<VolumeInstance>> {
    let rows = volume_instances::table
        .inner_join(volumes::table)
        .filter(volumes::grid_id.eq(grid.to_string()))
        .order((volume_instances::node_id, volume_instances::name))
        .select(VolumeInstanceRow::as_select());
    many(rows.load(conn)?)
}

/// What exists on a node, by name, each with its volume. One statement, so that the list is whole.
///
/// # Errors
/// Where the query fails.
pub fn on_node(conn: &mut Conn, node: NodeId) -> Result<Vec<(VolumeInstance, Volume)>> {
    let rows = volume_instances::table
        .inner_join(volumes::table)
        .filter(volume_instances::node_id.eq(node.to_string()))
        .order(volume_instances::name)
        .select((VolumeInstanceRow::as_select(), VolumeRow::as_select()))
        .load::<(VolumeInstanceRow, VolumeRow)>(conn)?;
    rows.into_iter()
        .map(|(instance, volume)| Ok((instance.try_into()?, volume.try_into()?)))
        .collect()
}

/// A volume on a node by identity, whichever node that is.
///
/// # Errors
/// Where the query fails.
pub fn instance(conn: &mut Conn, id: VolumeInstanceId) -> Result<Option<VolumeInstance>> {
    let row = volume_instances::table.find(id.to_string()).select(VolumeInstanceRow::as_select());
    row.get_result(conn).optional()?.map(VolumeInstance::try_from).transpose()
}

/// A volume on a node by the name it has there.
///
/// # Errors
/// Where the query fails.
pub fn instance_by_name(
    conn: &mut Conn,
    node: NodeId,
    name: &str,
) -> Result<Option<VolumeInstance>> {
    let row = volume_instances::table
        .filter(volume_instances::node_id.eq(node.to_string()))
        .filter(volume_instances::name.eq(name))
        .select(VolumeInstanceRow::as_select());
    row.get_result(conn).optional()?.map(VolumeInstance::try_from).transpose()
}

/// How many volumes a node is known to have.
///
/// # Errors
/// Where the query fails.
pub fn count_on(conn: &mut Conn, node: NodeId) -> Result<usize> {
    let rows = volume_instances::table.filter(volume_instances::node_id.eq(node.to_string()));
    let count: i64 = rows.count().get_result(conn)?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}
