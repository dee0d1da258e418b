//! `grids`.

use diesel::prelude::*;
use kontena_core::domain::Grid;

use super::{from_json, from_json_opt, id, micros, signed, time, to_json, to_json_opt, unsigned};
use crate::{Result, StoreError, connection::MultiBackend, schema::grids};

const TABLE: &str = "grids";

#[derive(Queryable, Selectable)]
#[diesel(table_name = grids, check_for_backend(MultiBackend))]
pub(crate) struct GridRow {
    id: String,
    name: String,
    initial_size: i32,
    subnet: String,
    supernet: String,
    default_affinity: String,
    trusted_subnets: String,
    statsd: Option<String>,
    logs: Option<String>,
    created_at: i64,
}

#[derive(Insertable)]
#[diesel(table_name = grids, treat_none_as_default_value = false)]
pub(crate) struct NewGridRow {
    id: String,
    name: String,
    token_hash: String,
    token_sealed: String,
    initial_size: i32,
    subnet: String,
    supernet: String,
    default_affinity: String,
    trusted_subnets: String,
    statsd: Option<String>,
    logs: Option<String>,
    created_at: i64,
}

#[derive(AsChangeset)]
#[diesel(table_name = grids, treat_none_as_null = true)]
pub(crate) struct GridSettings {
    default_affinity: String,
    trusted_subnets: String,
    statsd: Option<String>,
    logs: Option<String>,
}

impl GridSettings {
    pub(crate) fn of(grid: &Grid) -> Result<Self> {
        Ok(Self {
            default_affinity: to_json(&grid.default_affinity)?,
            trusted_subnets: to_json(&grid.trusted_subnets)?,
            statsd: to_json_opt(grid.statsd.as_ref())?,
            logs: to_json_opt(grid.logs.as_ref())?,
        })
    }
}

impl NewGridRow {
    pub(crate) fn of(grid: &Grid) -> Result<Self> {
        let settings = GridSettings::of(grid)?;
        Ok(Self {
            id: grid.id.to_string(),
            name: grid.name.clone(),
            // A token is written right after, in the same job; until then the id keeps it unique.
            token_hash: grid.id.to_string(),
            token_sealed: String::new(),
            initial_size: signed(grid.initial_size),
            subnet: grid.subnet.to_string(),
            supernet: grid.supernet.to_string(),
            default_affinity: settings.default_affinity,
            trusted_subnets: settings.trusted_subnets,
            statsd: settings.statsd,
            logs: settings.logs,
            created_at: micros(grid.created_at),
        })
    }
}

impl TryFrom<GridRow> for Grid {
    type Error = StoreError;

    fn try_from(row: GridRow) -> Result<Self> {
        let cidr = |text: &str| text.parse().map_err(|error| StoreError::corrupt(TABLE, error));
        Ok(Self {
            id: id(TABLE, &row.id)?,
            name: row.name,
            initial_size: unsigned(TABLE, row.initial_size)?,
            default_affinity: from_json(TABLE, &row.default_affinity)?,
            subnet: cidr(&row.subnet)?,
            supernet: cidr(&row.supernet)?,
            trusted_subnets: from_json(TABLE, &row.trusted_subnets)?,
            statsd: from_json_opt(TABLE, row.statsd.as_deref())?,
            logs: from_json_opt(TABLE, row.logs.as_deref())?,
            created_at: time(TABLE, row.created_at)?,
        })
    }
}
