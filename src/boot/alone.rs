//! One master to an SQLite file: a lock that the kernel gives up with the process, however it ends. So the
//! next start never waits, and a second master by mistake is refused instead of taking over from the first.
//!
//! The lock is beside the file that the names lead to. A file of several names (hard links) is refused: what
//! SQLite writes ahead lies beside the name it was opened by, and is lost to who opens another.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use kontena_store::DatabaseUrl;

use super::BootError;

/// Locks `<database file>.lock` for as long as the file is held. Nothing on Postgres, where the lease runs
/// out by itself.
pub(super) fn lock(url: &DatabaseUrl) -> Result<Option<File>, BootError> {
    let DatabaseUrl::Sqlite(database) = url else { return Ok(None) };
    let cannot_use = |error| BootError::Unusable { file: database.clone(), error };
    let database = real(Path::new(database)).map_err(cannot_use)?;
    if fs::metadata(&database).is_ok_and(|about| about.is_file() && about.nlink() > 1) {
        return Err(BootError::Linked { file: database.display().to_string() });
    }
    let mut path = database.clone().into_os_string();
    path.push(".lock");
    let file = OpenOptions::new().create(true).append(true).open(&path).map_err(cannot_use)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => {
            Err(BootError::InUse { file: database.display().to_string() })
        }
        Err(TryLockError::Error(error)) => {
            let path = Path::new(&path).display();
            log::warn!("cannot lock {path}: {error}; nothing keeps a second master from this file");
            Ok(None)
        }
    }
}

/// The file that a name leads to, which need not exist yet; its folder does afterwards.
fn real(database: &Path) -> std::io::Result<PathBuf> {
    if database.exists() {
        return fs::canonicalize(database);
    }
    match database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        None => Ok(database.to_owned()),
        Some(folder) => {
            fs::create_dir_all(folder)?;
            let name = database.file_name().unwrap_or_default();
            Ok(fs::canonicalize(folder)?.join(name))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn url(file: &Path) -> DatabaseUrl {
        format!("sqlite://{}", file.display()).parse().expect("a URL")
    }

    #[test]
    fn a_file_has_one_master_whatever_it_is_called_by() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("new/k.db"), folder.path().join("link.db"));
        let first = lock(&url(&file)).expect("locks").expect("a lock");
        fs::write(&file, "").expect("writes");
        symlink(&file, &link).expect("links");
        for name in [&file, &link, &folder.path().join("new/../new/k.db")] {
            assert!(matches!(lock(&url(name)), Err(BootError::InUse { .. })), "{name:?}");
        }
        drop(first);
        assert!(lock(&url(&link)).expect("locks").is_some());

        fs::hard_link(&file, folder.path().join("hard.db")).expect("links");
        let refused = lock(&url(&file)).expect_err("refuses").to_string();
        assert!(refused.contains("hard links"), "{refused}");
        let refused = lock(&url(Path::new("/dev/null/k.db"))).expect_err("refuses").to_string();
        assert!(refused.starts_with("DATABASE_URL: cannot use /dev/null/k.db: "), "{refused}");
    }
}
