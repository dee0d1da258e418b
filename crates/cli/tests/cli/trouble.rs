//! Bad input of the surroundings: one line each that says what to do next, and the contract's exit code.
//! Certificates are in `tls`.

use std::fs;
use std::net::TcpListener;

use serde_json::json;

use crate::support::{Kontena, Master, Piece, m1};

#[test]
fn a_configuration_that_is_no_json_is_named() {
    let kontena = Kontena::new();
    fs::write(kontena.config_path(), "{\"servers\": [}").unwrap();
    for line in ["node ls", "master ls", "grid use x"] {
        let ran = kontena.run(line);
        ran.exits(1).prints(&[]);
        let path = kontena.config_path();
        let start = format!(" [error] Cannot read the configuration file {}: ", path.display());
        assert!(ran.err.starts_with(&start) && ran.err.lines().count() == 1, "{}", ran.err);
        assert!(ran.err.contains("line 1 column 14"), "{}", ran.err);
        assert!(ran.err.contains("Mend it, or move it away"), "{}", ran.err);
    }
}

#[test]
fn a_home_that_cannot_be_written_costs_no_reading_and_is_said_when_it_must_be_written() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let config = fs::read_to_string(kontena.config_path()).unwrap();
    // Nobody can make a folder below a file, whoever they are.
    let file = kontena.home().join("file");
    fs::write(&file, "").unwrap();
    let below = file.join("client.json");
    let nowhere = Kontena::c1(&master)
        .env("HOME", file.to_str().unwrap())
        .env("KONTENA_CONFIG", kontena.config_path().to_str().unwrap());
    nowhere.run("node ls -q").succeeds(&["core-01", "core-02", "core-03"]);
    let unwritable = Kontena::c1(&master).env("KONTENA_CONFIG", below.to_str().unwrap());
    master.on("GET /v1/user", 200, json!({"email": "admin"}));
    let ran = unwritable.run(&format!("master login --token tok123 http://{}", master.address));
    ran.exits(1);
    let start = format!(" [error] Cannot lock the configuration file {}: ", below.display());
    assert!(ran.err.starts_with(&start) && ran.err.lines().count() == 1, "{}", ran.err);
    assert!(ran.err.contains("KONTENA_CONFIG"), "{}", ran.err);
    assert_eq!(fs::read_to_string(kontena.config_path()).unwrap(), config);
}

#[test]
fn a_full_disk_leaves_the_old_configuration() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let before = fs::read_to_string(kontena.config_path()).unwrap();
    // No file may grow beyond nothing, as on a disk that is full; the signal that comes with it is ignored.
    let ran = kontena.run_shell("trap '' XFSZ; ulimit -f 0; $KONTENA grid use prod 2>&1 | cat");
    assert!(
        ran.out.contains(" [error] Cannot write the configuration file "),
        "{} {}",
        ran.out,
        ran.err
    );
    assert_eq!(fs::read_to_string(kontena.config_path()).unwrap(), before);
    let left: Vec<_> = fs::read_dir(kontena.home())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_reader_that_cannot_take_any_more_is_said() {
    let kontena = Kontena::c1(&m1());
    let ran = kontena.run_shell("$KONTENA node ls >/dev/full");
    ran.exits(1);
    assert!(ran.err.starts_with(" [error] cannot write to standard output: "), "{}", ran.err);
}

#[test]
fn a_host_nobody_knows_is_said() {
    let kontena =
        Kontena::new().env("KONTENA_URL", "http://nowhere.invalid:9292").env("KONTENA_TOKEN", "x");
    let ran = kontena.run("grid ls");
    ran.exits(1);
    assert!(
        ran.err.starts_with(" [error] Cannot connect to http://nowhere.invalid:9292: "),
        "{}",
        ran.err
    );
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
}

#[test]
fn a_master_that_does_not_answer_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let kontena = Kontena::new()
        .env("KONTENA_URL", &url)
        .env("KONTENA_TOKEN", "x")
        .env("KONTENA_EXIT_CODES", "1")
        .env("EXCON_READ_TIMEOUT", "1");
    kontena
        .run("grid ls")
        .complains(&[&format!(
            " [error] No answer from {url}: timed out. \
             Check that the master runs there; see also: kontena master list"
        )])
        .exits(6);
    let kontena = kontena.env("KONTENA_GRID", "development");
    kontena
        .run("node create core-09")
        .prints(&[" [fail] Creating core-09 node"])
        .complains(&[&format!(
            " [error] No answer from {url}: timed out; the change may have been made"
        )])
        .exits(6);
}

#[test]
fn a_connection_that_ends_behind_a_request_is_no_refusal() {
    let master = m1();
    let line = "PUT /v1/nodes/development/core-03";
    master.forget(line).streams(line, &[Piece::Cut]);
    let ran = Kontena::c1(&master).run("node update -l a=b core-03");
    ran.exits(1);
    assert!(
        ran.err.starts_with(" [error] No answer from http://192.168.66.1:9292/: ")
            && ran.err.ends_with("; the change may have been made\n"),
        "{}",
        ran.err
    );
}

#[test]
fn the_other_scheme_is_proposed_where_it_is_meant() {
    let plain = Kontena::new()
        .env("KONTENA_URL", &format!("https://{}", Master::new().address))
        .env("KONTENA_TOKEN", "x");
    let ran = plain.run("grid ls");
    assert!(ran.err.contains("perhaps the address begins with http://"), "{}", ran.err);
    let tls = Master::with_tls(include_bytes!("tls/own.pem"), include_bytes!("tls/own.key"));
    let ran = Kontena::new()
        .env("KONTENA_URL", &format!("http://{}", tls.address))
        .env("KONTENA_TOKEN", "x")
        .run("grid ls");
    ran.exits(1);
    assert!(ran.err.contains("perhaps the address begins with https://"), "{}", ran.err);
}

#[test]
fn a_master_of_another_version_is_warned_about_and_works() {
    let master = m1();
    master.headers("Content-Type: application/json\r\nX-Kontena-Version: 1.4.3\r\n");
    let ran = Kontena::c1(&master).run("grid env -e prod");
    ran.exits(0);
    assert_eq!(
        ran.err,
        format!(
            "Warning: Server version is 1.4.3. You are using CLI version {}.\n",
            env!("CARGO_PKG_VERSION")
        )
    );
    master.headers("Content-Type: application/json\r\nX-Kontena-Version: 1.5.9\r\n");
    Kontena::c1(&master).run("grid env -e prod").complains(&[]);
}

#[test]
fn debug_shows_requests_and_no_token() {
    let master = m1();
    let long = "f".repeat(64);
    let kontena = Kontena::c1(&master).with_entry(|entry| entry["token"] = json!(long));
    master.on(&format!("GET /oauth2/tokens/{long}"), 200, json!({"id": "1"}));
    for line in ["node env core-03 -D", "master token current --id --debug"] {
        let ran = kontena.run(line);
        ran.exits(0);
        assert!(ran.err.contains("GET /"), "{}", ran.err);
        assert!(!ran.err.contains(&long), "{}", ran.err);
    }
    let bodies = Kontena::c1(&Master::new()).env("DEBUG", "api").run("node ls");
    assert!(bodies.err.contains("Not found") && !bodies.err.contains("tok123"), "{}", bodies.err);
}

#[test]
fn masters_may_say_little_and_say_it_differently() {
    let master = Master::new();
    let health = "GET /v1/nodes/development/core-01/health";
    let token = "GET /v1/nodes/development/core-01/token";
    let explain = "GET /v1/services/development/null/redis/explain";
    let node = json!({"name": "core-01", "id": "development/core-01", "cpus": 1.0,
        "node_number": "2", "mem_total": "8589934592", "connected": true, "status": "online",
        "initial_member": true});
    let grid = json!({"id": "development", "name": "development", "initial_size": "3"});
    master
        .on(health, 200, json!({"etcd_health": {"health": true}}))
        .on(token, 200, json!({"token": "t0k"}))
        .on("POST /oauth2/authorize", 201, json!({"invite_code": "1nv1te"}))
        .on(
            explain,
            200,
            json!({"instances": [{"number": 1, "node": "core-01", "filters": null,
            "ranks": [{"node": "core-01"}]}, {}]}),
        )
        .on("GET /v1/nodes/development/core-01", 200, &node)
        .on("GET /v1/grids/development", 200, grid)
        .on("GET /v1/grids/development/nodes", 200, json!({"nodes": [node]}));
    let kontena = Kontena::c1(&master);
    kontena
        .run("node health core-01")
        .succeeds(&["⊝ Node is in a state that is not known", "⊛ Node core-01 etcd is healthy"]);
    kontena.run("node env --token core-01").succeeds(&["t0k"]);
    kontena.run("master user invite -c ann@example.com").succeeds(&["1nv1te"]);
    kontena.run("service explain redis").succeeds(&["redis", "⊛ 1 core-01", "⊗ 0 nowhere"]);
    assert!(kontena.run("node show core-01").out.contains("\n    cpus: 1\n"));
    let list = kontena.run("node ls");
    assert!(list.out.contains("online   2 / 3"), "{}", list.out);
    master.forget(health).on(health, 200, "{}").forget(token).on(token, 200, "{}");
    kontena.run("node health core-01").exits(1);
    kontena.run("node env core-01").fails(
        " [error] Node core-01 was not created with a node token. Use `kontena grid env` instead",
    );
}

#[test]
fn texts_of_others_cannot_control_the_terminal() {
    let master = m1();
    let name = "a\u{1b}[2J\nb";
    let path = "GET /v1/grids";
    let grid = json!({"name": name, "id": name, "initial_size": 1});
    let entry = json!({"id": "1", "name": "x\u{1b}[2J", "data": "\u{1b}[31mred\u{1b}[0m\r\n",
        "created_at": "now"});
    master
        .forget(path)
        .on(path, 200, json!({"grids": [&grid]}))
        .on("GET /v1/nodes/development/core-09", 404, json!({"error": "\u{1b}]0;title\u{7}"}))
        .on("GET /v1/nodes/development/core-08", 200, json!({"name": name}))
        .on("GET /v1/grids/development/container_logs?limit=100", 200, json!({"logs": [entry]}))
        .on("GET /v1/secrets/development/x", 200, json!({"name": "x", "value": "a\u{1b}b"}));
    let kontena = Kontena::c1(&master);
    kontena
        .run("grid ls")
        .succeeds(&["NAME                NODES   SERVICES   USERS", "a\\u001b[2J\\u000ab"]);
    kontena
        .run("node show core-09")
        .fails(" [error] 404 : \\u001b]0;title\\u0007 (/v1/nodes/development/core-09)");
    let shown = kontena.run("node show core-08");
    assert!(shown.out.starts_with("development/a\\u001b[2J\nb:\n"), "{:?}", shown.out);
    let shown = kontena.run_on_terminal("node show core-09 --color always", &[]);
    assert!(!shown.out.contains("\u{1b}]"), "{:?}", shown.out);
    let json: serde_json::Value =
        serde_json::from_str(&kontena.run("grid ls -o json").out).unwrap();
    assert_eq!(json[0], grid);
    // What programs wrote, and what is asked for by itself, comes as it is.
    let ran = kontena.run("grid logs");
    assert_eq!(ran.out, "now x\\u001b[2J: \u{1b}[31mred\u{1b}[0m\n");
    assert_eq!(kontena.run("vault read --value x").out, "a\u{1b}b\n");
}

#[test]
fn an_answer_of_another_shape_is_said_without_names_of_types() {
    for (body, why) in [
        (json!(["x"]), "a list came where an object was asked for"),
        (json!("hello"), "a text or number came where an object was asked for"),
        (json!({"grids": "none"}), "a part of the object has another form than it should"),
        (json!({"grids": [{"name": {}}]}), "a part of the object has another form than it should"),
    ] {
        let master = Master::new();
        master.on("GET /v1/grids", 200, body);
        let error =
            format!(" [error] 520 : Invalid response JSON from server for /v1/grids: {why}");
        Kontena::c1(&master).run("grid ls").fails(&error);
    }
}
