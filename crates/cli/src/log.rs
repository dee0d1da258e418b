//! The log of requests: to a file, or to standard error with `--debug`.
//!
//! Methods, paths, statuses and durations stand in it; tokens never do. `DEBUG=api` adds bodies, with the
//! values of secret-looking keys masked.

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::clock;
use crate::config::Environment;

/// The file is moved aside when it has grown to this many bytes.
const LIMIT: u64 = 1024 * 1024;

/// Where the log goes.
#[derive(Debug)]
pub(crate) struct Log {
    sink: RefCell<Sink>,
    bodies: bool,
}

#[derive(Debug)]
enum Sink {
    Errors,
    File(File),
    Nowhere,
}

impl Log {
    /// Opens the log; where that is impossible there is none, which is no reason to fail.
    pub(crate) fn open(environment: &Environment, debug: Option<bool>) -> Self {
        let variable = environment.get("DEBUG").filter(|value| *value != "false");
        let dir = environment.kontena_dir();
        if let Some(dir) = &dir {
            make_private_dir(dir);
        }
        let sink = if debug.unwrap_or(variable.is_some()) {
            Sink::Errors
        } else {
            let target = environment.get("LOG_TARGET").map(PathBuf::from);
            let target = target.or_else(|| dir.map(|dir| dir.join("kontena.log")));
            target.and_then(|path| append(&path)).map_or(Sink::Nowhere, Sink::File)
        };
        Self { sink: RefCell::new(sink), bodies: variable == Some("api") }
    }

    /// Writes a line.
    pub(crate) fn line(&self, text: &str) {
        let line = format!("{} {text}\n", clock::now().format("%Y-%m-%dT%H:%M:%S%.3fZ"));
        let _ = match &mut *self.sink.borrow_mut() {
            Sink::Errors => std::io::stderr().write_all(line.as_bytes()),
            Sink::File(file) => file.write_all(line.as_bytes()),
            Sink::Nowhere => Ok(()),
        };
    }

    /// Tells whether bodies are asked for; reading large ones takes time.
    pub(crate) fn wants_bodies(&self) -> bool {
        self.bodies
    }

    /// Writes a body, where bodies are asked for.
    pub(crate) fn body(&self, direction: &str, body: &Value) {
        if self.bodies {
            self.line(&format!("{direction} {}", masked(body)));
        }
    }
}

fn make_private_dir(dir: &Path) {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let _ = builder.create(dir);
}

fn append(path: &Path) -> Option<File> {
    if fs::metadata(path).is_ok_and(|file| file.len() >= LIMIT) {
        let mut old = path.to_path_buf().into_os_string();
        old.push(".0");
        let _ = fs::rename(path, old);
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).ok()
}

/// Hides tokens and codes that are part of a path.
pub(crate) fn masked_path(path: &str) -> String {
    if let Some(token) = path.strip_prefix("/oauth2/tokens/") {
        // Ids of tokens are short, and worth seeing.
        let shown = if token.len() > 24 { "***" } else { token };
        return format!("/oauth2/tokens/{shown}");
    }
    let Some((start, query)) = path.split_once('?') else {
        return path.to_owned();
    };
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((key, _)) if key.ends_with("code") => format!("{key}=***"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("{start}?{}", pairs.join("&"))
}

/// Hides what must not be read over a shoulder.
fn masked(value: &Value) -> Value {
    const SECRET: [&str; 5] = ["token", "secret", "password", "code", "value"];
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| {
                let hidden = value.is_string()
                    && key != "token_type"
                    && (key == "env" || SECRET.iter().any(|part| key.ends_with(part)));
                (key.clone(), if hidden { Value::from("***") } else { masked(value) })
            })
            .collect(),
        Value::Array(items) => items.iter().map(masked).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_masked() {
        let body = json!({"access_token": "a", "grid": {"token": "b", "name": "g"}, "code": "c",
            "client_secret": "d", "token_type": "bearer", "nodes": [{"token": "e"}], "n": 1});
        assert_eq!(
            masked(&body),
            json!({"access_token": "***", "grid": {"token": "***", "name": "g"}, "code": "***",
                "client_secret": "***", "token_type": "bearer", "nodes": [{"token": "***"}], "n": 1})
        );
    }

    #[test]
    fn tokens_in_paths_are_masked() {
        for (path, shown) in [
            ("/v1/grids", "/v1/grids"),
            ("/oauth2/tokens/5b01", "/oauth2/tokens/5b01"),
            (&format!("/oauth2/tokens/{}", "a".repeat(64)), "/oauth2/tokens/***"),
            (
                "/authenticate?invite_code=x&expires_in=0",
                "/authenticate?invite_code=***&expires_in=0",
            ),
        ] {
            assert_eq!(masked_path(path), shown);
        }
    }

    #[test]
    fn a_full_file_is_moved_aside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("k.log");
        fs::write(&path, vec![b'x'; LIMIT as usize]).unwrap();
        let env = Environment::of(&[("LOG_TARGET", path.to_str().unwrap())]);
        Log::open(&env, None).line("GET /v1/grids 200");
        assert!(fs::read_to_string(&path).unwrap().ends_with("Z GET /v1/grids 200\n"));
        assert_eq!(fs::metadata(dir.path().join("k.log.0")).unwrap().len(), LIMIT);
    }
}
