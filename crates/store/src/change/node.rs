//! Changes of a node.

use diesel::prelude::*;
use kontena_core::domain::{Change, Connection, Time};

use super::{container::mark_deleted, hit};
use crate::{
    Conn, Result,
    row::{NodeRow, micros, to_json},
    samples,
    schema::nodes,
};

const WHAT: &str = "the node";

pub(super) fn write(conn: &mut Conn, change: &Change) -> Result<()> {
    match change {
        Change::NodeCreated(node) => {
            diesel::insert_into(nodes::table).values(NodeRow::of(node)?).execute(conn)?;
            Ok(())
        }
        Change::NodeRemoved(node) => {
            hit(WHAT, diesel::delete(nodes::table.find(node.to_string())).execute(conn))
        }
        Change::NodeBound { .. }
        | Change::NodeReported { .. }
        | Change::NodeMeasured { .. }
        | Change::NodeEdited { .. }
        | Change::NodeTokenChanged { .. } => write_description(conn, change),
        _ => write_connection(conn, change),
    }
}

/// What counts as the node's connection: compare-and-set on the connection's identity.
fn write_connection(conn: &mut Conn, change: &Change) -> Result<()> {
    match change {
        Change::NodePlugged { node, connected_at, at } => {
            let connection = Connection { opened: true, close_code: None, close_reason: None };
            let row = nodes::table.find(node.to_string()).filter(
                nodes::connected_at.is_null().or(nodes::connected_at.lt(micros(*connected_at))),
            );
            let plugged = (
                nodes::connected.eq(true),
                nodes::updated.eq(false),
                nodes::connected_at.eq(micros(*connected_at)),
                nodes::last_seen_at.eq(micros(*at)),
                nodes::connection.eq(to_json(&connection)?),
            );
            hit("the node's connection", diesel::update(row).set(plugged).execute(conn))
        }
        Change::NodeRejected { node, connected_at, connection, at } => {
            let row = nodes::table.find(node.to_string()).filter(
                nodes::connected_at.is_null().or(nodes::connected_at.lt(micros(*connected_at))),
            );
            turn_offline(conn, &node.to_string(), *at, Some(micros(*connected_at)))?;
            let rejected = (
                nodes::connected.eq(false),
                nodes::updated.eq(false),
                nodes::connected_at.eq(micros(*connected_at)),
                nodes::connection.eq(to_json(connection)?),
            );
            hit("the node's connection", diesel::update(row).set(rejected).execute(conn))
        }
        Change::NodeUnplugged { node, connected_at, at, close_code, close_reason } => {
            let connection = Connection::ended(*close_code, close_reason);
            let unplugged = (
                nodes::connected.eq(false),
                nodes::disconnected_at.eq(micros(*at)),
                nodes::marked_offline_at.eq(micros(*at)),
                nodes::connection.eq(to_json(&connection)?),
            );
            let row = nodes::table
                .find(node.to_string())
                .filter(nodes::connected_at.eq(micros(*connected_at)));
            hit("the node's connection", diesel::update(row).set(unplugged).execute(conn))?;
            mark_deleted(conn, *node, *at)
        }
        Change::NodeSwept { node, connected_at, at } => {
            let swept = (nodes::connected.eq(false), nodes::marked_offline_at.eq(micros(*at)));
            let row = nodes::table
                .find(node.to_string())
                .filter(nodes::connected_at.eq(micros(*connected_at)))
                .filter(nodes::connected.eq(true));
            hit("the node's connection", diesel::update(row).set(swept).execute(conn))?;
            mark_deleted(conn, *node, *at)
        }
        Change::NodeSeen { node, connected_at, at } => {
            let row = nodes::table
                .find(node.to_string())
                .filter(nodes::connected_at.eq(micros(*connected_at)))
                .filter(nodes::connected.eq(true));
            let seen = nodes::last_seen_at.eq(micros(*at));
            hit("the node's connection", diesel::update(row).set(seen).execute(conn))
        }
        _ => Ok(()),
    }
}

/// What the node is said to be.
fn write_description(conn: &mut Conn, change: &Change) -> Result<()> {
    match change {
        Change::NodeBound { node, engine_id, agent_version, labels, at } => {
            let row = nodes::table.find(node.to_string()).filter(nodes::engine_id.is_null());
            let bound = (
                nodes::engine_id.eq(engine_id.as_str()),
                nodes::agent_version.eq(agent_version),
                nodes::labels.eq(to_json(labels)?),
                nodes::updated_at.eq(micros(*at)),
            );
            hit("the node's engine", diesel::update(row).set(bound).execute(conn))
        }
        Change::NodeReported { node, report, agent_version, labels, at } => {
            let row = nodes::table.find(node.to_string());
            let labels = labels.as_ref().map(to_json).transpose()?;
            let reported = (
                nodes::report.eq(to_json(&**report)?),
                nodes::agent_version.eq(agent_version),
                // None leaves the labels alone.
                labels.map(|labels| nodes::labels.eq(labels)),
                nodes::updated.eq(true),
                nodes::updated_at.eq(micros(*at)),
            );
            hit(WHAT, diesel::update(row).set(reported).execute(conn))
        }
        Change::NodeMeasured { node, sample, at } => {
            let figures = nodes::figures.eq(to_json(&sample.figures)?);
            let row = nodes::table.find(node.to_string());
            hit(WHAT, diesel::update(row).set(figures).execute(conn))?;
            samples::keep(conn, *node, sample, *at)
        }
        Change::NodeEdited { node, labels, availability, at } => {
            let edited = (
                nodes::labels.eq(to_json(labels)?),
                nodes::availability.eq(availability.as_str()),
                nodes::updated_at.eq(micros(*at)),
            );
            let row = nodes::table.find(node.to_string());
            hit(WHAT, diesel::update(row).set(edited).execute(conn))
        }
        Change::NodeTokenChanged { node, disconnect, at, .. } => {
            if *disconnect {
                turn_offline(conn, &node.to_string(), *at, None)?;
            }
            let row = nodes::table.find(node.to_string());
            let changed = nodes::updated_at.eq(micros(*at));
            hit(WHAT, diesel::update(row).set(changed).execute(conn))
        }
        _ => Ok(()),
    }
}

/// Marks a node as not connected; one that is offline already stays offline since then. Where `before`
/// is given, only a connection older than that is taken away.
fn turn_offline(conn: &mut Conn, node: &str, at: Time, before: Option<i64>) -> Result<()> {
    let row = nodes::table.find(node).filter(nodes::connected.eq(true));
    let offline = (nodes::connected.eq(false), nodes::marked_offline_at.eq(micros(at)));
    match before {
        Some(before) => {
            let row = row.filter(nodes::connected_at.lt(before));
            diesel::update(row).set(offline).execute(conn)?
        }
        None => diesel::update(row).set(offline).execute(conn)?,
    };
    Ok(())
}
