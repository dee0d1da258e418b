//! Facts about the installation itself, by key.

use diesel::prelude::*;

use crate::{Conn, Result, schema::settings};

/// The value of a key.
///
/// # Errors
/// Where the query fails.
pub fn get(conn: &mut Conn, key: &str) -> Result<Option<String>> {
    Ok(settings::table.find(key).select(settings::value).first(conn).optional()?)
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
