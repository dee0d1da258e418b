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
fn case_39() {
    let master = m1();
    Kontena::c1(&master)
        .run_both(&master, "grid update --log-opt a=b development")
        .fails(" [error] 1 : Need to specify --log-forwarder when using --log-opt");
    assert!(master.lines().is_empty());
}

#[test]
fn a_grid_is_updated_with_what_is_given() {
    let master = m1();
    master.on("PUT /v1/grids/prod", 200, "{}");
    let kontena = Kontena::c1(&master);
    for (flags, body) in [
        ("", json!({})),
        ("--statsd-server h", json!({"stats": {"statsd": {"server": "h", "port": 8125}}})),
        ("--no-statsd-server", json!({"stats": {"statsd": null}})),
        ("--default-affinity a==b", json!({"default_affinity": ["a==b"]})),
        ("--no-default-affinity", json!({"default_affinity": []})),
        ("--no-log-forwarder", json!({"logs": {"forwarder": "none", "opts": {}}})),
        (
            "--log-forwarder fluentd --log-opt a=b=c",
            json!({"logs": {"forwarder": "fluentd", "opts": {"a": "b=c"}}}),
        ),
    ] {
        kontena.run_both(&master, &format!("grid update {flags} prod")).succeeds(&[]);
        assert_eq!(master.body(), body, "{flags}");
    }
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
fn case_41() {
    let master = m1();
    Kontena::c1(&master)
        .run_both(&master, "grid health prod")
        .prints(&["⊗ Grid does not have any initial nodes, and requires at least 2 of 3 \
             initial nodes for operation"])
        .complains(&[])
        .exits(1);
    assert_eq!(master.lines(), ["GET grids/prod", "GET grids/prod/nodes"]);
}

#[test]
fn nodes_that_are_offline_are_named() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    let first = "⊙ Grid only has 1 initial node, and is not high-availability";
    let lines = [first, "⊝ Grid node core-03 is offline"];
    kontena.run_both(&master, "grid health").prints(&lines).complains(&[]).exits(0);
    kontena.run("grid health nope").fails(" [error] 404 : Not found (/v1/grids/nope)");
    let lost = crate::support::node(1, false, true, &[]);
    let nodes = "GET /v1/grids/development/nodes";
    master.forget(nodes).on(nodes, 200, json!({ "nodes": [lost] }));
    kontena
        .run("grid health")
        .prints(&[
            "⊗ Grid does not have any initial nodes online, and requires at least 1 of 1 \
             initial nodes for operation",
            "⊗ Initial node core-01 is offline",
        ])
        .exits(1);
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

#[test]
fn users_of_a_grid() {
    let master = m1();
    let users = json!({"users": [{"id": "1", "email": "ann@example.com", "name": "Ann"},
        {"id": "2", "email": "bo@example.com", "name": null}]});
    master
        .on("GET /v1/grids/development/users", 200, users)
        .on("POST /v1/grids/development/users", 201, "{}")
        .on("DELETE /v1/grids/development/users/bo@example.com", 200, "{}");
    let kontena = Kontena::c1(&master);
    kontena.run_both(&master, "grid user ls").succeeds(&[
        "EMAIL             NAME",
        "ann@example.com   Ann",
        "bo@example.com",
    ]);
    kontena.run("grid user list -q").succeeds(&["ann@example.com", "bo@example.com"]);
    kontena.run_both(&master, "grid user add ann@example.com").succeeds(&[]);
    assert_eq!(master.body(), json!({"email": "ann@example.com"}));
    kontena.run("grid user rm bo@example.com").fails(" [error] Command requires --force");
    kontena.run_both(&master, "grid user rm --force bo@example.com").succeeds(&[]);
    assert_eq!(
        master.lines().last().map(String::as_str),
        Some("DELETE grids/development/users/bo@example.com")
    );
}

#[test]
fn trusted_subnets() {
    let master = m1();
    let grid =
        json!({"id": "development", "name": "development", "trusted_subnets": ["10.1.0.0/16"]});
    let path = "/v1/grids/development";
    master.forget(&format!("GET {path}")).on(&format!("GET {path}"), 200, &grid).on(
        &format!("PUT {path}"),
        200,
        &grid,
    );
    let kontena = Kontena::c1(&master);
    kontena.run_both(&master, "grid trusted-subnet ls").succeeds(&["10.1.0.0/16"]);
    kontena
        .run_both(&master, "grid trusted-subnet add 10.2.0.0/16")
        .succeeds(&[" [done] Adding 10.2.0.0/16 as a trusted subnet in development grid"]);
    assert_eq!(master.body(), json!({"trusted_subnets": ["10.1.0.0/16", "10.2.0.0/16"]}));
    kontena
        .run_both(&master, "grid trusted-subnet rm --force 10.1.0.0/16")
        .succeeds(&[" [done] Removing trusted subnet 10.1.0.0/16 from development grid"]);
    assert_eq!(master.body(), json!({"trusted_subnets": []}));
    kontena
        .run("grid trusted-subnet rm --force 10.9.0.0/16")
        .fails(" [error] Grid development does not have trusted subnet 10.9.0.0/16");
}

#[test]
fn the_audit_log_has_fixed_columns() {
    let master = m1();
    let entry = json!({"time": "2018-03-20T09:30:05.774Z", "grid": "development",
        "resource_type": "HostNode", "resource_name": "core-03", "resource_id": "1",
        "event_name": "create", "user_identity": {"id": "1", "email": "admin"},
        "source_ip": "10.0.0.1", "user_agent": "kontena-cli/1.5.4"});
    let log = json!({ "logs": [entry] });
    master
        .on("GET /v1/grids/development/audit_log?limit=2", 200, &log)
        .on("GET /v1/grids/development/audit_log", 200, &log)
        .on("GET /v1/audit_logs?limit=2", 200, &log);
    let kontena = Kontena::c1(&master);
    let lines = [
        "Time                           Grid       Resource Type   Resource Name             \
         Event Name      User                      Source IP       User-Agent",
        "2018-03-20T09:30:05.774Z       development HostNode        core-03                   \
         create          admin                     10.0.0.1        kontena-cli/1.5.4",
    ];
    kontena.run_both(&master, "grid audit-log -l 2").succeeds(&lines);
    kontena.run("grid audit-log").succeeds(&lines);
    kontena.run_both(&master, "master audit-log --lines 2").succeeds(&lines);
    let json: Value = serde_json::from_str(&kontena.run("grid audit-log -o json").out).unwrap();
    assert_eq!(json[0]["event_name"], "create");
}

#[test]
fn a_cloud_config_joins_the_grid() {
    let master = m1();
    let ran = Kontena::c1(&master).run("grid cloud-config --dns 10.0.0.2 prod");
    ran.exits(0);
    assert!(
        ran.err.starts_with(" [warn] The match for network interfaces is guessed"),
        "{}",
        ran.err
    );
    for part in [
        "#cloud-config\n",
        "      KONTENA_URI=ws://192.168.66.1:9292/\n      KONTENA_TOKEN=prodtok\n",
        "      KONTENA_PEER_INTERFACE=eth1\n",
        "      Name=eth*\n",
        "      DNS=10.0.0.2\n",
        "{\"bip\": \"172.17.43.1/16\"}",
    ] {
        assert!(ran.out.contains(part), "{part} is not in {}", ran.out);
    }
    let given = "grid cloud-config --default-interface-match ens* --peer-interface ens4 prod";
    let ran = Kontena::c1(&master).run(given);
    ran.complains(&[]).exits(0);
    assert!(ran.out.contains("      Name=ens*\n"));
    Kontena::c1(&master).run("grid cloud-config nope").fails(" [error] Grid not found");
}
