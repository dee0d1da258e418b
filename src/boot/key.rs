//! The vault key: given, or the file beside an SQLite database, made at the first start.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::BootError;
use crate::{config::Config, vault::fresh_access_token};

/// The vault key.
pub(super) struct Key {
    pub(super) text: String,
    /// The file it was just made for.
    made: Option<PathBuf>,
}

impl Key {
    /// Why a database that it does not open is not served. A key that was made for nothing goes.
    pub(super) fn refuse(self) -> BootError {
        let Some(file) = self.made else { return BootError::WrongVaultKey };
        if let Err(error) = std::fs::remove_file(&file) {
            log::warn!("cannot remove {}: {error}", file.display());
        }
        BootError::KeyFileGone { file: file.display().to_string() }
    }
}

/// Reads the key that is given, or that of the file, which is made at the first start.
pub(super) fn read_or_make(config: &Config) -> Result<Key, BootError> {
    match (&config.vault_key, config.vault_key_file()) {
        (Some(key), _) => Ok(Key { text: key.clone(), made: None }),
        (None, Some(file)) => key_of_file(&file)
            .map_err(|error| BootError::KeyFile { file: file.display().to_string(), error }),
        // The configuration was checked: Postgres has a key.
        (None, None) => Err(BootError::WrongVaultKey),
    }
}

fn key_of_file(file: &Path) -> Result<Key, std::io::Error> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Ok(mut made) => {
            let key = fresh_access_token();
            made.write_all(key.as_bytes())?;
            made.sync_all()?;
            Ok(Key { text: key, made: Some(file.to_owned()) })
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let mut key = String::new();
            std::fs::File::open(file)?.read_to_string(&mut key)?;
            let key = key.trim();
            if key.is_empty() {
                return Err(std::io::Error::new(ErrorKind::InvalidData, "the file is empty"));
            }
            Ok(Key { text: key.to_owned(), made: None })
        }
        Err(error) => Err(error),
    }
}
