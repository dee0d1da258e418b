//! Which hooks that run once have run, for each instance.

use std::collections::BTreeSet;

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Integer, Text},
};
use kontena_core::domain::{NodeId, ServiceId};

use crate::{
    Conn, Result,
    row::{id, signed, unsigned},
    schema::{hook_marks, instances},
};

/// Takes note that a hook has run for an instance; a second time changes nothing.
///
/// # Errors
/// Where the statement fails, as where there is no such instance.
pub fn mark(conn: &mut Conn, service: ServiceId, number: u32, hook: &str) -> Result<()> {
    sql_query(
        "insert into hook_marks (service_id, number, hook_id) values ($1, $2, $3) \
         on conflict (service_id, number, hook_id) do nothing",
    )
    .bind::<Text, _>(service.to_string())
    .bind::<Integer, _>(signed(number))
    .bind::<Text, _>(hook)
    .execute(conn)?;
    Ok(())
}

/// The marks of the instances on a node.
///
/// # Errors
/// Where the query fails.
pub fn marks_on(conn: &mut Conn, node: NodeId) -> Result<BTreeSet<(ServiceId, u32, String)>> {
    let rows = hook_marks::table
        .inner_join(
            instances::table.on(instances::service_id
                .eq(hook_marks::service_id)
                .and(instances::number.eq(hook_marks::number))),
        )
        .filter(instances::node_id.eq(node.to_string()))
        .select((hook_marks::service_id, hook_marks::number, hook_marks::hook_id))
        .load::<(String, i32, String)>(conn)?;
    rows.into_iter()
        .map(|(service, number, hook)| {
            Ok((id("hook_marks", &service)?, unsigned("hook_marks", number)?, hook))
        })
        .collect()
}
