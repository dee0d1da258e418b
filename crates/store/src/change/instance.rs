//! Changes of an instance.

use diesel::prelude::*;
use kontena_core::domain::{Change, ServiceId};

use super::hit;
use crate::{
    Conn, Result,
    row::{InstanceRow, micros, signed},
    schema::instances,
};

const WHAT: &str = "the instance";

fn key(service: ServiceId, number: u32) -> (String, i32) {
    (service.to_string(), signed(number))
}

pub(super) fn write(conn: &mut Conn, change: &Change) -> Result<()> {
    match change {
        Change::InstanceCreated(instance) => {
            diesel::insert_into(instances::table)
                .values(InstanceRow::of(instance))
                .execute(conn)?;
            Ok(())
        }
        Change::InstancePlaced {
            service,
            number,
            node,
            desired_state,
            deploy_rev,
            service_revision,
            at,
        } => {
            let placed = (
                instances::node_id.eq(node.to_string()),
                instances::desired_state.eq(desired_state.as_str()),
                instances::deploy_rev.eq(deploy_rev),
                instances::service_revision.eq(service_revision),
                instances::rev.eq(None::<String>),
                instances::updated_at.eq(micros(*at)),
            );
            let row = instances::table.find(key(*service, *number));
            hit(WHAT, diesel::update(row).set(placed).execute(conn))
        }
        Change::InstanceDesired { service, number, desired_state, at } => {
            let desired = (
                instances::desired_state.eq(desired_state.as_str()),
                instances::updated_at.eq(micros(*at)),
            );
            let row = instances::table.find(key(*service, *number));
            hit(WHAT, diesel::update(row).set(desired).execute(conn))
        }
        Change::InstanceReported { service, number, node, rev, state, error, at } => {
            let reported = (
                instances::rev.eq(rev),
                instances::state.eq(state.as_str()),
                instances::error.eq(error),
                instances::updated_at.eq(micros(*at)),
            );
            let row = instances::table
                .find(key(*service, *number))
                .filter(instances::node_id.eq(node.to_string()));
            hit(WHAT, diesel::update(row).set(reported).execute(conn))
        }
        Change::InstanceDetached { service, number, at } => {
            let detached =
                (instances::node_id.eq(None::<String>), instances::updated_at.eq(micros(*at)));
            let row = instances::table.find(key(*service, *number));
            hit(WHAT, diesel::update(row).set(detached).execute(conn))
        }
        Change::InstanceRemoved { service, number } => {
            let row = instances::table.find(key(*service, *number));
            hit(WHAT, diesel::delete(row).execute(conn))
        }
        _ => Ok(()),
    }
}
