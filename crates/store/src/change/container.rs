//! Changes of a container's record.

use diesel::prelude::*;
use kontena_core::domain::{Change, NodeId, Time, container};

use super::hit;
use crate::{
    Conn, Result,
    row::{ContainerRow, micros, to_json},
    schema::containers,
};

const WHAT: &str = "the container";

pub(super) fn write(conn: &mut Conn, change: &Change) -> Result<()> {
    match change {
        Change::ContainerSaved(container) => {
            let row = ContainerRow::of(container)?;
            let known = containers::table.find(container.id.to_string());
            if diesel::update(known).set(&row).execute(conn)? == 0 {
                diesel::insert_into(containers::table).values(row).execute(conn)?;
            }
            Ok(())
        }
        Change::ContainerChecked { container, health } => {
            let row = containers::table.find(container.to_string());
            let health = containers::health.eq(to_json(health)?);
            hit(WHAT, diesel::update(row).set(health).execute(conn))
        }
        Change::ContainerRemoved(container) => {
            let row = containers::table.find(container.to_string());
            hit(WHAT, diesel::delete(row).execute(conn))
        }
        _ => Ok(()),
    }
}

/// The containers of a node count as deleted until they are reported again; those that only hold data
/// are where they were.
pub(super) fn mark_deleted(conn: &mut Conn, node: NodeId, at: Time) -> Result<()> {
    let rows = containers::table
        .filter(containers::node_id.eq(node.to_string()))
        .filter(containers::kind.ne(container::VOLUME))
        .filter(containers::deleted_at.is_null());
    diesel::update(rows).set(containers::deleted_at.eq(micros(at))).execute(conn)?;
    Ok(())
}
