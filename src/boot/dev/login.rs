//! The administrator's login, written where the `kontena` command finds it.

use std::{
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use super::failed;
use crate::{
    auth::{self, Bearer},
    boot::BootError,
    commands::{
        Means,
        setup::{self, ADMIN},
    },
    vault::Purpose,
};

/// The name of the entry.
const NAME: &str = "dev";

/// Where the login is.
pub(super) struct Written {
    pub(super) name: &'static str,
    pub(super) file: PathBuf,
    pub(super) is_current: bool,
}

/// Writes the entry; its token is kept as long as it opens this master.
pub(super) async fn write(
    means: &Means,
    url: &str,
    grid: &str,
    folder: &Path,
) -> Result<Written, BootError> {
    let file = file(folder);
    let _lock = lock(&file).map_err(|error| {
        BootError::Dev(format!("cannot lock the login in {}: {error}", file.display()))
    })?;
    let mut config = read(&file)?;
    let known = entry(&config).and_then(|entry| entry["token"].as_str()).map(str::to_owned);
    let token = match known {
        Some(token) if opens(means, &token).await? => token,
        _ => {
            let issued = setup::create_token(means, ADMIN.to_owned(), Vec::new(), None).await;
            issued.map_err(BootError::Store)?.access_token
        }
    };
    let is_current = put(&mut config, url, grid, &token);
    save(&file, &config).map_err(|error| {
        BootError::Dev(format!("cannot write the login to {}: {error}", file.display()))
    })?;
    Ok(Written { name: NAME, file, is_current })
}

/// `$KONTENA_CONFIG`, else the file in the home folder, else one in the platform's own folder.
fn file(folder: &Path) -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    match (set("KONTENA_CONFIG"), set("HOME")) {
        (Some(file), _) => file.into(),
        (None, Some(home)) => PathBuf::from(home).join(".kontena_client.json"),
        (None, None) => folder.join("kontena_client.json"),
    }
}

/// Keeps the `kontena` command from writing the file at the same time; released when dropped.
fn lock(file: &Path) -> std::io::Result<std::fs::File> {
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    let mut open = std::fs::OpenOptions::new();
    let lock = open.write(true).create(true).truncate(false).mode(0o600).open(name)?;
    lock.lock()?;
    Ok(lock)
}

fn read(file: &Path) -> Result<Map<String, Value>, BootError> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Map::new()),
        Err(error) => return Err(failed(format!("cannot read {}: {error}", file.display()))),
    };
    match serde_json::from_str(&text) {
        Ok(Value::Object(config)) => Ok(config),
        // Somebody's file: better left alone than overwritten.
        Ok(_) | Err(_) => Err(failed(format!("{} is not a configuration", file.display()))),
    }
}

fn entry(config: &Map<String, Value>) -> Option<&Value> {
    config.get("servers")?.as_array()?.iter().find(|server| server["name"] == NAME)
}

async fn opens(means: &Means, token: &str) -> Result<bool, BootError> {
    let (now, hash) = (means.clock.now(), means.vault.hash(Purpose::Access, token));
    let bearer = auth::authenticate(&means.store, hash, now).await;
    Ok(matches!(bearer.map_err(BootError::Store)?, Bearer::Valid(user, ..) if user.email == ADMIN))
}

/// Puts the entry in; other entries are kept. Returns whether it is the current one.
fn put(config: &mut Map<String, Value>, url: &str, grid: &str, token: &str) -> bool {
    let new = json!({
        "name": NAME, "url": url, "grid": grid, "username": ADMIN, "token": token,
        "token_expires_at": null, "refresh_token": null,
    });
    let servers = config.entry("servers").or_insert_with(|| json!([]));
    if !servers.is_array() {
        *servers = json!([]);
    }
    if let Some(servers) = servers.as_array_mut() {
        match servers.iter_mut().find(|server| server["name"] == NAME) {
            Some(known) => *known = new,
            None => servers.push(new),
        }
    }
    let current = config.entry("current_server").or_insert(Value::Null);
    if current.as_str().is_none_or(str::is_empty) {
        *current = json!(NAME);
    }
    current == NAME
}

/// Replaces the file in one step; it holds a token, so only its owner may read it.
fn save(file: &Path, config: &Map<String, Value>) -> std::io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    let draft = PathBuf::from(name);
    let mut open = std::fs::OpenOptions::new();
    let mut written = open.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    written.write_all(serde_json::to_string_pretty(config)?.as_bytes())?;
    written.sync_all()?;
    std::fs::rename(&draft, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).expect("an object")
    }

    #[test]
    fn other_entries_and_the_current_one_are_kept() {
        let mut other = config(
            r#"{"current_server":"prod","servers":[{"name":"prod","url":"u"}],"accounts":[],"x":1}"#,
        );
        assert!(!put(&mut other, "http://127.0.0.1:9292", "dev", "t"));
        assert_eq!(other["current_server"], "prod");
        assert_eq!(other["servers"][0]["name"], "prod");
        assert_eq!(other["servers"][1]["grid"], "dev");
        assert_eq!(other["x"], 1);
        put(&mut other, "http://127.0.0.1:1", "dev", "t2");
        assert_eq!(other["servers"].as_array().map(Vec::len), Some(2));

        let mut empty = Map::new();
        assert!(put(&mut empty, "u", "dev", "t"));
        assert_eq!(entry(&empty).expect("there")["token"], "t");
    }
}
