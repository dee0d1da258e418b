//! Everything of one grid, loaded at once.

use kontena_core::{domain::GridId, snapshot::Contents};

use crate::{
    Conn, Result, containers, deploys, grids, instances, memory, nodes, services, volumes,
};

/// Loads a grid; nothing where it does not exist.
///
/// # Errors
/// Where a query fails.
pub fn load(conn: &mut Conn, grid: GridId) -> Result<Option<Contents>> {
    let Some(found) = grids::by_id(conn, grid)? else {
        return Ok(None);
    };
    Ok(Some(Contents {
        grid: found,
        nodes: nodes::of_grid(conn, grid)?,
        services: services::of_grid(conn, grid)?,
        instances: instances::of_grid(conn, grid)?,
        deploys: deploys::unfinished(conn, grid)?,
        containers: containers::visible(conn, grid)?,
        volumes: volumes::of_grid(conn, grid)?,
        volume_instances: volumes::instances_of_grid(conn, grid)?,
        memory_peaks: memory::of_grid(conn, grid)?,
    }))
}
