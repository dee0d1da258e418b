//! `instances`.

use diesel::prelude::*;
use kontena_core::domain::Instance;

use super::{id, id_opt, micros, signed, time, unsigned, word};
use crate::{Result, StoreError, connection::MultiBackend, schema::instances};

const TABLE: &str = "instances";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(
    table_name = instances, check_for_backend(MultiBackend), treat_none_as_default_value = false
)]
pub(crate) struct InstanceRow {
    id: String,
    grid_id: String,
    service_id: String,
    number: i32,
    node_id: Option<String>,
    desired_state: String,
    deploy_rev: Option<String>,
    service_revision: Option<i64>,
    rev: Option<String>,
    state: String,
    error: Option<String>,
    created_at: i64,
    updated_at: i64,
}

impl InstanceRow {
    pub(crate) fn of(instance: &Instance) -> Self {
        Self {
            id: instance.id.to_string(),
            grid_id: instance.grid.to_string(),
            service_id: instance.service.to_string(),
            number: signed(instance.number),
            node_id: instance.node.map(|node| node.to_string()),
            desired_state: instance.desired_state.as_str().to_owned(),
            deploy_rev: instance.deploy_rev.clone(),
            service_revision: instance.service_revision,
            rev: instance.rev.clone(),
            state: instance.state.as_str().to_owned(),
            error: instance.error.clone(),
            created_at: micros(instance.created_at),
            updated_at: micros(instance.updated_at),
        }
    }
}

impl TryFrom<InstanceRow> for Instance {
    type Error = StoreError;

    fn try_from(row: InstanceRow) -> Result<Self> {
        Ok(Self {
            id: id(TABLE, &row.id)?,
            grid: id(TABLE, &row.grid_id)?,
            service: id(TABLE, &row.service_id)?,
            number: unsigned(TABLE, row.number)?,
            node: id_opt(TABLE, row.node_id.as_deref())?,
            desired_state: word(TABLE, &row.desired_state)?,
            deploy_rev: row.deploy_rev,
            service_revision: row.service_revision,
            rev: row.rev,
            state: word(TABLE, &row.state)?,
            error: row.error,
            created_at: time(TABLE, row.created_at)?,
            updated_at: time(TABLE, row.updated_at)?,
        })
    }
}
