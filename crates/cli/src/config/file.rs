//! Reads and writes the configuration file.
//!
//! ```text
//! update:  lock FILE.lock -> read FILE -> change -> write FILE.PID.tmp (0600) -> rename -> unlock
//! ```
//!
//! So two commands at once lose nothing, a crash leaves the old file, and tokens are for the owner only.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Config, Environment};
use crate::failure::Failure;

/// The configuration file and whether it may be written.
#[derive(Debug, Clone)]
pub(crate) struct ConfigFile {
    path: PathBuf,
    writable: bool,
    /// Something would have been written.
    held_back: Arc<AtomicBool>,
}

impl ConfigFile {
    /// Finds the file; while `KONTENA_URL` is set it is never written.
    pub(crate) fn locate(environment: &Environment) -> Self {
        let path = environment.config_path();
        // A link to the file stays a link: what it points to is replaced.
        let path = fs::canonicalize(&path).unwrap_or(path);
        let writable = environment.get("KONTENA_URL").is_none();
        Self { path, writable, held_back: Arc::default() }
    }

    /// Reads the file; a missing or unreadable one holds no masters.
    pub(crate) fn load(&self) -> Result<Config, Failure> {
        match fs::read_to_string(&self.path) {
            Ok(text) => self.parse(&text),
            Err(_) => Ok(Config::default()),
        }
    }

    /// Changes the file. The change sees what is in the file now, not what was there at the start.
    pub(crate) fn update<T>(
        &self,
        change: impl FnOnce(&mut Config) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if !self.writable {
            let before = self.load()?;
            let mut config = before.clone();
            let outcome = change(&mut config)?;
            if config != before {
                self.hold_back();
            }
            return Ok(outcome);
        }
        let _lock = self.lock().map_err(|error| self.refuse("lock", &error))?;
        let mut config = match fs::read_to_string(&self.path) {
            Ok(text) => self.parse(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Config::default(),
            Err(error) => return Err(self.refuse("read", &error)),
        };
        let outcome = change(&mut config)?;
        let text = config.render().map_err(|error| self.refuse("write", &error))?;
        self.replace(&text).map_err(|error| self.refuse("write", &error))?;
        Ok(outcome)
    }

    /// Notes that something is not written, where nothing may be.
    pub(crate) fn hold_back(&self) {
        self.held_back.store(!self.writable, Ordering::Relaxed);
    }

    /// Tells whether something was not written that would have been.
    pub(crate) fn has_held_back(&self) -> bool {
        self.held_back.load(Ordering::Relaxed)
    }

    fn parse(&self, text: &str) -> Result<Config, Failure> {
        Config::parse(text).map_err(|error| self.refuse("read", &error))
    }

    fn refuse(&self, verb: &str, error: &dyn std::fmt::Display) -> Failure {
        let path = self.path.display();
        let advice = match verb {
            "read" => "Mend it, or move it away and log in again",
            _ => "Make room for it, or name another place with KONTENA_CONFIG",
        };
        Failure::said(format!("Cannot {verb} the configuration file {path}: {error}. {advice}"))
    }

    fn lock(&self) -> io::Result<File> {
        let file = private().write(true).create(true).truncate(false).open(self.beside("lock"))?;
        file.lock()?;
        Ok(file)
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        let draft = self.beside(&format!("{}.tmp", std::process::id()));
        let written = write_new(&draft, text).and_then(|()| fs::rename(&draft, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&draft);
        }
        written
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".");
        name.push(suffix);
        PathBuf::from(name)
    }
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    // Left behind by a crashed process with the same number.
    let _ = fs::remove_file(path);
    let mut file = private().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Server;

    fn file(dir: &tempfile::TempDir, more: &[(&str, &str)]) -> ConfigFile {
        let path = dir.path().join("client.json");
        let mut values = vec![("KONTENA_CONFIG", path.to_str().unwrap())];
        values.extend(more);
        ConfigFile::locate(&Environment::of(&values))
    }

    fn add(name: &str) -> impl FnOnce(&mut Config) -> Result<(), Failure> {
        let server = Server::named(name);
        move |config| {
            config.servers.push(server);
            Ok(())
        }
    }

    #[test]
    fn the_file_is_private_and_changes_add_up() {
        let dir = tempfile::tempdir().unwrap();
        let file = file(&dir, &[]);
        file.update(add("a")).unwrap();
        file.update(add("b")).unwrap();
        assert_eq!(file.load().unwrap().servers.len(), 2);
        let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&file.path).unwrap());
        assert_eq!(mode & 0o777, 0o600);
        assert!(!fs::read_to_string(&file.path).unwrap().ends_with('\n'));
    }

    #[test]
    fn many_writers_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = file(&dir, &[]);
        std::thread::scope(|scope| {
            for n in 0..8 {
                let file = &file;
                scope.spawn(move || file.update(add(&n.to_string())).unwrap());
            }
        });
        assert_eq!(file.load().unwrap().servers.len(), 8);
    }

    #[test]
    fn with_kontena_url_nothing_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let file = file(&dir, &[("KONTENA_URL", "http://x")]);
        file.update(|_| Ok(())).unwrap();
        assert!(!file.has_held_back());
        file.update(add("a")).unwrap();
        assert!(!file.path.exists() && file.has_held_back());
    }

    #[test]
    fn a_broken_file_is_an_error_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let file = file(&dir, &[]);
        fs::write(&file.path, "{oops").unwrap();
        assert!(file.update(add("a")).is_err());
        assert_eq!(fs::read_to_string(&file.path).unwrap(), "{oops");
    }

    #[test]
    fn a_link_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("real.json");
        fs::write(&real, "{}").unwrap();
        std::os::unix::fs::symlink(&real, dir.path().join("client.json")).unwrap();
        file(&dir, &[]).update(add("a")).unwrap();
        assert!(fs::read_to_string(&real).unwrap().contains("\"a\""));
        assert!(fs::symlink_metadata(dir.path().join("client.json")).unwrap().is_symlink());
    }
}
