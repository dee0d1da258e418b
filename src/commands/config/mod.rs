//! The master's configuration: flat keys, changed by master admins (`http-api.md` 2.6).
//!
//! Keys are settings under a prefix. What ends in `_secret` is sealed. Nobody follows the configuration:
//! whoever needs a value reads it.

use std::collections::BTreeMap;

use kontena_store::{Conn, Result, StoreError, settings};

use super::{Means, Subject, audit};
use crate::{
    auth::Caller,
    clock,
    vault::{CannotOpen, Vault},
};

/// Before every key in the table of settings, which has others beside these.
const PREFIX: &str = "config.";
/// Says which installation this is.
const UUID: &str = "server.uuid";
/// Kontena 1.5 hashed with it; here it neither exists nor can be made.
const SALT: &str = "server.salt";
/// What the master calls itself.
pub const SERVER_NAME: &str = "server.name";
/// The address by which clients reach it.
pub const ROOT_URL: &str = "server.root_url";

/// The whole configuration, by key.
///
/// # Errors
/// Where the store cannot be read, or a secret was sealed with another key.
pub async fn all(means: &Means) -> Result<BTreeMap<String, String>> {
    let vault = means.vault.clone();
    means
        .store
        .read(move |conn| {
            let mut all = BTreeMap::new();
            for (key, value) in settings::under(conn, PREFIX)? {
                let Some(key) = key.strip_prefix(PREFIX).filter(|key| *key != SALT) else {
                    continue;
                };
                all.insert(key.to_owned(), shown(&vault, key, value)?);
            }
            Ok(all)
        })
        .await
}

/// The value of a key.
///
/// # Errors
/// Where the store cannot be read, or a secret was sealed with another key.
pub async fn get(means: &Means, key: &str) -> Result<Option<String>> {
    if key == SALT {
        return Ok(None);
    }
    let (vault, key) = (means.vault.clone(), key.to_owned());
    means
        .store
        .read(move |conn| {
            let value = value(conn, &key)?;
            value.map(|value| shown(&vault, &key, value)).transpose()
        })
        .await
}

/// The value of a key that is no secret, for who reads more than that.
///
/// # Errors
/// Where the query fails.
pub fn value(conn: &mut Conn, key: &str) -> Result<Option<String>> {
    settings::get(conn, &format!("{PREFIX}{key}"))
}

/// Sets and removes keys; those that are not named stay, and so does what says which installation this is.
/// Each is noted, its value is not.
///
/// # Errors
/// Where the store fails.
pub async fn change(
    means: &Means,
    caller: &Caller,
    changes: BTreeMap<String, Option<String>>,
) -> Result<()> {
    let (means_, caller) = (means.clone(), caller.clone());
    means
        .store
        .write(move |tx| {
            let now = means_.clock.now();
            let changeable = |key: &str| key != SALT && key != UUID;
            for (key, value) in changes.iter().filter(|(key, _)| changeable(key)) {
                let place = format!("{PREFIX}{key}");
                match value {
                    Some(value) if is_secret(key) => {
                        settings::set(tx.conn(), &place, &means_.vault.seal(value))?;
                    }
                    Some(value) => settings::set(tx.conn(), &place, value)?,
                    None if !settings::remove(tx.conn(), &place)? => continue,
                    None => {}
                }
                let (resource_type, id) = ("config", key.clone());
                let subject = Subject { resource_type, name: key, id, ..Subject::default() };
                let event = if value.is_some() { "modify" } else { "remove" };
                audit(tx, &caller, event, &subject, now)?;
            }
            Ok(())
        })
        .await
}

/// Gives an installation its identity, where it has none; belongs in the job of the first start.
///
/// # Errors
/// Where a statement fails.
pub(super) fn name_installation(conn: &mut Conn) -> Result<()> {
    if value(conn, UUID)?.is_none() {
        settings::set(conn, &format!("{PREFIX}{UUID}"), &fresh_uuid())?;
    }
    Ok(())
}

/// A random UUID (RFC 9562, version 4).
fn fresh_uuid() -> String {
    let random = u128::from_be_bytes(clock::secret::<16>());
    let marked = (random & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{marked:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| digits.get(part).unwrap_or(""));
    parts.join("-")
}

fn is_secret(key: &str) -> bool {
    key.ends_with("_secret")
}

fn shown(vault: &Vault, key: &str, value: String) -> Result<String> {
    if !is_secret(key) {
        return Ok(value);
    }
    let corrupt = |error: CannotOpen| StoreError::Corrupt {
        table: "settings",
        what: format!("{key}: {error}"),
    };
    vault.open(&value).map_err(corrupt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_says_its_version() {
        let uuid = fresh_uuid();
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(uuid.as_bytes()[14], b'4', "{uuid}");
        assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
        assert_ne!(uuid, fresh_uuid());
    }
}
