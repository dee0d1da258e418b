//! The programs under test, and what a person at a terminal would do with them.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use crate::support::Program;

/// How long anything may take that is not itself under test.
pub const LIMIT: Duration = Duration::from_secs(30);

/// Where cargo has put a program of this workspace.
pub fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_kontena-master")).with_file_name(name);
    assert!(path.exists(), "{} is not built: script/test builds it first", path.display());
    path
}

/// A folder with a master's database, a command line's configuration, and nothing else.
pub struct World {
    pub folder: tempfile::TempDir,
    pub url: String,
    settings: Vec<(String, String)>,
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl World {
    pub fn new(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let database = format!("sqlite://{}/kontena.db", folder.path().display());
        let mut all = vec![
            ("LISTEN".to_owned(), format!("127.0.0.1:{port}")),
            ("DATABASE_URL".to_owned(), database),
        ];
        all.extend(settings.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        Self { folder, url: format!("http://127.0.0.1:{port}"), settings: all }
    }

    /// Starts the master and waits until it listens.
    pub fn master(&self) -> Program {
        let settings: Vec<(&str, &str)> =
            self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let master = Program::start(&program("kontena-master"), &[], &settings);
        master.wait_for_line("kontena-master listening on http://", LIMIT);
        master
    }

    /// Runs `kontena` with this world's configuration.
    pub fn kontena(&self, arguments: &[&str]) -> Outcome {
        let output = Command::new(program("kontena"))
            .args(arguments)
            .env("KONTENA_CONFIG", self.folder.path().join("client.json"))
            .env_remove("KONTENA_URL")
            .env_remove("KONTENA_GRID")
            .env_remove("KONTENA_TOKEN")
            .output()
            .expect("runs");
        Outcome {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs `kontena` and expects it to succeed; returns what it printed.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let outcome = self.kontena(arguments);
        assert_eq!(outcome.code, Some(0), "kontena {arguments:?}: {}{}", outcome.out, outcome.err);
        outcome.out
    }

    /// The line of `kontena node list` about a node.
    pub fn node_line(&self, name: &str) -> String {
        let list = self.ok(&["node", "list"]);
        let found = list.lines().find(|line| line.contains(name));
        found.unwrap_or_default().to_owned()
    }

    pub fn until_node(&self, name: &str, status: &str, limit: Duration) -> Duration {
        until(&format!("node {name} is {status}"), limit, || {
            self.node_line(name).split_whitespace().any(|word| word == status)
        })
    }
}

/// Waits for a condition with a limit; returns how long it took.
pub fn until(what: &str, limit: Duration, mut holds: impl FnMut() -> bool) -> Duration {
    let started = now();
    while !holds() {
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
    started.elapsed()
}

#[expect(clippy::disallowed_methods, reason = "measures how long real programs take")]
pub fn now() -> Instant {
    Instant::now()
}

pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").port()
}

/// `KEY=value` lines as pairs.
pub fn environment(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
