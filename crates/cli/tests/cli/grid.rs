//! `kontena grid …`.

use serde_json::{Value, json};

use crate::support::{Kontena, Master, m1};

#[test]
fn case_34() {
    let master = m1();
    Kontena::c1(&master).run_both(&master, "grid list").succeeds(&[
        "NAME            NODES   SERVICES   USERS",
        "prod            0       0          1",
        "development *   3       3          2",
    ]);
    assert_eq!(master.lines(), ["GET grids"]);
    Kontena::c1(&master).run_both(&master, "grid ls -q").succeeds(&["development", "prod"]);
}

#[test]
fn case_35() {
    let master = Master::new();
    master.on("GET /v1/grids", 200, json!({"grids": []}));
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "grid list")
        .succeeds(&["Kontena Master test doesn't have any grids yet. \
         Create one now using 'kontena grid create' command"]);
    kontena.run_both(&master, "grid list -q").succeeds(&[]);
}

#[test]
fn case_36() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let lines = [
        "prod:",
        "  uri: ws://192.168.66.1:9292/",
        "  initial_size: 3",
        "  default_affinity:",
        "  subnet: 10.81.0.0/16",
        "  supernet: 10.80.0.0/12",
        "  stats:",
        "    nodes: 0 of 0",
        "    cpus: 0",
        "    load: 0.0 0.0 0.0",
        "    memory: 0.0 of 0.0 GB",
        "    filesystem: 0.0 of 0.0 GB",
        "    users: 1",
        "    services: 0",
        "    containers: 0",
        "  exports:",
        "    statsd: 10.0.0.1:8125",
        "logs:",
        "  forwarder: fluentd",
        "  fluentd-address: 10.0.0.9:24224",
    ];
    kontena.run_both(&master, "grid show prod").succeeds(&lines);
    assert_eq!(master.lines(), ["GET grids", "GET grids/prod/nodes"]);
    kontena.run_both(&master, "grid current --grid prod").succeeds(&lines);
    kontena.run_both(&master, "grid show nope").fails(" [error] Grid not found");
    kontena.run_both(&master, "grid show --token prod").succeeds(&["prodtok"]);
}

#[test]
fn current_grid() {
    let master = m1();
    Kontena::c1(&master).run("grid current --name").succeeds(&["development"]);
    assert_eq!(master.lines(), ["GET grids/development"]);
    let none = Kontena::c1(&master).with_entry(|entry| entry["grid"] = Value::Null);
    none.run("grid current").fails(
        " [error] No grid selected. To select grid, please run: kontena grid use <grid name>",
    );
    none.run("grid env").fails(
        " [error] No grid selected. Use: kontena grid env <name>, \
         or select a grid with: kontena grid use <name>",
    );
}

#[test]
fn case_37() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let before = kontena.config();
    kontena.run_both(&master, "grid use nope").fails(
        " [error] Could not resolve grid by name [nope]. \
         For a list of existing grids please run: kontena grid list",
    );
    assert_eq!(kontena.config(), before);
    kontena.run_both(&master, "grid use prod").succeeds(&["Using grid: prod"]);
    assert_eq!(kontena.config()["servers"][0]["grid"], "prod");
    kontena.run_both(&master, "grid use --silent development").succeeds(&[]);
    assert_eq!(kontena.config()["servers"][0]["grid"], "development");
}

#[test]
fn case_38() {
    let master = m1();
    master.on("POST /v1/grids", 201, json!({"name": "lab"}));
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "grid create lab")
        .prints(&[" [done] Creating lab grid", " [done] Switching scope to lab grid"])
        .complains(&[" [warn] Option --initial-size=1 is only recommended for test/dev usage"])
        .exits(0);
    assert_eq!(master.body(), json!({"name": "lab", "initial_size": 1}));
    assert_eq!(kontena.config()["servers"][0]["grid"], "lab");
    for quiet in ["--silent", "--initial-size 1"] {
        kontena.run_both(&master, &format!("grid create {quiet} lab")).complains(&[]).exits(0);
    }
}

#[test]
fn a_grid_with_every_setting() {
    let master = m1();
    master.on("POST /v1/grids", 201, json!({"name": "lab"}));
    Kontena::c1(&master)
        .run(
            "grid create lab --initial-size 3 --token t --subnet 10.8.0.0/16 --supernet 10.0.0.0/8 \
             --default-affinity a==b --default-affinity c --statsd-server h:99 \
             --log-forwarder fluentd --log-opt fluentd-address=h:24224",
        )
        .exits(0);
    assert_eq!(
        master.body(),
        json!({"name": "lab", "initial_size": 3, "token": "t", "subnet": "10.8.0.0/16",
            "supernet": "10.0.0.0/8", "default_affinity": ["a==b", "c"],
            "stats": {"statsd": {"server": "h", "port": 99}},
            "logs": {"forwarder": "fluentd", "opts": {"fluentd-address": "h:24224"}}})
    );
}

#[test]
fn log_options_need_a_forwarder() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    kontena
        .run("grid create --silent --log-opt a=b lab")
        .fails(" [error] 1 : Need to specify --log-forwarder when using --log-opt");
    kontena
        .run("grid create --silent --log-forwarder fluentd --no-log-forwarder lab")
        .fails(" [error] Can't use --log-forwarder and --no-log-forwarder together");
    assert!(master.lines().is_empty());
    master.on("POST /v1/grids", 201, "{}");
    kontena
        .run("grid create --silent --log-forwarder none lab")
        .complains(&["[DEPRECATED] --log-forwarder none will be replaced with --no-log-forwarder"])
        .exits(0);
}

#[test]
fn case_40() {
    let master = m1();
    master.on("DELETE /v1/grids/development", 200, "{}");
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "grid rm development </dev/null")
        .fails(" [error] Command requires --force");
    kontena
        .run_both(&master, "grid rm --force development")
        .succeeds(&[" [done] removing development grid"]);
    assert_eq!(master.lines(), ["GET grids", "DELETE grids/development"]);
    assert_eq!(kontena.config()["servers"][0].get("grid"), None);
    kontena.run_both(&master, "grid rm --force nope").fails(
        " [error] Could not resolve grid by name [nope]. \
         For a list of existing grids please run: kontena grid list",
    );
}

#[test]
fn case_42() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "grid env -e prod")
        .succeeds(&["export KONTENA_URI=ws://192.168.66.1:9292/", "export KONTENA_TOKEN=prodtok"]);
    assert_eq!(master.lines(), ["GET grids"]);
    kontena
        .run_both(&master, "grid env")
        .succeeds(&["KONTENA_URI=ws://192.168.66.1:9292/", "KONTENA_TOKEN=gridtok"]);
    kontena.run_both(&master, "grid env nope").fails(" [error] Grid not found");
}
