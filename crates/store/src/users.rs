//! Users and their roles.

use diesel::prelude::*;
use kontena_core::domain::{Time, UserId};

use crate::{
    Conn, Result,
    row::{id, micros},
    schema::{user_roles, users},
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
    let row = row.first(conn).optional()?;
    with_roles(conn, row)
}

/// A user by e-mail address.
///
/// # Errors
/// Where a query fails.
pub fn by_email(conn: &mut Conn, email: &str) -> Result<Option<User>> {
    let row = users::table.filter(users::email.eq(email));
    let row = row.select((users::id, users::email, users::name)).first(conn).optional()?;
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
