//! Facts about the installation itself, by key.

use diesel::prelude::*;

use crate::{Conn, Result, schema::settings};

/// The value of a key.
///
/// # Errors
/// Where the query fails.
pub fn get(conn: &mut Conn, key: &str) -> Result<Option<String>> {
    Ok(settings::table.find(key).select(settings::value).get_result(conn).optional()?)
}

/// Sets a key.
///
/// # Errors
/// Where the statement fails.
pub fn set(conn: &mut Conn, key: &str, value: &str) -> Result<()> {
    let row = settings::table.find(key);
    if diesel::update(row).set(settings::value.eq(value)).execute(conn)? == 0 {
        diesel::insert_into(settings::table)
            .values((settings::key.eq(key), settings::value.eq(value)))
            .execute(conn)?;
    }
    Ok(())
}

/// Every key that begins so, with its value, by key.
///
/// # Errors
/// Where the query fails.
pub fn under(conn: &mut Conn, prefix: &str) -> Result<Vec<(String, String)>> {
    // `like` takes `_` and `%` for more than they are, and SQLite minds no capitals.
    let rows = settings::table.order(settings::key).select((settings::key, settings::value));
    let mut rows: Vec<(String, String)> = rows.load(conn)?;
    rows.retain(|(key, _)| key.starts_with(prefix));
    Ok(rows)
}

/// Removes a key; says whether there was one.
///
/// # Errors
/// Where the statement fails.
pub fn remove(conn: &mut Conn, key: &str) -> Result<bool> {
    Ok(diesel::delete(settings::table.find(key)).execute(conn)? > 0)
}
