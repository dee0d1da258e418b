//! Image registries outside of grids, with what opens them sealed.

use diesel::prelude::*;
use kontena_core::domain::{GridId, RegistryId, Time};

use crate::{
    Conn, Result,
    connection::MultiBackend,
    row::{id, micros, time},
    schema::registries,
};

/// A registry as it is kept: its password is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// Identity.
    pub id: RegistryId,
    /// The grid.
    pub grid: GridId,
    /// Its host, with the port where it has one; unique in its grid.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Who logs in.
    pub username: String,
    /// The password, sealed with the vault key.
    pub password_sealed: String,
    /// Where it wants one.
    pub email: Option<String>,
    /// Creation.
    pub created_at: Time,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(
    table_name = registries, check_for_backend(MultiBackend), treat_none_as_default_value = false
)]
struct RegistryRow {
    id: String,
    grid_id: String,
    name: String,
    url: String,
    username: String,
    password_sealed: String,
    email: Option<String>,
    created_at: i64,
}

impl TryFrom<RegistryRow> for Registry {
    type Error = crate::StoreError;

    fn try_from(row: RegistryRow) -> Result<Self> {
        Ok(Self {
            id: id("registries", &row.id)?,
            grid: id("registries", &row.grid_id)?,
            name: row.name,
            url: row.url,
            username: row.username,
            password_sealed: row.password_sealed,
            email: row.email,
            created_at: time("registries", row.created_at)?,
        })
    }
}

/// The registries of a grid, by name.
///
/// # Errors
/// Where the query fails.
pub fn of_grid(conn: &mut Conn, grid: GridId) -> Result<Vec<Registry>> {
    let rows = registries::table
        .filter(registries::grid_id.eq(grid.to_string()))
        .order(registries::name)
        .select(RegistryRow::as_select())
        .load(conn)?;
    rows.into_iter().map(Registry::try_from).collect()
}

/// A registry of a grid by name.
///
/// # Errors
/// Where the query fails.
pub fn by_name(conn: &mut Conn, grid: GridId, name: &str) -> Result<Option<Registry>> {
    let row = registries::table
        .filter(registries::grid_id.eq(grid.to_string()))
        .filter(registries::name.eq(name))
        .select(RegistryRow::as_select());
    row.get_result(conn).optional()?.map(Registry::try_from).transpose()
}

/// Adds a registry.
///
/// # Errors
/// Where the statement fails.
pub fn create(conn: &mut Conn, registry: &Registry) -> Result<()> {
    let row = RegistryRow {
        id: registry.id.to_string(),
        grid_id: registry.grid.to_string(),
        name: registry.name.clone(),
        url: registry.url.clone(),
        username: registry.username.clone(),
        password_sealed: registry.password_sealed.clone(),
        email: registry.email.clone(),
        created_at: micros(registry.created_at),
    };
    diesel::insert_into(registries::table).values(row).execute(conn)?;
    Ok(())
}

/// Removes a registry.
///
/// # Errors
/// Where the statement fails.
pub fn remove(conn: &mut Conn, registry: RegistryId) -> Result<()> {
    diesel::delete(registries::table.find(registry.to_string())).execute(conn)?;
    Ok(())
}
