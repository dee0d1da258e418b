//! Grids, their tokens, stacks and members.

use std::collections::BTreeMap;

use diesel::{dsl::count_star, prelude::*};
use kontena_core::domain::{Grid, GridId, NodeId, StackId, UserId, container};

use crate::{
    Conn, Result, change,
    row::{GridRow, id, micros},
    schema::{containers, grid_users, grids, nodes, services, stacks, users},
};

/// How much there is in a grid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Nodes, connected or not.
    pub nodes: i64,
    /// Services.
    pub services: i64,
    /// Containers that exist, those that only hold data aside.
    pub containers: i64,
    /// Users assigned to it.
    pub users: i64,
}

fn one(row: Option<GridRow>) -> Result<Option<Grid>> {
    row.map(Grid::try_from).transpose()
}

/// Every grid, by name.
///
/// # Errors
/// Where the query fails.
pub fn all(conn: &mut Conn) -> Result<Vec<Grid>> {
    let rows = grids::table.order(grids::name).select(GridRow::as_select()).load(conn)?;
    rows.into_iter().map(Grid::try_from).collect()
}

/// A grid by identity.
///
/// # Errors
/// Where the query fails.
pub fn by_id(conn: &mut Conn, grid: GridId) -> Result<Option<Grid>> {
    one(grids::table
        .find(grid.to_string())
        .select(GridRow::as_select())
        .get_result(conn)
        .optional()?)
}

/// A grid by name.
///
/// # Errors
/// Where the query fails.
pub fn by_name(conn: &mut Conn, name: &str) -> Result<Option<Grid>> {
    let row = grids::table.filter(grids::name.eq(name));
    one(row.select(GridRow::as_select()).get_result(conn).optional()?)
}

/// The grid that a token, given as its keyed hash, opens.
///
/// # Errors
/// Where the query fails.
pub fn by_token(conn: &mut Conn, token_hash: &str) -> Result<Option<Grid>> {
    let row = grids::table.filter(grids::token_hash.eq(token_hash));
    one(row.select(GridRow::as_select()).get_result(conn).optional()?)
}

/// The grid a node belongs to.
///
/// # Errors
/// Where the query fails.
pub fn of_node(conn: &mut Conn, node: NodeId) -> Result<Option<Grid>> {
    let row = grids::table
        .inner_join(nodes::table)
        .filter(nodes::id.eq(node.to_string()))
        .select(GridRow::as_select());
    one(row.get_result(conn).optional()?)
}

/// Writes a grid's token and makes its default stack; belongs in the job that creates the grid.
///
/// # Errors
/// [`StoreError::Taken`](crate::StoreError::Taken) where another grid has the token.
pub fn furnish(
    conn: &mut Conn,
    grid: &Grid,
    default_stack: StackId,
    token_hash: &str,
    token_sealed: &str,
) -> Result<()> {
    diesel::update(grids::table.find(grid.id.to_string()))
        .set((grids::token_hash.eq(token_hash), grids::token_sealed.eq(token_sealed)))
        .execute(conn)?;
    change::default_stack(conn, grid.id, &default_stack.to_string(), micros(grid.created_at))
}

/// The sealed tokens of some grids.
///
/// # Errors
/// Where the query fails.
pub fn sealed_tokens(conn: &mut Conn, wanted: &[GridId]) -> Result<Vec<(GridId, String)>> {
    let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
    let rows = grids::table
        .filter(grids::id.eq_any(wanted))
        .select((grids::id, grids::token_sealed))
        .load::<(String, String)>(conn)?;
    rows.into_iter().map(|(grid, token)| Ok((id("grids", &grid)?, token))).collect()
}

/// A stack by name.
///
/// # Errors
/// Where the query fails.
pub fn stack(conn: &mut Conn, grid: GridId, name: &str) -> Result<Option<StackId>> {
    let row = stacks::table
        .filter(stacks::grid_id.eq(grid.to_string()))
        .filter(stacks::name.eq(name))
        .select(stacks::id);
    row.get_result::<String>(conn).optional()?.map(|text| id("stacks", &text)).transpose()
}

/// How much there is in each grid, or in one.
///
/// # Errors
/// Where a query fails.
pub fn counts(conn: &mut Conn, only: Option<GridId>) -> Result<BTreeMap<GridId, Counts>> {
    let mut counts: BTreeMap<GridId, Counts> = BTreeMap::new();
    macro_rules! count {
        ($table:ident, $query:expr, $field:ident) => {
            let mut query = $query
                .group_by($table::grid_id)
                .select(($table::grid_id, count_star()))
                .into_boxed();
            if let Some(grid) = only {
                query = query.filter($table::grid_id.eq(grid.to_string()));
            }
            for (grid, number) in query.load::<(String, i64)>(conn)? {
                counts.entry(id("grids", &grid)?).or_default().$field = number;
            }
        };
    }
    count!(nodes, nodes::table, nodes);
    count!(services, services::table, services);
    let existing = containers::table
        .filter(containers::deleted_at.is_null())
        .filter(containers::kind.eq(container::CONTAINER));
    count!(containers, existing, containers);
    count!(grid_users, grid_users::table, users);
    Ok(counts)
}

/// Assigns a user to a grid; does nothing where it is.
///
/// # Errors
/// Where a statement fails.
pub fn assign(conn: &mut Conn, grid: GridId, user: UserId) -> Result<()> {
    if !is_member(conn, grid, user)? {
        diesel::insert_into(grid_users::table)
            .values((
                grid_users::grid_id.eq(grid.to_string()),
                grid_users::user_id.eq(user.to_string()),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Takes a user from a grid; says whether they were assigned to it.
///
/// # Errors
/// Where the statement fails.
pub fn unassign(conn: &mut Conn, grid: GridId, user: UserId) -> Result<bool> {
    let row = grid_users::table.find((grid.to_string(), user.to_string()));
    Ok(diesel::delete(row).execute(conn)? > 0)
}

/// Whether a user is assigned to a grid.
///
/// # Errors
/// Where the query fails.
pub fn is_member(conn: &mut Conn, grid: GridId, user: UserId) -> Result<bool> {
    let row = grid_users::table.find((grid.to_string(), user.to_string()));
    Ok(row.select(grid_users::user_id).first::<String>(conn).optional()?.is_some())
}

/// The grids a user is assigned to.
///
/// # Errors
/// Where the query fails.
pub fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<GridId>> {
    let rows = grid_users::table
        .inner_join(users::table)
        .filter(users::id.eq(user.to_string()))
        .select(grid_users::grid_id)
        .load::<String>(conn)?;
    rows.iter().map(|text| id("grid_users", text)).collect()
}
