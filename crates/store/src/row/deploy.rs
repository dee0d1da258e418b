//! `deploys` and `instance_deploys`.

use diesel::prelude::*;
use kontena_core::domain::{Deploy, DeployId, DeployOrigin, InstanceDeploy, Phase};

use super::{id, id_opt, micros, micros_opt, signed, time, time_opt, unsigned, word};
use crate::{
    Result, StoreError,
    connection::MultiBackend,
    schema::{deploys, instance_deploys},
};

const TABLE: &str = "deploys";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(
    table_name = deploys, check_for_backend(MultiBackend), treat_none_as_default_value = false
)]
pub(crate) struct DeployRow {
    pub(crate) id: String,
    grid_id: String,
    service_id: String,
    origin: String,
    state: String,
    reason: Option<String>,
    explanation: Option<String>,
    deploy_rev: Option<String>,
    total: Option<i32>,
    created_at: i64,
    queued_at: Option<i64>,
    started_at: Option<i64>,
    finished_at: Option<i64>,
}

fn deploy_origin(origin: DeployOrigin) -> &'static str {
    match origin {
        DeployOrigin::User => "user",
        DeployOrigin::Scheduler => "scheduler",
    }
}

impl DeployRow {
    pub(crate) fn of(deploy: &Deploy) -> Self {
        Self {
            id: deploy.id.to_string(),
            grid_id: deploy.grid.to_string(),
            service_id: deploy.service.to_string(),
            origin: deploy_origin(deploy.origin).to_owned(),
            state: deploy.state.as_str().to_owned(),
            reason: deploy.reason.clone(),
            explanation: deploy.explanation.clone(),
            deploy_rev: deploy.deploy_rev.clone(),
            total: deploy.total.map(signed),
            created_at: micros(deploy.created_at),
            queued_at: micros_opt(deploy.queued_at),
            started_at: micros_opt(deploy.started_at),
            finished_at: micros_opt(deploy.finished_at),
        }
    }

    pub(crate) fn into_deploy(self, instances: Vec<InstanceDeploy>) -> Result<Deploy, StoreError> {
        Ok(Deploy {
            id: id(TABLE, &self.id)?,
            grid: id(TABLE, &self.grid_id)?,
            service: id(TABLE, &self.service_id)?,
            origin: word(TABLE, &self.origin)?,
            state: word(TABLE, &self.state)?,
            reason: self.reason,
            explanation: self.explanation,
            deploy_rev: self.deploy_rev,
            total: self.total.map(|total| unsigned(TABLE, total)).transpose()?,
            created_at: time(TABLE, self.created_at)?,
            queued_at: time_opt(TABLE, self.queued_at)?,
            started_at: time_opt(TABLE, self.started_at)?,
            finished_at: time_opt(TABLE, self.finished_at)?,
            instances,
        })
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = instance_deploys, check_for_backend(MultiBackend),
    treat_none_as_default_value = false, treat_none_as_null = true
)]
pub(crate) struct InstanceDeployRow {
    pub(crate) deploy_id: String,
    number: i32,
    node_id: Option<String>,
    node_name: String,
    state: String,
    error: Option<String>,
    phase: String,
    phase_at: i64,
}

impl InstanceDeployRow {
    pub(crate) fn of(deploy: DeployId, instance: &InstanceDeploy) -> Self {
        Self {
            deploy_id: deploy.to_string(),
            number: signed(instance.number),
            node_id: instance.node.map(|node| node.to_string()),
            node_name: instance.node_name.clone(),
            state: instance.state.as_str().to_owned(),
            error: instance.error.clone(),
            phase: match instance.phase {
                Phase::Preparing => "preparing",
                Phase::Stopping => "stopping",
                Phase::Starting => "starting",
            }
            .to_owned(),
            phase_at: micros(instance.phase_at),
        }
    }
}

impl TryFrom<InstanceDeployRow> for InstanceDeploy {
    type Error = StoreError;

    fn try_from(row: InstanceDeployRow) -> Result<Self> {
        const TABLE: &str = "instance_deploys";
        Ok(Self {
            number: unsigned(TABLE, row.number)?,
            node: id_opt(TABLE, row.node_id.as_deref())?,
            node_name: row.node_name,
            state: word(TABLE, &row.state)?,
            error: row.error,
            phase: word(TABLE, &row.phase)?,
            phase_at: time(TABLE, row.phase_at)?,
        })
    }
}
