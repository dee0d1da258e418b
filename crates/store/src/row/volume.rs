//! `volumes` and `volume_instances`.

use diesel::prelude::*;
use kontena_core::domain::{Volume, VolumeInstance};

use super::{from_json, id, micros, time, to_json, word};
use crate::{
    Result, StoreError,
    connection::MultiBackend,
    schema::{volume_instances, volumes},
};

const TABLE: &str = "volumes";
const INSTANCES: &str = "volume_instances";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = volumes, check_for_backend(MultiBackend))]
pub(crate) struct VolumeRow {
    id: String,
    grid_id: String,
    name: String,
    scope: String,
    driver: String,
    driver_opts: String,
    created_at: i64,
    updated_at: i64,
}

impl VolumeRow {
    pub(crate) fn of(volume: &Volume) -> Result<Self> {
        Ok(Self {
            id: volume.id.to_string(),
            grid_id: volume.grid.to_string(),
            name: volume.name.clone(),
            scope: volume.scope.as_str().to_owned(),
            driver: volume.driver.clone(),
            driver_opts: to_json(&volume.driver_opts)?,
            created_at: micros(volume.created_at),
            updated_at: micros(volume.updated_at),
        })
    }
}

impl TryFrom<VolumeRow> for Volume {
    type Error = StoreError;

    fn try_from(row: VolumeRow) -> Result<Self> {
        Ok(Self {
            id: id(TABLE, &row.id)?,
            grid: id(TABLE, &row.grid_id)?,
            name: row.name,
            scope: word(TABLE, &row.scope)?,
            driver: row.driver,
            driver_opts: from_json(TABLE, &row.driver_opts)?,
            created_at: time(TABLE, row.created_at)?,
            updated_at: time(TABLE, row.updated_at)?,
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = volume_instances, check_for_backend(MultiBackend))]
pub(crate) struct VolumeInstanceRow {
    id: String,
    volume_id: String,
    node_id: String,
    name: String,
}

impl VolumeInstanceRow {
    pub(crate) fn of(instance: &VolumeInstance) -> Self {
        Self {
            id: instance.id.to_string(),
            volume_id: instance.volume.to_string(),
            node_id: instance.node.to_string(),
            name: instance.name.clone(),
        }
    }
}

impl TryFrom<VolumeInstanceRow> for VolumeInstance {
    type Error = StoreError;

    fn try_from(row: VolumeInstanceRow) -> Result<Self> {
        Ok(Self {
            id: id(INSTANCES, &row.id)?,
            volume: id(INSTANCES, &row.volume_id)?,
            node: id(INSTANCES, &row.node_id)?,
            name: row.name,
        })
    }
}
