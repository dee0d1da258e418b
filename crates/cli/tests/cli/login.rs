//! `kontena master login` and `logout`.

use serde_json::{Value, json};

use crate::support::{Kontena, Master, m1};

fn with_oauth() -> Master {
    let master = m1();
    master
        .on(
            "POST /oauth2/token",
            201,
            json!({"access_token": "new", "refresh_token": "ref", "expires_in": 7200,
                "user": {"name": "admin", "email": "admin"}, "server": {"name": "lab"}}),
        )
        .on("GET /v1/user", 200, json!({"id": "1", "email": "admin@example.com"}));
    master
}

fn url(master: &Master) -> String {
    format!("http://{}", master.address)
}

const GRIDS: [&str; 8] = [
    " [done] Retrieving a list of available grids",
    "",
    "You have access to the following grids:",
    "",
    "NAME          NODES   SERVICES   USERS",
    "prod          0       0          1",
    "development   3       3          2",
    "",
];

#[test]
fn a_code_is_exchanged_and_a_grid_is_picked() {
    let master = with_oauth();
    let kontena = Kontena::new();
    let mut lines = GRIDS.to_vec();
    lines.push(" [done] * Selecting 'prod' as the current grid");
    kontena.run(&format!("master login --code abc {}", url(&master))).succeeds(&lines);
    let config = kontena.config();
    let entry = &config["servers"][0];
    assert_eq!(config["current_server"], "lab");
    for (key, value) in [
        ("name", "lab"),
        ("token", "new"),
        ("refresh_token", "ref"),
        ("username", "admin"),
        ("grid", "prod"),
    ] {
        assert_eq!(entry[key], value, "{key}");
    }
    assert_eq!(entry["url"], url(&master));
    assert!(entry["token_expires_at"].as_i64().unwrap() > 1_700_000_000);
    assert_eq!(master.lines(), ["POST /oauth2/token", "GET grids"]);
    let body = &master.requests()[0].body;
    assert_eq!((&body["grant_type"], &body["code"]), (&json!("authorization_code"), &json!("abc")));
    assert_eq!(master.requests()[0].headers.get("authorization"), None);
}

#[test]
fn a_silent_login_prints_nothing() {
    let master = with_oauth();
    let kontena = Kontena::new();
    let url = url(&master);
    kontena.run(&format!("master login --silent -c abc {url}")).succeeds(&[]);
    assert_eq!(kontena.config()["servers"][0]["grid"], "prod");
    kontena.run(&format!("master login --code=abc --name two --grid g {url}")).succeeds(&[]);
    kontena
        .run(&format!("master login --code abc -n three --skip-grid-auto-select {url}"))
        .succeeds(&[]);
    let config = kontena.config();
    assert_eq!(config["current_server"], "three");
    assert_eq!(config["servers"][1]["grid"], "g");
    assert_eq!(config["servers"][2].get("grid"), None);
}

#[test]
fn a_taken_name_gets_a_number() {
    let master = with_oauth();
    let kontena = Kontena::new();
    kontena.configure(&json!({"servers": [{"name": "lab", "url": "http://elsewhere"}]}));
    kontena.run(&format!("master login -s --code abc {}", url(&master))).exits(0);
    assert_eq!(kontena.config()["current_server"], "lab-2");
}

#[test]
fn an_entry_with_the_same_url_is_used_again() {
    let master = with_oauth();
    let kontena = Kontena::c1(&master);
    kontena.run(&format!("master login --code abc {}/", url(&master))).succeeds(&[]);
    let config = kontena.config();
    assert_eq!(config["servers"].as_array().unwrap().len(), 2);
    assert_eq!(config["servers"][0]["token"], "new");
    assert_eq!(config["servers"][0]["grid"], "development");
}

#[test]
fn a_token_is_tried() {
    let master = with_oauth();
    let kontena = Kontena::new();
    let line = format!(
        "Authenticated to Kontena Master kontena-master at {} as admin@example.com",
        url(&master)
    );
    kontena
        .run(&format!("master login --skip-grid-auto-select --token T {}", url(&master)))
        .succeeds(&[&line]);
    let entry = &kontena.config()["servers"][0];
    assert_eq!((&entry["token"], &entry["token_expires_at"]), (&json!("T"), &json!(0)));
    assert_eq!(entry["username"], "admin@example.com");
    assert_eq!(master.requests()[0].headers["authorization"], "Bearer T");
}

#[test]
fn a_rejected_token_is_an_error() {
    let master = Master::new();
    master.on("GET /v1/user", 403, json!({"error": "invalid_token"}));
    let kontena = Kontena::new();
    kontena
        .run(&format!("master login --token T {}", url(&master)))
        .fails(" [error] Access token was rejected");
    assert!(!kontena.config_path().exists());
}

#[test]
fn the_stored_token_is_enough() {
    let master = with_oauth();
    let kontena = Kontena::c1(&master);
    kontena.run("master login").succeeds(&[
        "Authenticated to Kontena Master test at http://192.168.66.1:9292/ as admin@example.com",
    ]);
    assert_eq!(master.lines(), ["GET user"]);
}

#[test]
fn without_code_and_token_there_is_no_way_yet() {
    let master = with_oauth();
    let kontena = Kontena::new();
    kontena.run(&format!("master login {}", url(&master))).fails(
        " [error] Logging in with a browser is not built yet. \
         Use: kontena master login --code CODE or --token TOKEN",
    );
    for (flags, both) in [
        ("--token a --code b", "--token and --code"),
        ("--join a --code b", "--join and --code"),
        ("--code a --force", "--code and --force"),
        ("--token a -f", "--token and --force"),
    ] {
        kontena
            .run(&format!("master login {flags} http://x"))
            .fails(&format!(" [error] Can't use {both} together"));
    }
    kontena.run("master login").fails(" [error] URL not specified and current master not selected");
    kontena
        .run("master login nope")
        .fails(" [error] Can't find a master with name nope from configuration");
    kontena.run("master login --name nope --code x").fails(
        " [error] Master nope was found from config, but it does not have an URL \
         and no URL was provided on command line",
    );
}

#[test]
fn a_used_code_is_refused() {
    let master = Master::new();
    let refused = json!({"error": "invalid_request", "error_description": "authorization_code"});
    master.on("POST /oauth2/token", 404, refused);
    Kontena::new()
        .run(&format!("master login --code abc {}", url(&master)))
        .fails(" [error] 404 : invalid_request (/oauth2/token)");
}

#[test]
fn logout_keeps_user_and_grid() {
    let master = with_oauth();
    let kontena = Kontena::c1(&master).with_entry(|entry| {
        entry["refresh_token"] = json!("r1");
        entry["token_expires_at"] = json!(0);
    });
    kontena.run("master logout").succeeds(&["Logged out of test"]);
    assert_eq!(master.lines(), ["POST /oauth2/token"]);
    assert_eq!(master.body()["refresh_token"], "r1");
    let entry = kontena.config()["servers"][0].clone();
    let keys: Vec<&String> = entry.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["grid", "name", "url", "username"]);
    kontena.run("master logout -A").succeeds(&["Logged out of test", "Logged out of other"]);
    Kontena::new()
        .run("master logout")
        .prints(&[])
        .complains(&["Current master has not been selected"])
        .exits(0);
    assert_eq!(entry.get("token"), None::<&Value>);
}
