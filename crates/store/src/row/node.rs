//! `nodes`.

use diesel::prelude::*;
use kontena_core::domain::{EngineId, Node};

use super::{
    from_json, from_json_opt, id, micros, micros_opt, signed, time, time_opt, to_json, to_json_opt,
    unsigned, word,
};
use crate::{Result, StoreError, connection::MultiBackend, schema::nodes};

const TABLE: &str = "nodes";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(
    table_name = nodes, check_for_backend(MultiBackend), treat_none_as_default_value = false
)]
pub(crate) struct NodeRow {
    id: String,
    grid_id: String,
    number: i32,
    name: String,
    engine_id: Option<String>,
    token_hash: Option<String>,
    labels: String,
    availability: String,
    connected: bool,
    updated: bool,
    connected_at: Option<i64>,
    disconnected_at: Option<i64>,
    last_seen_at: Option<i64>,
    connection: Option<String>,
    agent_version: Option<String>,
    report: String,
    created_at: i64,
    updated_at: i64,
    figures: Option<String>,
    marked_offline_at: Option<i64>,
}

impl NodeRow {
    pub(crate) fn of(node: &Node) -> Result<Self> {
        Ok(Self {
            id: node.id.to_string(),
            grid_id: node.grid.to_string(),
            number: signed(node.number),
            name: node.name.clone(),
            engine_id: node.engine_id.as_ref().map(ToString::to_string),
            // A token is written right after, in the same job.
            token_hash: None,
            labels: to_json(&node.labels)?,
            availability: node.availability.as_str().to_owned(),
            connected: node.connected,
            updated: node.updated,
            connected_at: micros_opt(node.connected_at),
            disconnected_at: micros_opt(node.disconnected_at),
            last_seen_at: micros_opt(node.last_seen_at),
            connection: to_json_opt(node.connection.as_ref())?,
            agent_version: node.agent_version.clone(),
            report: to_json(&node.report)?,
            figures: to_json_opt(node.figures.as_ref())?,
            marked_offline_at: micros_opt(node.marked_offline_at),
            created_at: micros(node.created_at),
            updated_at: micros(node.updated_at),
        })
    }
}

impl TryFrom<NodeRow> for Node {
    type Error = StoreError;

    fn try_from(row: NodeRow) -> Result<Self> {
        Ok(Self {
            id: id(TABLE, &row.id)?,
            grid: id(TABLE, &row.grid_id)?,
            number: unsigned(TABLE, row.number)?,
            name: row.name,
            engine_id: row.engine_id.as_deref().and_then(EngineId::new),
            has_token: row.token_hash.is_some(),
            labels: from_json(TABLE, &row.labels)?,
            availability: word(TABLE, &row.availability)?,
            connected: row.connected,
            updated: row.updated,
            connected_at: time_opt(TABLE, row.connected_at)?,
            disconnected_at: time_opt(TABLE, row.disconnected_at)?,
            last_seen_at: time_opt(TABLE, row.last_seen_at)?,
            connection: from_json_opt(TABLE, row.connection.as_deref())?,
            agent_version: row.agent_version,
            report: from_json(TABLE, &row.report)?,
            figures: from_json_opt(TABLE, row.figures.as_deref())?,
            marked_offline_at: time_opt(TABLE, row.marked_offline_at)?,
            created_at: time(TABLE, row.created_at)?,
            updated_at: time(TABLE, row.updated_at)?,
        })
    }
}
