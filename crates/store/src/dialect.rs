//! The statements that differ between the backends: the hottest changes, written as sets.
//!
//! On Postgres each statement is a round trip, so a run of changes of one kind (a storm of agents that
//! connect, their pongs, the reports of their instances) is one `update … from unnest`. A row whose
//! condition does not hold is simply not among the rows that come back: its change is a conflict, and the
//! others are written all the same. SQLite has no round trips and takes them one by one.

use std::collections::BTreeSet;

use diesel::{
    PgConnection, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Array, BigInt, Integer, Nullable, Text},
};
use kontena_core::domain::{Change, Connection, container};

use crate::{
    Result,
    row::{micros, signed, to_json},
    samples::slot,
};

/// What kind of set a change belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plugged,
    Seen,
    Unplugged,
    Measured,
    Reported,
}

/// The kind of a change that is written in sets; none for all others.
pub(crate) fn kind(change: &Change) -> Option<Kind> {
    match change {
        Change::NodePlugged { .. } => Some(Kind::Plugged),
        Change::NodeSeen { .. } => Some(Kind::Seen),
        Change::NodeUnplugged { .. } => Some(Kind::Unplugged),
        Change::NodeMeasured { .. } => Some(Kind::Measured),
        Change::InstanceReported { .. } => Some(Kind::Reported),
        _ => None,
    }
}

/// The row a change is about. One statement cannot change a row twice.
pub(crate) fn key(change: &Change) -> Key {
    match change {
        Change::NodePlugged { node, .. }
        | Change::NodeSeen { node, .. }
        | Change::NodeUnplugged { node, .. }
        | Change::NodeMeasured { node, .. } => (node.to_string(), 0),
        Change::InstanceReported { service, number, .. } => (service.to_string(), signed(*number)),
        _ => (String::new(), 0),
    }
}

/// A node's id, or a service's id with an instance's number.
pub(crate) type Key = (String, i32);

#[derive(QueryableByName)]
struct Hit {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Integer)]
    number: i32,
}

/// Writes changes of one kind about different rows; returns the rows whose condition held.
pub(crate) fn write(
    conn: &mut PgConnection,
    kind: Kind,
    changes: &[&Change],
) -> Result<BTreeSet<Key>> {
    let hits: Vec<Hit> = match kind {
        Kind::Plugged => plugged(conn, changes)?,
        Kind::Seen => seen(conn, changes)?,
        Kind::Unplugged => unplugged(conn, changes)?,
        Kind::Measured => measured(conn, changes)?,
        Kind::Reported => reported(conn, changes)?,
    };
    Ok(hits.into_iter().map(|hit| (hit.id, hit.number)).collect())
}

fn plugged(conn: &mut PgConnection, changes: &[&Change]) -> Result<Vec<Hit>> {
    let (mut ids, mut connections, mut times) = (vec![], vec![], vec![]);
    for change in changes {
        if let Change::NodePlugged { node, connected_at, at } = change {
            ids.push(node.to_string());
            connections.push(micros(*connected_at));
            times.push(micros(*at));
        }
    }
    let open = Connection { opened: true, close_code: None, close_reason: None };
    Ok(sql_query(
        "update nodes set connected = true, updated = false, connected_at = v.connected_at, \
         last_seen_at = v.at, connection = $1 \
         from unnest($2::text[], $3::bigint[], $4::bigint[]) as v (id, connected_at, at) \
         where nodes.id = v.id \
         and (nodes.connected_at is null or nodes.connected_at < v.connected_at) \
         returning nodes.id as id, 0 as number",
    )
    .bind::<Text, _>(to_json(&open)?)
    .bind::<Array<Text>, _>(ids)
    .bind::<Array<BigInt>, _>(connections)
    .bind::<Array<BigInt>, _>(times)
    .load(conn)?)
}

fn seen(conn: &mut PgConnection, changes: &[&Change]) -> Result<Vec<Hit>> {
    let (mut ids, mut connections, mut times) = (vec![], vec![], vec![]);
    for change in changes {
        if let Change::NodeSeen { node, connected_at, at } = change {
            ids.push(node.to_string());
            connections.push(micros(*connected_at));
            times.push(micros(*at));
        }
    }
    Ok(sql_query(
        "update nodes set last_seen_at = v.at \
         from unnest($1::text[], $2::bigint[], $3::bigint[]) as v (id, connected_at, at) \
         where nodes.id = v.id and nodes.connected_at = v.connected_at and nodes.connected \
         returning nodes.id as id, 0 as number",
    )
    .bind::<Array<Text>, _>(ids)
    .bind::<Array<BigInt>, _>(connections)
    .bind::<Array<BigInt>, _>(times)
    .load(conn)?)
}

fn unplugged(conn: &mut PgConnection, changes: &[&Change]) -> Result<Vec<Hit>> {
    let (mut ids, mut connections, mut times, mut ends) = (vec![], vec![], vec![], vec![]);
    for change in changes {
        if let Change::NodeUnplugged { node, connected_at, at, close_code, close_reason } = change {
            ids.push(node.to_string());
            connections.push(micros(*connected_at));
            times.push(micros(*at));
            ends.push(to_json(&Connection::ended(*close_code, close_reason))?);
        }
    }
    Ok(sql_query(
        "with unplugged as (update nodes set connected = false, disconnected_at = v.at, \
         marked_offline_at = v.at, connection = v.connection \
         from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) \
         as v (id, connected_at, at, connection) \
         where nodes.id = v.id and nodes.connected_at = v.connected_at \
         returning nodes.id as id, v.at as at), \
         marked as (update containers set deleted_at = unplugged.at from unplugged \
         where containers.node_id = unplugged.id and containers.kind <> $5 \
         and containers.deleted_at is null) \
         select id, 0 as number from unplugged",
    )
    .bind::<Array<Text>, _>(ids)
    .bind::<Array<BigInt>, _>(connections)
    .bind::<Array<BigInt>, _>(times)
    .bind::<Array<Text>, _>(ends)
    .bind::<Text, _>(container::VOLUME)
    .load(conn)?)
}

fn measured(conn: &mut PgConnection, changes: &[&Change]) -> Result<Vec<Hit>> {
    let (mut ids, mut slots, mut times) = (vec![], vec![], vec![]);
    let (mut figures, mut samples) = (vec![], vec![]);
    for change in changes {
        if let Change::NodeMeasured { node, sample, at } = change {
            ids.push(node.to_string());
            slots.push(slot(*at));
            times.push(micros(sample.at));
            figures.push(to_json(&sample.figures)?);
            samples.push(to_json(sample)?);
        }
    }
    Ok(sql_query(
        "with v as (select * from unnest($1::text[], $2::integer[], $3::bigint[], $4::text[], \
         $5::text[]) as v (id, slot, at, figures, sample)), \
         measured as (update nodes set figures = v.figures from v where nodes.id = v.id \
         returning nodes.id as id), \
         kept as (insert into node_samples (node_id, slot, at, sample) \
         select v.id, v.slot, v.at, v.sample from v join measured on measured.id = v.id \
         on conflict (node_id, slot) do update set at = excluded.at, sample = excluded.sample) \
         select id, 0 as number from measured",
    )
    .bind::<Array<Text>, _>(ids)
    .bind::<Array<Integer>, _>(slots)
    .bind::<Array<BigInt>, _>(times)
    .bind::<Array<Text>, _>(figures)
    .bind::<Array<Text>, _>(samples)
    .load(conn)?)
}

fn reported(conn: &mut PgConnection, changes: &[&Change]) -> Result<Vec<Hit>> {
    let (mut services, mut numbers, mut nodes) = (vec![], vec![], vec![]);
    let (mut revs, mut states, mut errors, mut times) = (vec![], vec![], vec![], vec![]);
    for change in changes {
        if let Change::InstanceReported { service, number, node, rev, state, error, at } = change {
            services.push(service.to_string());
            numbers.push(signed(*number));
            nodes.push(node.to_string());
            revs.push(rev.clone());
            states.push(state.as_str());
            errors.push(error.clone());
            times.push(micros(*at));
        }
    }
    Ok(sql_query(
        "update instances set rev = v.rev, state = v.state, error = v.error, updated_at = v.at \
         from unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], \
         $7::bigint[]) as v (service_id, number, node_id, rev, state, error, at) \
         where instances.service_id = v.service_id and instances.number = v.number \
         and instances.node_id = v.node_id \
         returning instances.service_id as id, instances.number as number",
    )
    .bind::<Array<Text>, _>(services)
    .bind::<Array<Integer>, _>(numbers)
    .bind::<Array<Text>, _>(nodes)
    .bind::<Array<Nullable<Text>>, _>(revs)
    .bind::<Array<Text>, _>(states)
    .bind::<Array<Nullable<Text>>, _>(errors)
    .bind::<Array<BigInt>, _>(times)
    .load(conn)?)
}
