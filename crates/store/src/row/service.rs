//! `services`, read together with the name of their stack.

use std::sync::Arc;

use diesel::prelude::*;
use kontena_core::domain::Service;

use super::{from_json, id, micros, micros_opt, time, time_opt, to_json, word};
use crate::{Result, StoreError, connection::MultiBackend, schema::services};

const TABLE: &str = "services";

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = services, check_for_backend(MultiBackend), treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub(crate) struct ServiceRow {
    id: String,
    grid_id: String,
    stack_id: String,
    name: String,
    spec: String,
    instances: i64,
    state: String,
    revision: i64,
    stack_revision: Option<i64>,
    deploy_requested_at: Option<i64>,
    deployed_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl ServiceRow {
    pub(crate) fn of(service: &Service) -> Result<Self> {
        Ok(Self {
            id: service.id.to_string(),
            grid_id: service.grid.to_string(),
            stack_id: service.stack.to_string(),
            name: service.name.clone(),
            spec: to_json(&*service.spec)?,
            instances: service.instances,
            state: service.state.as_str().to_owned(),
            revision: service.revision,
            stack_revision: service.stack_revision,
            deploy_requested_at: micros_opt(service.deploy_requested_at),
            deployed_at: micros_opt(service.deployed_at),
            created_at: micros(service.created_at),
            updated_at: micros(service.updated_at),
        })
    }

    pub(crate) fn into_service(self, stack_name: String) -> Result<Service, StoreError> {
        Ok(Service {
            id: id(TABLE, &self.id)?,
            grid: id(TABLE, &self.grid_id)?,
            stack: id(TABLE, &self.stack_id)?,
            stack_name,
            name: self.name,
            spec: Arc::new(from_json(TABLE, &self.spec)?),
            instances: self.instances,
            state: word(TABLE, &self.state)?,
            revision: self.revision,
            stack_revision: self.stack_revision,
            deploy_requested_at: time_opt(TABLE, self.deploy_requested_at)?,
            deployed_at: time_opt(TABLE, self.deployed_at)?,
            created_at: time(TABLE, self.created_at)?,
            updated_at: time(TABLE, self.updated_at)?,
        })
    }
}
