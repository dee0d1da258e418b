//! Requests and answers in general.

use serde_json::json;

use crate::support::{Kontena, Master, m1, node, wait_for};

#[test]
fn case_61() {
    let master = Master::new();
    master.on("GET /v1/nodes/development/core-01", 401, "{}");
    Kontena::c1(&master)
        .run_both(&master, "node show core-01")
        .fails(" [error] 401 : The access token has expired and needs to be refreshed");
    assert_eq!(master.lines().len(), 1);
}

fn refreshing(status: u16) -> Master {
    let master = m1();
    let node = node(1, true, true, &[]);
    let path = "GET /v1/nodes/development/core-01";
    master.forget(path).on(path, 401, "{}").on(path, 200, node);
    let pair = json!({"access_token": "tok2", "refresh_token": "r2", "expires_in": 7200});
    master.on("POST /oauth2/token", status, pair);
    master
}

#[test]
fn case_62() {
    let master = refreshing(201);
    let kontena = Kontena::c1(&master).with_entry(|entry| entry["refresh_token"] = json!("r1"));
    let ran = kontena.run_both(&master, "node show core-01");
    ran.complains(&[]).exits(0);
    assert!(ran.out.starts_with("development/core-01:\n"));
    let requests = master.requests();
    assert_eq!(
        requests.iter().map(|request| request.line.as_str()).collect::<Vec<_>>(),
        [
            "GET /v1/nodes/development/core-01",
            "POST /oauth2/token",
            "GET /v1/nodes/development/core-01",
        ]
    );
    assert_eq!(requests[1].body["grant_type"], "refresh_token");
    assert_eq!(requests[1].body["refresh_token"], "r1");
    assert_eq!(requests[1].headers.get("authorization"), None);
    assert_eq!(requests[2].headers["authorization"], "Bearer tok2");
    let entry = &kontena.config()["servers"][0];
    assert_eq!((&entry["token"], &entry["refresh_token"]), (&json!("tok2"), &json!("r2")));
    assert!(entry["token_expires_at"].as_i64().unwrap() > 1_700_000_000);
}

#[test]
fn a_refresh_that_fails_is_unauthorized() {
    let master = refreshing(404);
    Kontena::c1(&master)
        .with_entry(|entry| entry["refresh_token"] = json!("r1"))
        .run("node show core-01")
        .fails(" [error] 401 : Unauthorized");
    assert_eq!(master.lines().len(), 2);
}

#[test]
fn a_token_known_to_be_expired_is_refreshed_first() {
    let master = m1();
    let pair = json!({"access_token": "tok2", "refresh_token": "r2", "expires_in": 7200});
    master.on("POST /oauth2/token", 201, pair);
    let expire = |entry: &mut serde_json::Value| entry["token_expires_at"] = json!(1_000_000_000);
    let kontena = Kontena::c1(&master).with_entry(|entry| {
        expire(entry);
        entry["refresh_token"] = json!("r1");
    });
    kontena.run("grid env").exits(0);
    assert_eq!(master.lines(), ["POST /oauth2/token", "GET grids"]);
    Kontena::c1(&master).with_entry(expire).run("grid env").fails(
        " [error] The access token has expired and refresh failed. \
         Try authenticating again, use: kontena master login",
    );
}

#[test]
fn case_63() {
    let master = m1();
    master.headers("Content-Type: application/json\r\nX-Kontena-Version: 1.2.9\r\n");
    let warning = format!(
        "Warning: Server version is 1.2.9. You are using CLI version {}.",
        env!("CARGO_PKG_VERSION")
    );
    Kontena::c1(&master)
        .run_both(&master, "node ls -q")
        .prints(&["core-01", "core-02", "core-03"])
        .complains(&[&warning])
        .exits(0);
    master.headers("Content-Type: application/json\r\nX-Kontena-Version: edge\r\n");
    Kontena::c1(&master).run_both(&master, "node ls -q").complains(&[]);
}

#[test]
fn headers_and_paths() {
    let master = m1();
    let kontena = Kontena::c1(&master)
        .with_entry(|entry| entry["url"] = json!(format!("http://{}/some/path", master.address)));
    kontena.run("grid list").exits(0);
    master.on("POST /v1/grids/development/nodes", 201, "{}");
    kontena.run("node create core-09").exits(0);
    let requests = master.requests();
    assert_eq!(requests[0].line, "GET /v1/grids");
    assert_eq!(requests[0].headers["accept"], "application/json");
    assert_eq!(
        requests[0].headers["user-agent"],
        concat!("kontena-cli/", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(requests[0].headers["authorization"], "Bearer tok123");
    assert_eq!(requests[0].headers["accept-encoding"], "gzip");
    assert_eq!(requests[0].headers.get("content-type"), None);
    assert_eq!(requests[1].headers["content-type"], "application/json");
}

#[test]
fn answers_that_are_no_json() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    master.forget("GET /v1/grids").on("GET /v1/grids", 200, "{oops");
    let ran = kontena.run("grid list");
    ran.exits(1);
    let start = " [error] 520 : Invalid response JSON from server for /v1/grids: ";
    assert!(ran.err.starts_with(start), "{}", ran.err);
    master.headers("").forget("GET /v1/grids").on("GET /v1/grids", 502, "bad gateway");
    kontena.run("grid list").fails(" [error] 502 : bad gateway (/v1/grids)");
    master.forget("GET /v1/grids").on("GET /v1/grids", 503, "");
    kontena.run("grid list").fails(" [error] 503 : Service Unavailable (/v1/grids)");
    master.forget("GET /v1/grids").on("GET /v1/grids", 302, "");
    kontena.run("grid list").fails(" [error] 302 : Found (/v1/grids)");
}

#[test]
fn a_master_that_is_not_there() {
    let kontena = Kontena::new().env("KONTENA_URL", "http://127.0.0.1:1").env("KONTENA_TOKEN", "x");
    kontena.run("grid ls").fails(
        " [error] Cannot connect to http://127.0.0.1:1: connection refused. \
             Check that the master runs there; see also: kontena master list",
    );
    let ran =
        Kontena::new().env("KONTENA_URL", "nonsense").env("KONTENA_TOKEN", "x").run("grid ls");
    ran.fails(" [error] Cannot connect to nonsense: not an http:// or https:// address");
}

#[test]
fn https_does_not_panic_over_a_missing_provider() {
    let master = Master::new();
    let kontena = Kontena::new()
        .env("KONTENA_URL", &format!("https://{}", master.address))
        .env("KONTENA_TOKEN", "x");
    let ran = kontena.run("grid ls");
    ran.exits(1);
    assert!(ran.err.starts_with(" [error] Cannot connect to https://127.0.0.1"), "{}", ran.err);
}

#[test]
fn a_reader_that_leaves_is_no_panic() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let ran = kontena.run_shell("{ $KONTENA node show core-01; echo \"code $?\" >&2; } | true");
    assert!(ran.err.is_empty() || ran.err.starts_with("code "), "{}", ran.err);
    let ran = kontena.run_shell("exec >&-; $KONTENA node ls -q");
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
}

#[test]
fn of_many_commands_at_once_one_refreshes() {
    let master = m1();
    let token = "POST /oauth2/token";
    let pair = json!({"access_token": "tok2", "refresh_token": "r2", "expires_in": 7200});
    master.on(token, 201, pair).on(token, 400, json!({"error": "invalid_grant"}));
    let kontena = Kontena::c1(&master).with_entry(|entry| {
        entry["refresh_token"] = json!("r1");
        entry["token_expires_at"] = json!(1_000_000_000);
    });
    let running: Vec<_> = (0..8).map(|_| kontena.start("grid ls -q").spawn().unwrap()).collect();
    for mut child in running {
        assert!(child.wait().unwrap().success());
    }
    let asked = master.requests();
    assert_eq!(asked.iter().filter(|request| request.line == token).count(), 1);
    for request in asked.iter().filter(|request| request.line != token) {
        assert_eq!(request.headers["authorization"], "Bearer tok2");
    }
}

#[test]
fn a_refresh_does_not_undo_a_logout() {
    // The entry is logged out between the start of the command and its refresh, which waits for the lock.
    let master = m1();
    let kontena = Kontena::c1(&master).with_entry(|entry| {
        entry["refresh_token"] = json!("r1");
        entry["token_expires_at"] = json!(1_000_000_000);
    });
    let lock = std::fs::File::create(kontena.home().join(".kontena_client.json.lock")).unwrap();
    lock.lock().unwrap();
    let mut child = kontena.start("grid ls -q").spawn().unwrap();
    // The log is opened after the configuration was read.
    wait_for(|| kontena.home().join(".kontena/kontena.log").exists().then_some(()));
    let mut config = kontena.config();
    config["servers"][0].as_object_mut().unwrap().remove("token");
    kontena.configure(&config);
    lock.unlock().unwrap();
    assert!(!child.wait().unwrap().success());
    assert_eq!(master.lines(), Vec::<String>::new());
    assert_eq!(kontena.config()["servers"], config["servers"]);
}
