//! What is wrong is told in one line that names the setting and what it takes, with the right exit code.

use std::net::TcpListener;

use kontena_store::{DatabaseUrl, Options, Store};

use crate::{
    support::Program,
    world::{LIMIT, World, free_port, program},
};

/// Runs a program that must not start; returns its exit code and its last line on standard error.
fn refused(name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let mut program = Program::start(&program(name), arguments, environment);
    let code = program.exit_code(LIMIT);
    let lines = program.stderr();
    (code, lines.last().cloned().unwrap_or_default())
}

fn master(environment: &[(&str, &str)]) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/k.db", folder.path().display());
    let mut all = vec![("LISTEN", "127.0.0.1:0"), ("DATABASE_URL", url.as_str())];
    all.extend_from_slice(environment);
    refused("kontena-master", &[], &all)
}

#[test]
fn an_unknown_database_url_scheme() {
    let (code, line) = master(&[("DATABASE_URL", "mysql://k:s3cret@db/k")]);
    assert_eq!(code, 2);
    assert!(
        line.starts_with("DATABASE_URL: \"mysql://…\" is not valid: takes sqlite://"),
        "{line}"
    );
}

#[test]
fn an_unreachable_postgres() {
    let url = format!("postgres://k:s3cret@127.0.0.1:{}/k", free_port());
    let (code, line) = master(&[("DATABASE_URL", &url), ("VAULT_KEY", "x")]);
    assert_eq!(code, 1);
    assert!(line.starts_with("DATABASE_URL: the database is away"), "{line}");
    assert!(!line.contains("s3cret"), "{line}");
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("bound").to_string();
    let (code, line) = master(&[("LISTEN", &addr)]);
    assert_eq!(code, 1);
    assert!(line.starts_with(&format!("LISTEN: cannot listen on {addr}: ")), "{line}");
}

#[test]
fn a_database_newer_than_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("k.db");
    let url = DatabaseUrl::Sqlite(file.to_string_lossy().into_owned());
    drop(Store::open(&url, Options::default()).expect("opens"));
    let python = std::process::Command::new("python3")
        .args(["-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); \
            c.execute(\"insert into __diesel_schema_migrations(version) values('9999')\"); c.commit()"])
        .arg(&file)
        .status();
    assert!(python.expect("python runs").success());
    let (code, line) = master(&[("DATABASE_URL", &url.to_string())]);
    assert_eq!(code, 2);
    assert!(line.contains("DATABASE_URL") && line.contains("newer than this program"), "{line}");
}

#[test]
fn a_vault_key_that_does_not_open_the_database() {
    let world = World::new(&[("VAULT_KEY", "one")]);
    world.master().terminate();
    let url = format!("sqlite://{}/kontena.db", world.folder.path().display());
    let (code, line) = master(&[("DATABASE_URL", &url), ("VAULT_KEY", "two")]);
    assert_eq!(code, 2);
    assert!(line.starts_with("VAULT_KEY: "), "{line}");
}

#[test]
fn settings_and_arguments_of_the_master() {
    for (environment, named) in [
        (("WEBSOCKET_TIMEOUT", "soon"), "WEBSOCKET_TIMEOUT"),
        (("KONTENA_GRACE_HA", "-1"), "KONTENA_GRACE_HA"),
        (("LISTEN", "nowhere"), "LISTEN"),
        (("KONTENA_MAX_AGENTS", "many"), "KONTENA_MAX_AGENTS"),
    ] {
        let (code, line) = master(&[environment]);
        assert_eq!(code, 2, "{named}");
        assert!(line.starts_with(named) && line.contains("takes"), "{line}");
    }
    let (code, line) = refused("kontena-master", &["--no-such-flag"], &[]);
    assert_eq!(code, 2);
    assert!(line.contains("--no-such-flag"), "{line}");
    for arguments in [&["--help"][..], &["--version"], &["token", "create", "--help"]] {
        assert_eq!(refused("kontena-master", arguments, &[]).0, 0, "{arguments:?}");
    }
}

#[test]
fn a_missing_setting_of_the_agent() {
    for (environment, named) in [
        (&[][..], "KONTENA_URI"),
        (&[("KONTENA_URI", "ws://127.0.0.1:1")], "KONTENA_TOKEN"),
        (&[("KONTENA_URI", "ws://127.0.0.1:1"), ("KONTENA_NODE_TOKEN", "")], "KONTENA_TOKEN"),
    ] {
        let (code, line) = refused("kontena-agent", &[], environment);
        assert_eq!(code, 2, "{named}: {line}");
        assert!(line.contains(named), "{line}");
    }
}

#[test]
fn an_agent_without_an_engine() {
    let (code, line) = refused(
        "kontena-agent",
        &[],
        &[
            ("KONTENA_URI", "ws://127.0.0.1:1"),
            ("KONTENA_TOKEN", "t"),
            ("DOCKER_HOST", "unix:///nowhere/docker.sock"),
        ],
    );
    assert_eq!(code, 1);
    assert!(line.contains("/nowhere/docker.sock"), "{line}");
}

#[test]
fn an_agent_with_a_wrong_token_ends_with_the_masters_reason() {
    let world = World::new(&[]);
    let _master = world.master();
    let uri = world.url.replace("http", "ws");
    let (code, line) = refused(
        "kontena-agent",
        &["--runtime", "simulated"],
        &[("KONTENA_URI", &uri), ("KONTENA_TOKEN", "wrong")],
    );
    assert_eq!(code, 1);
    assert!(line.contains("Invalid grid token"), "{line}");
}
