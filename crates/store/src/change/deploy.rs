//! Changes of a deploy: forward only.

use diesel::prelude::*;
use kontena_core::domain::{Change, Deploy, DeployOrigin, DeployState};

use super::hit;
use crate::{
    Conn, Result, StoreError,
    row::{DeployRow, InstanceDeployRow, micros, signed},
    schema::{deploys, instance_deploys},
};

const WHAT: &str = "the deploy";

pub(super) fn write(conn: &mut Conn, change: &Change) -> Result<()> {
    match change {
        Change::DeployCreated(deploy) => {
            refuse_needless(conn, deploy)?;
            diesel::insert_into(deploys::table).values(DeployRow::of(deploy)).execute(conn)?;
            Ok(())
        }
        Change::DeployStarted { deploy, deploy_rev, total, at } => {
            let row = deploys::table
                .find(deploy.to_string())
                .filter(deploys::started_at.is_null())
                .filter(deploys::finished_at.is_null());
            let started = (
                deploys::state.eq(DeployState::Ongoing.as_str()),
                deploys::deploy_rev.eq(deploy_rev),
                deploys::total.eq(signed(*total)),
                deploys::queued_at.eq(micros(*at)),
                deploys::started_at.eq(micros(*at)),
                deploys::reason.eq(None::<String>),
            );
            hit(WHAT, diesel::update(row).set(started).execute(conn))
        }
        Change::DeployWaiting { deploy, reason, at } => {
            let row =
                deploys::table.find(deploy.to_string()).filter(deploys::finished_at.is_null());
            let waiting = (deploys::reason.eq(reason), deploys::queued_at.eq(micros(*at)));
            hit(WHAT, diesel::update(row).set(waiting).execute(conn))
        }
        Change::DeployProgressed { deploy, instance } => {
            let row = instance_deploys::table.find((deploy.to_string(), signed(instance.number)));
            let new = || InstanceDeployRow::of(*deploy, instance);
            if diesel::update(row).set(new()).execute(conn)? == 0 {
                diesel::insert_into(instance_deploys::table).values(new()).execute(conn)?;
            }
            Ok(())
        }
        Change::DeployFinished { deploy, state, reason, explanation, at } => {
            let row =
                deploys::table.find(deploy.to_string()).filter(deploys::finished_at.is_null());
            let finished = (
                deploys::state.eq(state.as_str()),
                deploys::reason.eq(reason),
                deploys::explanation.eq(explanation),
                deploys::finished_at.eq(micros(*at)),
            );
            hit(WHAT, diesel::update(row).set(finished).execute(conn))
        }
        _ => Ok(()),
    }
}

/// A deploy nobody asked for presupposes that none of the service is pending or running (8.2 #8).
fn refuse_needless(conn: &mut Conn, deploy: &Deploy) -> Result<()> {
    if deploy.origin == DeployOrigin::User {
        return Ok(());
    }
    // One that has run for half an hour counts no more (`scheduling.md` 1.6).
    let overdue = micros(deploy.created_at - chrono::TimeDelta::minutes(30));
    let unfinished = deploys::table
        .filter(deploys::service_id.eq(deploy.service.to_string()))
        .filter(deploys::finished_at.is_null())
        .filter(deploys::started_at.is_null().or(deploys::started_at.gt(overdue)))
        .select(deploys::id)
        .first::<String>(conn)
        .optional()?;
    match unfinished {
        Some(_) => Err(StoreError::Conflict("the service's deploys")),
        None => Ok(()),
    }
}
