//! Secrets of grids, their values sealed.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use kontena_core::domain::{GridId, SecretId, Time};

use crate::{
    Conn, Result,
    connection::MultiBackend,
    row::{id, micros, time},
    schema::secrets,
};

/// A secret as it is kept: its value is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Identity.
    pub id: SecretId,
    /// The grid.
    pub grid: GridId,
    /// Unique in its grid.
    pub name: String,
    /// The value, sealed with the vault key.
    pub value_sealed: String,
    /// Creation.
    pub created_at: Time,
    /// Last change of the value.
    pub updated_at: Time,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(
    table_name = secrets, check_for_backend(MultiBackend), treat_none_as_default_value = false
)]
struct SecretRow {
    id: String,
    grid_id: String,
    name: String,
    value_sealed: String,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<SecretRow> for Secret {
    type Error = crate::StoreError;

    fn try_from(row: SecretRow) -> Result<Self> {
        Ok(Self {
            id: id("secrets", &row.id)?,
            grid: id("secrets", &row.grid_id)?,
            name: row.name,
            value_sealed: row.value_sealed,
            created_at: time("secrets", row.created_at)?,
            updated_at: time("secrets", row.updated_at)?,
        })
    }
}

/// The secrets of a grid, by name.
///
/// # Errors
/// Where the query fails.
pub fn of_grid(conn: &mut Conn, grid: GridId) -> Result<Vec<Secret>> {
    let rows = secrets::table
        .filter(secrets::grid_id.eq(grid.to_string()))
        .order(secrets::name)
        .select(SecretRow::as_select())
        .load(conn)?;
    rows.into_iter().map(Secret::try_from).collect()
}

/// The names of a grid's secrets.
///
/// # Errors
/// Where the query fails.
pub fn names(conn: &mut Conn, grid: GridId) -> Result<BTreeSet<String>> {
    let rows = secrets::table.filter(secrets::grid_id.eq(grid.to_string())).select(secrets::name);
    Ok(rows.load::<String>(conn)?.into_iter().collect())
}

/// The sealed values of those of a grid's secrets that are wanted, by name.
///
/// # Errors
/// Where the query fails.
pub fn sealed(
    conn: &mut Conn,
    grid: GridId,
    wanted: &BTreeSet<&str>,
) -> Result<BTreeMap<String, String>> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = secrets::table
        .filter(secrets::grid_id.eq(grid.to_string()))
        .select((secrets::name, secrets::value_sealed))
        .load::<(String, String)>(conn)?;
    Ok(rows.into_iter().filter(|(name, _)| wanted.contains(name.as_str())).collect())
}

/// A secret of a grid by name.
///
/// # Errors
/// Where the query fails.
pub fn by_name(conn: &mut Conn, grid: GridId, name: &str) -> Result<Option<Secret>> {
    let row = secrets::table
        .filter(secrets::grid_id.eq(grid.to_string()))
        .filter(secrets::name.eq(name))
        .select(SecretRow::as_select());
    row.get_result(conn).optional()?.map(Secret::try_from).transpose()
}

/// Adds a secret.
///
/// # Errors
/// Where the statement fails.
pub fn create(conn: &mut Conn, secret: &Secret) -> Result<()> {
    let row = SecretRow {
        id: secret.id.to_string(),
        grid_id: secret.grid.to_string(),
        name: secret.name.clone(),
        value_sealed: secret.value_sealed.clone(),
        created_at: micros(secret.created_at),
        updated_at: micros(secret.updated_at),
    };
    diesel::insert_into(secrets::table).values(row).execute(conn)?;
    Ok(())
}

/// Gives a secret another value.
///
/// # Errors
/// Where the statement fails.
pub fn change(conn: &mut Conn, secret: SecretId, value_sealed: &str, at: Time) -> Result<()> {
    diesel::update(secrets::table.find(secret.to_string()))
        .set((secrets::value_sealed.eq(value_sealed), secrets::updated_at.eq(micros(at))))
        .execute(conn)?;
    Ok(())
}

/// Removes a secret.
///
/// # Errors
/// Where the statement fails.
pub fn remove(conn: &mut Conn, secret: SecretId) -> Result<()> {
    diesel::delete(secrets::table.find(secret.to_string())).execute(conn)?;
    Ok(())
}
