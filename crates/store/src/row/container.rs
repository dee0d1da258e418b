//! `containers`.

use diesel::prelude::*;
use kontena_core::domain::{Container, ContainerRecord};

use super::{
    from_json, from_json_opt, id, id_opt, micros, micros_opt, signed, time, time_opt, to_json,
    to_json_opt, unsigned,
};
use crate::{Result, StoreError, connection::MultiBackend, schema::containers};

const TABLE: &str = "containers";

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = containers, check_for_backend(MultiBackend), treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub(crate) struct ContainerRow {
    id: String,
    grid_id: String,
    node_id: String,
    container_id: String,
    name: String,
    kind: String,
    service_id: Option<String>,
    instance_number: Option<i32>,
    stack_name: Option<String>,
    service_name: Option<String>,
    details: String,
    health: Option<String>,
    created_at: i64,
    updated_at: i64,
    deleted_at: Option<i64>,
}

impl ContainerRow {
    pub(crate) fn of(container: &ContainerRecord) -> Result<Self> {
        let (stack_name, service_name) = container
            .visible()
            .map(|visible| (Some(visible.stack_name), visible.service_name))
            .unwrap_or_default();
        Ok(Self {
            stack_name,
            service_name,
            id: container.id.to_string(),
            grid_id: container.grid.to_string(),
            node_id: container.node.to_string(),
            container_id: container.container_id.clone(),
            name: container.name.clone(),
            kind: container.kind.clone(),
            service_id: container.service.map(|service| service.to_string()),
            instance_number: container.instance_number.map(signed),
            details: to_json(&container.details)?,
            health: to_json_opt(container.health.as_ref())?,
            created_at: micros(container.created_at),
            updated_at: micros(container.updated_at),
            deleted_at: micros_opt(container.deleted_at),
        })
    }
}

impl TryFrom<ContainerRow> for ContainerRecord {
    type Error = StoreError;

    fn try_from(row: ContainerRow) -> Result<Self> {
        Ok(Self {
            id: id(TABLE, &row.id)?,
            grid: id(TABLE, &row.grid_id)?,
            node: id(TABLE, &row.node_id)?,
            container_id: row.container_id,
            name: row.name,
            kind: row.kind,
            service: id_opt(TABLE, row.service_id.as_deref())?,
            instance_number: row
                .instance_number
                .map(|number| unsigned(TABLE, number))
                .transpose()?,
            details: from_json(TABLE, &row.details)?,
            health: from_json_opt(TABLE, row.health.as_deref())?,
            created_at: time(TABLE, row.created_at)?,
            updated_at: time(TABLE, row.updated_at)?,
            deleted_at: time_opt(TABLE, row.deleted_at)?,
        })
    }
}

/// A container without its details.
#[derive(Queryable, Selectable)]
#[diesel(table_name = containers, check_for_backend(MultiBackend))]
pub(crate) struct VisibleRow {
    id: String,
    node_id: String,
    name: String,
    service_id: Option<String>,
    instance_number: Option<i32>,
    stack_name: Option<String>,
    service_name: Option<String>,
}

impl VisibleRow {
    /// What decisions see of it; none where it is none of theirs.
    pub(crate) fn visible(self) -> Result<Option<Container>> {
        let Some(stack_name) = self.stack_name else {
            return Ok(None);
        };
        Ok(Some(Container {
            id: id(TABLE, &self.id)?,
            node: id(TABLE, &self.node_id)?,
            name: self.name,
            service: id_opt(TABLE, self.service_id.as_deref())?,
            stack_name,
            service_name: self.service_name,
            instance_number: self
                .instance_number
                .map(|number| unsigned(TABLE, number))
                .transpose()?,
        }))
    }
}
