//! The history of what agents measured: a ring of slots for each node, one a minute.

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Integer, Text},
};
use kontena_core::domain::{NodeId, NodeSample, Time};

use crate::{
    Conn, Result,
    row::{from_json, micros, to_json},
    schema::node_samples,
};

/// Minutes that are kept: the hour that is shown, and some more for a request that comes late.
const SLOTS: i64 = 90;

/// The slot of a moment.
pub(crate) fn slot(at: Time) -> i32 {
    let minute = at.timestamp().div_euclid(60).rem_euclid(SLOTS);
    i32::try_from(minute).unwrap_or(0)
}

/// Keeps a sample that arrived at this moment, in place of the one that had its slot.
pub(crate) fn keep(conn: &mut Conn, node: NodeId, sample: &NodeSample, at: Time) -> Result<()> {
    // An upsert, which only plain SQL can say to both databases at once.
    sql_query(
        "insert into node_samples (node_id, slot, at, sample) values ($1, $2, $3, $4) \
         on conflict (node_id, slot) do update set at = excluded.at, sample = excluded.sample",
    )
    .bind::<Text, _>(node.to_string())
    .bind::<Integer, _>(slot(at))
    .bind::<BigInt, _>(micros(sample.at))
    .bind::<Text, _>(to_json(sample)?)
    .execute(conn)?;
    Ok(())
}

/// The samples of a node from one moment to another, both included, oldest first.
///
/// # Errors
/// Where the query fails.
pub fn of_node(conn: &mut Conn, node: NodeId, from: Time, to: Time) -> Result<Vec<NodeSample>> {
    let rows = node_samples::table
        .filter(node_samples::node_id.eq(node.to_string()))
        .filter(node_samples::at.between(micros(from), micros(to)))
        .order(node_samples::at)
        .select(node_samples::sample)
        .load::<String>(conn)?;
    rows.iter().map(|text| from_json("node_samples", text)).collect()
}
