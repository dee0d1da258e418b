//! The configuration, the environment, and what needs no master.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use serde_json::json;

use crate::support::{Kontena, Master, m1};

const NOT_LOGGED_IN: &str =
    " [error] You are not logged into a Kontena Master. Use: kontena master login";

#[test]
fn case_52() {
    let master = Master::new();
    let kontena = Kontena::c1(&master);
    kontena.run_both(&master, "master list").succeeds(&[
        "NAME     URL",
        "* test   http://192.168.66.1:9292/",
        "other    https://other.example.com",
    ]);
    kontena.run_both(&master, "master ls -q").succeeds(&["test", "other"]);
    let ran = kontena.run_both(&master, "master ls -o json");
    assert!(!ran.out.contains("tok123"), "no token is shown");
}

#[test]
fn case_53() {
    let master = Master::new();
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "master use other")
        .succeeds(&["Using master: other (https://other.example.com)", "Using grid: prod"]);
    assert_eq!(kontena.config()["current_server"], "other");
    kontena.run_both(&master, "master use nope").fails(
        " [error] Could not resolve master by name 'nope'. \
         For a list of known masters please run: kontena master list",
    );
    kontena.run_both(&master, "master use --clear").succeeds(&[]);
    assert_eq!(kontena.config()["current_server"], json!(null));
    let kontena = kontena.with_entry(|entry| entry["grid"] = json!(null));
    kontena
        .run_both(&master, "master use test")
        .prints(&["Using master: test (http://192.168.66.1:9292/)", "Using grid: <none>"]);
}

#[test]
fn case_54() {
    let master = Master::new();
    let kontena = Kontena::c1(&master)
        .env("KONTENA_URL", "http://10.0.0.1:1")
        .env("KONTENA_TOKEN", "x")
        .env("KONTENA_GRID", "g");
    let before = fs::read(kontena.config_path()).unwrap();
    kontena.run_both(&master, "whoami").succeeds(&[
        "Master: http://10.0.0.1:1",
        "URL: http://10.0.0.1:1",
        "Grid: g",
    ]);
    assert_eq!(fs::read(kontena.config_path()).unwrap(), before);
    kontena.run_both(&master, "whoami --token").succeeds(&["x"]);
}

#[test]
fn whoami_asks_for_a_user_it_does_not_know() {
    let master = m1();
    let lines =
        ["Master: test", "URL: http://192.168.66.1:9292/", "Grid: development", "User: admin"];
    Kontena::c1(&master).run("whoami").succeeds(&lines);
    assert!(master.lines().is_empty());
    master.on("GET /v1/user", 200, json!({"id": "1", "email": "admin"}));
    let kontena = Kontena::c1(&master).with_entry(|entry| entry["username"] = json!(null));
    kontena.run("whoami").succeeds(&lines);
    assert_eq!(kontena.config()["servers"][0]["username"], "admin");
}

#[test]
fn case_55() {
    let cli = format!("cli: {}", env!("CARGO_PKG_VERSION"));
    let master = Master::new();
    Kontena::new()
        .env("KONTENA_URL", "http://127.0.0.1:1")
        .run_both(&master, "version")
        .succeeds(&[&cli]);
    master.on("GET /", 200, json!({"name": "Kontena Master", "version": "1.5.4"}));
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "version")
        .succeeds(&[&cli, "master: 1.5.4 (http://192.168.66.1:9292/)"]);
    kontena.run_both(&master, "version --cli").succeeds(&[&cli]);
}

#[test]
fn case_56() {
    let master = m1();
    Kontena::new().run_both(&master, "node list").fails(NOT_LOGGED_IN);
    let tokenless = Kontena::c1(&master).with_entry(|entry| entry["token"] = json!(null));
    tokenless.run_both(&master, "node list").fails(NOT_LOGGED_IN);
}

#[test]
fn case_57() {
    let master = m1();
    let kontena = Kontena::c1(&master).with_entry(|entry| entry["grid"] = json!(null));
    kontena
        .run_both(&master, "node list")
        .fails(" [error] You have not selected a grid. Use: kontena grid use");
    assert!(master.lines().is_empty());
    kontena.run_both(&master, "node list --all").exits(0);
}

#[test]
fn case_60() {
    let master = m1();
    Kontena::c1(&master)
        .env("KONTENA_GRID", "prod")
        .run_both(&master, "node ls -q --grid development")
        .succeeds(&["core-01", "core-02", "core-03"]);
    assert_eq!(master.lines(), ["GET grids/development", "GET grids/development/nodes"]);
}

#[test]
fn another_master_can_be_named() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    kontena.run("master use other").exits(0);
    kontena.run("--master test node ls -q").succeeds(&["core-01", "core-02", "core-03"]);
    kontena.run("node ls").fails(NOT_LOGGED_IN);
    kontena.run("node ls --master nope").fails(
        " [error] Could not resolve master by name 'nope'. \
         For a list of known masters please run: kontena master list",
    );
}

#[test]
fn values_of_the_environment_are_not_saved() {
    let master = m1();
    let kontena = Kontena::c1(&master).env("KONTENA_TOKEN", "env").env("KONTENA_GRID", "envgrid");
    kontena.run("grid use prod").succeeds(&["Using grid: prod"]);
    let config = fs::read_to_string(kontena.config_path()).unwrap();
    assert!(!config.contains("env"), "{config}");
    assert!(config.contains("tok123"));
    assert_eq!(master.requests()[0].headers["authorization"], "Bearer env");
}

#[test]
fn the_file_is_private_and_unknown_keys_stay() {
    let master = m1();
    let kontena = Kontena::c1(&master).with_entry(|entry| entry["plugin"] = json!({"a": [1]}));
    fs::set_permissions(kontena.config_path(), fs::Permissions::from_mode(0o644)).unwrap();
    kontena.run("grid use prod").exits(0);
    assert_eq!(fs::metadata(kontena.config_path()).unwrap().mode() & 0o777, 0o600);
    assert_eq!(kontena.config()["servers"][0]["plugin"], json!({"a": [1]}));
    let dir = fs::metadata(kontena.home().join(".kontena")).unwrap();
    assert_eq!(dir.mode() & 0o777, 0o700);
}

#[test]
fn current_master() {
    let kontena = Kontena::c1(&Master::new());
    kontena.run("master current").succeeds(&["test http://192.168.66.1:9292/"]);
    kontena.run("master current --name").succeeds(&["test"]);
    kontena.run("master current --url").succeeds(&["http://192.168.66.1:9292/"]);
    kontena.run("master current --address").succeeds(&["127.0.0.1"]);
    Kontena::new().run("master current").fails(NOT_LOGGED_IN);
}

#[test]
fn masters_are_removed_from_the_file_only() {
    let master = Master::new();
    let kontena = Kontena::c1(&master);
    kontena
        .run("master rm nope")
        .prints(&[])
        .complains(&["Master not found in configuration"])
        .exits(1);
    kontena
        .run("master rm other")
        .prints(&["Removing 1 master from configuration"])
        .complains(&[" [error] Command requires --force"])
        .exits(1);
    kontena.run("master rm --force other").succeeds(&[]);
    let ran = kontena.run("master remove -y test");
    ran.exits(0);
    assert!(ran.out.starts_with('\n') && ran.out.contains("kontena master use <master_name>"));
    assert_eq!(kontena.config()["servers"], json!([]));
    assert!(master.lines().is_empty());
}

#[test]
fn the_log_names_requests_and_no_tokens() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    kontena.run("grid env").exits(0);
    let log = fs::read_to_string(kontena.home().join(".kontena/kontena.log")).unwrap();
    assert!(log.contains("GET /v1/grids 200"), "{log}");
    let debug = kontena.run("grid env -D");
    assert!(debug.err.contains("GET /v1/grids 200"), "{}", debug.err);
    let bodies = Kontena::c1(&master).env("DEBUG", "api").run("grid env");
    assert!(bodies.err.contains("\"name\":\"prod\""), "{}", bodies.err);
    for text in [&log, &debug.err, &bodies.err] {
        assert!(
            !["tok123", "gridtok", "prodtok"].iter().any(|token| text.contains(token)),
            "{text}"
        );
    }
}

#[test]
fn what_kontena_url_keeps_from_being_saved_is_said() {
    let master = m1();
    let warning = " [warn] The configuration was not changed, because KONTENA_URL is set";
    let url = format!("http://{}", master.address);
    for url in [format!("{url}/"), url] {
        let kontena = Kontena::c1(&master).env("KONTENA_URL", &url).env("KONTENA_TOKEN", "x");
        let before = kontena.config();
        kontena.run("grid use prod").prints(&["Using grid: prod"]).complains(&[warning]).exits(0);
        kontena.run("grid ls -q").complains(&[]).exits(0);
        master.on("DELETE /v1/grids/prod", 200, "{}");
        kontena.run("grid rm --force prod").complains(&[]).exits(0);
        assert_eq!(kontena.config(), before);
    }
}
