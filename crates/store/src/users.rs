//! Users and their roles.

use std::collections::BTreeMap;

use diesel::prelude::*;
use kontena_core::domain::{GridId, Time, UserId};

use crate::{
    Conn, Result,
    row::{id, micros},
    schema::{grid_users, tokens, user_roles, users},
};

/// Somebody who may call the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Identity.
    pub id: UserId,
    /// Unique; the first administrator's is `admin`.
    pub email: String,
    /// Free text.
    pub name: String,
    /// Names of roles, sorted.
    pub roles: Vec<String>,
}

fn with_roles(conn: &mut Conn, row: Option<(String, String, String)>) -> Result<Option<User>> {
    let Some((user, email, name)) = row else {
        return Ok(None);
    };
    let roles = user_roles::table
        .filter(user_roles::user_id.eq(&user))
        .order(user_roles::role)
        .select(user_roles::role)
        .load(conn)?;
    Ok(Some(User { id: id("users", &user)?, email, name, roles }))
}

/// A user by identity.
///
/// # Errors
/// Where a query fails.
pub fn by_id(conn: &mut Conn, user: UserId) -> Result<Option<User>> {
    let row = users::table.find(user.to_string()).select((users::id, users::email, users::name));
    let row = row.get_result(conn).optional()?;
    with_roles(conn, row)
}

/// A user by e-mail address.
///
/// # Errors
/// Where a query fails.
pub fn by_email(conn: &mut Conn, email: &str) -> Result<Option<User>> {
    let row = users::table.filter(users::email.eq(email));
    let row = row.select((users::id, users::email, users::name)).get_result(conn).optional()?;
    with_roles(conn, row)
}

/// Adds a user.
///
/// # Errors
/// [`StoreError::Taken`](crate::StoreError::Taken) where the address is.
pub fn create(conn: &mut Conn, user: &User, at: Time) -> Result<()> {
    diesel::insert_into(users::table)
        .values((
            users::id.eq(user.id.to_string()),
            users::email.eq(&user.email),
            users::name.eq(&user.name),
            users::created_at.eq(micros(at)),
        ))
        .execute(conn)?;
    user.roles.iter().try_for_each(|role| add_role(conn, user.id, role))
}

/// Gives a user a role; does nothing where it has it.
///
/// # Errors
/// Where a statement fails.
pub fn add_role(conn: &mut Conn, user: UserId, role: &str) -> Result<()> {
    let row = user_roles::table.find((user.to_string(), role));
    if row.select(user_roles::role).first::<String>(conn).optional()?.is_none() {
        diesel::insert_into(user_roles::table)
            .values((user_roles::user_id.eq(user.to_string()), user_roles::role.eq(role)))
            .execute(conn)?;
    }
    Ok(())
}

/// Takes a role from a user; does nothing where it has it not.
///
/// # Errors
/// Where the statement fails.
pub fn remove_role(conn: &mut Conn, user: UserId, role: &str) -> Result<()> {
    diesel::delete(user_roles::table.find((user.to_string(), role))).execute(conn)?;
    Ok(())
}

/// How many users have a role.
///
/// # Errors
/// Where the query fails.
pub fn holders(conn: &mut Conn, role: &str) -> Result<i64> {
    Ok(user_roles::table.filter(user_roles::role.eq(role)).count().get_result(conn)?)
}

/// Every user, by address.
///
/// # Errors
/// Where a query fails.
pub fn all(conn: &mut Conn) -> Result<Vec<User>> {
    let rows = users::table.order(users::email).select((users::id, users::email, users::name));
    let rows = rows.load(conn)?;
    let roles = user_roles::table.order(user_roles::role);
    let roles = roles.select((user_roles::user_id, user_roles::role)).load(conn)?;
    gathered(rows, roles)
}

/// The users assigned to a grid, by address.
///
/// # Errors
/// Where a query fails.
pub fn of_grid(conn: &mut Conn, grid: GridId) -> Result<Vec<User>> {
    let rows = users::table
        .inner_join(grid_users::table)
        .filter(grid_users::grid_id.eq(grid.to_string()))
        .order(users::email)
        .select((users::id, users::email, users::name))
        .load(conn)?;
    let members = grid_users::table
        .filter(grid_users::grid_id.eq(grid.to_string()))
        .select(grid_users::user_id);
    let roles = user_roles::table
        .filter(user_roles::user_id.eq_any(members))
        .order(user_roles::role)
        .select((user_roles::user_id, user_roles::role))
        .load(conn)?;
    gathered(rows, roles)
}

fn gathered(
    rows: Vec<(String, String, String)>,
    roles: Vec<(String, String)>,
) -> Result<Vec<User>> {
    let mut of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (user, role) in roles {
        of.entry(user).or_default().push(role);
    }
    rows.into_iter()
        .map(|(user, email, name)| {
            let roles = of.remove(&user).unwrap_or_default();
            Ok(User { id: id("users", &user)?, email, name, roles })
        })
        .collect()
}

/// The user an invitation means: by their id at a provider of identities, else by address, else by name.
///
/// # Errors
/// Where a query fails.
pub fn meant(
    conn: &mut Conn,
    external_id: Option<&str>,
    email: &str,
    name: Option<&str>,
) -> Result<Option<User>> {
    let columns = (users::id, users::email, users::name);
    let mut row = None;
    if let Some(known) = external_id {
        let found = users::table.filter(users::external_id.eq(known)).select(columns);
        row = found.get_result(conn).optional()?;
    }
    if row.is_none() {
        let found = users::table.filter(users::email.eq(email)).select(columns);
        row = found.get_result(conn).optional()?;
    }
    if let (None, Some(name)) = (&row, name) {
        let found = users::table.filter(users::name.eq(name)).order(users::id).select(columns);
        row = found.first(conn).optional()?;
    }
    with_roles(conn, row)
}

/// Sets what a provider of identities calls a user.
///
/// # Errors
/// [`StoreError::Taken`](crate::StoreError::Taken) where another user is called so.
pub fn set_external_id(conn: &mut Conn, user: UserId, external_id: &str) -> Result<()> {
    diesel::update(users::table.find(user.to_string()))
        .set(users::external_id.eq(external_id))
        .execute(conn)?;
    Ok(())
}

/// Whether nobody has acted as a user yet, and nothing would be gained by it: no access token, no role, no
/// grid.
///
/// # Errors
/// Where a query fails.
pub fn is_blank(conn: &mut Conn, user: UserId) -> Result<bool> {
    let user = user.to_string();
    let used: i64 = tokens::table
        .filter(tokens::user_id.eq(&user))
        .filter(tokens::kind.eq("bearer"))
        .count()
        .get_result(conn)?;
    let roles: i64 =
        user_roles::table.filter(user_roles::user_id.eq(&user)).count().get_result(conn)?;
    let grids: i64 =
        grid_users::table.filter(grid_users::user_id.eq(&user)).count().get_result(conn)?;
    Ok(used + roles + grids == 0)
}

/// Removes a user with their tokens, roles and memberships; says whether there was one.
///
/// # Errors
/// Where the statement fails.
pub fn remove(conn: &mut Conn, user: UserId) -> Result<bool> {
    Ok(diesel::delete(users::table.find(user.to_string())).execute(conn)? > 0)
}
