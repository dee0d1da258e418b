//! The vault key: given, or the file beside an SQLite database, made at the first start.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::BootError;
use crate::{config::Config, vault::fresh_access_token};

/// The vault key.
pub(super) fn read_or_make(config: &Config) -> Result<String, BootError> {
    match (&config.vault_key, config.vault_key_file()) {
        (Some(key), _) => Ok(key.clone()),
        (None, Some(file)) => key_of_file(&file)
            .map_err(|error| BootError::KeyFile { file: file.display().to_string(), error }),
        // The configuration was checked: Postgres has a key.
        (None, None) => Err(BootError::WrongVaultKey),
    }
}

fn key_of_file(file: &Path) -> Result<String, std::io::Error> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Ok(mut made) => {
            let key = fresh_access_token();
            made.write_all(key.as_bytes())?;
            made.sync_all()?;
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let mut key = String::new();
            std::fs::File::open(file)?.read_to_string(&mut key)?;
            let key = key.trim();
            if key.is_empty() {
                return Err(std::io::Error::new(ErrorKind::InvalidData, "the file is empty"));
            }
            Ok(key.to_owned())
        }
        Err(error) => Err(error),
    }
}
