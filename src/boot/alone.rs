//! One master to an SQLite file: a lock that the kernel gives up with the process, however it ends. So the
//! next start never waits, and a second master by mistake is refused instead of taking over from the first.

use std::fs::{File, OpenOptions, TryLockError};

use kontena_store::DatabaseUrl;

use super::BootError;

/// Locks `<database file>.lock` for as long as the file is held. Nothing on Postgres, where the lease runs
/// out by itself.
pub(super) fn lock(url: &DatabaseUrl) -> Result<Option<File>, BootError> {
    let DatabaseUrl::Sqlite(database) = url else { return Ok(None) };
    let path = format!("{database}.lock");
    let file = OpenOptions::new().create(true).append(true).open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(BootError::InUse { file: database.clone() }),
        Err(TryLockError::Error(error)) => {
            log::warn!("cannot lock {path}: {error}; nothing keeps a second master from this file");
            Ok(None)
        }
    }
}
