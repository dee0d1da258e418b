//! `kontena volume …`.

use serde_json::{Value, json};

use crate::support::kontena::visible;
use crate::support::{Case, Kontena, Master, m1};

const VOLUMES: &str = "/v1/volumes/development";

fn volume(name: &str) -> Value {
    json!({"id": format!("development/{name}"), "name": name, "scope": "instance",
        "driver": "local", "driver_opts": {"a.b": "c"}, "created_at": "2018-03-20T08:00:00.000Z",
        "instances": [{"node": "core-01", "name": "db.data-1"}],
        "services": [{"id": "development/null/db"}]})
}

fn with_volumes() -> Master {
    let master = m1();
    master
        .on(&format!("GET {VOLUMES}"), 200, json!({"volumes": [volume("logs"), volume("data")]}))
        .on(&format!("POST {VOLUMES}"), 201, "{}")
        .on(&format!("GET {VOLUMES}/data"), 200, volume("data"))
        .on(&format!("DELETE {VOLUMES}/data"), 200, "{}");
    master
}

#[test]
fn volumes_are_listed_by_name() {
    Case {
        line: "volume ls -l",
        out: &[
            "NAME   SCOPE      DRIVER   CREATED_AT",
            "data   instance   local    2018-03-20T08:00:00.000Z",
            "logs   instance   local    2018-03-20T08:00:00.000Z",
        ],
        err: &[],
        code: 0,
        requests: &["GET volumes/development"],
    }
    .holds(with_volumes);
    let kontena = Kontena::c1(&with_volumes());
    kontena.run("volume list -q").succeeds(&["data", "logs"]);
    assert!(kontena.run("volume ls").out.contains("2018-03-20T08:00:00.000Z"));
    let ran = kontena.run_on_terminal("volume ls", &[]);
    assert!(visible(&ran.out)[1].ends_with(" days ago"), "{:?}", ran.out);
}

#[test]
fn a_volume_is_shown() {
    let kontena = Kontena::c1(&with_volumes());
    kontena.run("volume show data").succeeds(&[
        "development/data:",
        "  created: 2018-03-20T08:00:00.000Z",
        "  scope: instance",
        "  driver: local",
        "  driver_opts:",
        "    a.b: c",
        "  instances:",
        "    - name: db.data-1",
        "      node: core-01",
        "  services:",
        "    - development/null/db",
    ]);
    let ran = kontena.run("volume show -o json data");
    assert_eq!(serde_json::from_str::<Value>(&ran.out).unwrap(), volume("data"));
}

#[test]
fn a_volume_is_created() {
    let masters = Case {
        line: "volume create --driver local --scope stack --driver-opt a.b=c=d data",
        out: &[" [done] Creating volume data"],
        err: &[],
        code: 0,
        requests: &["POST volumes/development"],
    }
    .holds(with_volumes);
    for master in masters {
        assert_eq!(
            master.body(),
            json!({"name": "data", "scope": "stack", "driver": "local",
                "driver_opts": {"a.b": "c=d"}})
        );
    }
}

#[test]
fn what_a_volume_needs() {
    let master = with_volumes();
    let kontena = Kontena::c1(&master);
    for (line, message) in [
        ("volume create data", "option '--driver' is required"),
        ("volume create --driver local data", "option '--scope' is required"),
        ("volume create --driver local --scope grid", "parameter 'NAME': no value provided"),
    ] {
        kontena
            .run_both(&master, line)
            .prints(&[])
            .complains(&[&format!("ERROR: {message}"), "", "See: 'kontena volume create --help'"])
            .exits(2);
    }
    kontena
        .run_both(&master, "volume create --driver local --scope node data")
        .fails(" [error] Unknown scope 'node', must be one of grid,stack,instance");
    kontena
        .run_both(&master, "volume create --driver local --scope grid --driver-opt x data")
        .fails(" [error] Invalid driver option x: --driver-opt takes KEY=VALUE");
    assert!(master.lines().is_empty());
}

#[test]
fn volumes_are_removed() {
    let master = with_volumes();
    let kontena = Kontena::c1(&master);
    kontena.run("volume rm data").fails(" [error] Command requires --force");
    kontena
        .run_both(&master, "volume rm --force data nope")
        .prints(&[" [done] Removing volume data", " [fail] Removing volume nope"])
        .complains(&[" [error] 404 : Not found (/v1/volumes/development/nope)"])
        .exits(1);
    assert_eq!(
        master.lines(),
        ["DELETE volumes/development/data", "DELETE volumes/development/nope"]
    );
}
