//! Nodes and their tokens.

use std::collections::HashMap;

use diesel::prelude::*;
use kontena_core::domain::{Change, EngineId, GridId, Node, NodeId, Time};

use crate::{
    Conn, Result, Tx,
    row::{NodeRow, id, unsigned},
    schema::nodes,
};

fn one(row: Option<NodeRow>) -> Result<Option<Node>> {
    row.map(Node::try_from).transpose()
}

fn many(rows: Vec<NodeRow>) -> Result<Vec<Node>> {
    rows.into_iter().map(Node::try_from).collect()
}

/// The nodes of a grid, by name.
///
/// # Errors
/// Where the query fails.
pub fn of_grid(conn: &mut Conn, grid: GridId) -> Result<Vec<Node>> {
    let rows = nodes::table.filter(nodes::grid_id.eq(grid.to_string())).order(nodes::name);
    many(rows.select(NodeRow::as_select()).load(conn)?)
}

/// A node by identity.
///
/// # Errors
/// Where the query fails.
pub fn by_id(conn: &mut Conn, node: NodeId) -> Result<Option<Node>> {
    one(nodes::table
        .find(node.to_string())
        .select(NodeRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// A node of a grid by name.
///
/// # Errors
/// Where the query fails.
pub fn by_name(conn: &mut Conn, grid: GridId, name: &str) -> Result<Option<Node>> {
    let row = nodes::table.filter(nodes::grid_id.eq(grid.to_string())).filter(nodes::name.eq(name));
    one(row.select(NodeRow::as_select()).get_result(conn).optional()?)
}

/// The node, of any grid, that a token, given as its keyed hash, opens.
///
/// # Errors
/// Where the query fails.
pub fn by_token(conn: &mut Conn, token_hash: &str) -> Result<Option<Node>> {
    let row = nodes::table.filter(nodes::token_hash.eq(token_hash));
    one(row.select(NodeRow::as_select()).get_result(conn).optional()?)
}

/// The node, of any grid, that an engine holds.
///
/// # Errors
/// Where the query fails.
pub fn by_engine(conn: &mut Conn, engine: &EngineId) -> Result<Option<Node>> {
    let row = nodes::table.filter(nodes::engine_id.eq(engine.as_str()));
    one(row.select(NodeRow::as_select()).get_result(conn).optional()?)
}

/// Numbers and names that are used in a grid, by number.
///
/// # Errors
/// Where the query fails.
pub fn numbers_and_names(conn: &mut Conn, grid: GridId) -> Result<Vec<(u32, String)>> {
    let rows = nodes::table
        .filter(nodes::grid_id.eq(grid.to_string()))
        .order(nodes::number)
        .select((nodes::number, nodes::name))
        .load::<(i32, String)>(conn)?;
    rows.into_iter().map(|(number, name)| Ok((unsigned("nodes", number)?, name))).collect()
}

/// The nodes of a grid that are offline and may be ephemeral. Labels are looked at as text: who asks looks
/// closer.
///
/// # Errors
/// Where the query fails.
pub fn maybe_ephemeral(conn: &mut Conn, grid: GridId) -> Result<Vec<Node>> {
    let rows = nodes::table
        .filter(nodes::grid_id.eq(grid.to_string()))
        .filter(nodes::connected.eq(false))
        .filter(nodes::labels.like("%\"ephemeral%"));
    many(rows.select(NodeRow::as_select()).load(conn)?)
}

/// Gives a node a token of its own, or takes it away.
///
/// # Errors
/// [`StoreError::Taken`](crate::StoreError::Taken) where another node has the token.
pub fn set_token(conn: &mut Conn, node: NodeId, token: Option<(&str, &str)>) -> Result<()> {
    diesel::update(nodes::table.find(node.to_string()))
        .set((
            nodes::token_hash.eq(token.map(|(hash, _)| hash)),
            nodes::token_sealed.eq(token.map(|(_, sealed)| sealed)),
        ))
        .execute(conn)?;
    Ok(())
}

/// The sealed token of a node.
///
/// # Errors
/// Where the query fails.
pub fn sealed_token(conn: &mut Conn, node: NodeId) -> Result<Option<String>> {
    let row = nodes::table.find(node.to_string()).select(nodes::token_sealed);
    Ok(row.first::<Option<String>>(conn).optional()?.flatten())
}

/// Marks every node whose connection ended with the previous master as offline from now on, so that its
/// grace begins when a master listens again. Returns how many there were.
///
/// # Errors
/// Where a statement fails.
pub fn unplug_all(tx: &mut Tx<'_>, at: Time, close_code: u16, close_reason: &str) -> Result<usize> {
    let rows = nodes::table.filter(nodes::connected.eq(true)).select(NodeRow::as_select());
    let connected = many(rows.load(tx.conn())?)?;
    for node in &connected {
        let Some(connected_at) = node.connected_at else {
            continue;
        };
        let change = Change::NodeUnplugged {
            node: node.id,
            connected_at,
            at,
            close_code,
            close_reason: close_reason.to_owned(),
        };
        tx.apply(node.grid, change)?;
    }
    Ok(connected.len())
}

/// The names of nodes, as far as they exist.
///
/// # Errors
/// Where the query fails.
pub fn names(conn: &mut Conn, wanted: &[NodeId]) -> Result<HashMap<NodeId, String>> {
    let ids: Vec<_> = wanted.iter().map(ToString::to_string).collect();
    let rows = nodes::table
        .filter(nodes::id.eq_any(ids))
        .select((nodes::id, nodes::name))
        .load::<(String, String)>(conn)?;
    rows.into_iter().map(|(node, name)| Ok((id("nodes", &node)?, name))).collect()
}
