//! Changes of a service.

use diesel::prelude::*;
use kontena_core::domain::{Change, Service};

use super::hit;
use crate::{
    Conn, Result,
    row::{ServiceRow, micros, to_json},
    schema::{service_revisions, services},
};

const WHAT: &str = "the service";

pub(super) fn write(conn: &mut Conn, change: &Change) -> Result<()> {
    match change {
        Change::ServiceCreated(service) => {
            diesel::insert_into(services::table).values(ServiceRow::of(service)?).execute(conn)?;
            keep_revision(conn, service)
        }
        Change::ServiceUpdated { service, from } => {
            let row = services::table
                .find(service.id.to_string())
                .filter(services::revision.eq(from.revision))
                .filter(services::state.eq(from.state.as_str()))
                .filter(services::updated_at.eq(micros(from.updated_at)));
            hit(WHAT, diesel::update(row).set(ServiceRow::of(service)?).execute(conn))?;
            if service.revision == from.revision { Ok(()) } else { keep_revision(conn, service) }
        }
        Change::ServiceDeployed { service, at } => {
            let row = services::table.find(service.to_string());
            let deployed = services::deployed_at.eq(micros(*at));
            hit(WHAT, diesel::update(row).set(deployed).execute(conn))
        }
        Change::ServiceRemoved(service) => {
            hit(WHAT, diesel::delete(services::table.find(service.to_string())).execute(conn))
        }
        _ => Ok(()),
    }
}

/// Instances name the revision they were deployed at; it must still be readable then.
fn keep_revision(conn: &mut Conn, service: &Service) -> Result<()> {
    diesel::insert_into(service_revisions::table)
        .values((
            service_revisions::service_id.eq(service.id.to_string()),
            service_revisions::revision.eq(service.revision),
            service_revisions::spec.eq(to_json(&*service.spec)?),
            service_revisions::created_at.eq(micros(service.updated_at)),
        ))
        .execute(conn)?;
    Ok(())
}
