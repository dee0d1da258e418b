//! `kontena node …`.

use serde_json::{Value, json};

use crate::support::fixtures::TOKEN;
use crate::support::kontena::visible;
use crate::support::{Kontena, Master, m1, node};

const LIST: &str = "\
NAME        VERSION     STATUS    INITIAL   LABELS
⊛ core-01   1.4.0       online    1 / 1     provider=vagrant
⊛ core-02   1.4.0       online    -         provider=vagrant
⊝ core-03   1.4.0       offline   -         -
";

#[test]
fn case_1() {
    let master = m1();
    let ran = Kontena::c1(&master).run_both(&master, "node list");
    ran.exits(0).complains(&[]);
    assert_eq!(ran.out, LIST, "byte for byte");
    assert_eq!(master.lines(), ["GET grids/development", "GET grids/development/nodes"]);
}

#[test]
fn case_2() {
    let master = m1();
    Kontena::c1(&master)
        .run_both(&master, "node ls -q")
        .succeeds(&["core-01", "core-02", "core-03"]);
    assert_eq!(master.lines(), ["GET grids/development", "GET grids/development/nodes"]);
}

#[test]
fn case_3() {
    let master = m1();
    Kontena::c1(&master)
        .run_both(&master, "node ls --grid prod")
        .succeeds(&["NAME   VERSION     STATUS   INITIAL   LABELS"]);
    assert_eq!(master.lines(), ["GET grids/prod", "GET grids/prod/nodes"]);
}

#[test]
fn case_4() {
    let master = m1();
    let quiet = Kontena::c1(&master).run_both(&master, "node ls -q --grid prod");
    assert_eq!((quiet.out.len(), quiet.err.len(), quiet.code), (0, 0, 0));
    assert_eq!(master.lines(), ["GET grids/prod", "GET grids/prod/nodes"]);
}

#[test]
fn case_5() {
    let master = m1();
    let kontena = Kontena::c1(&master).env("COLUMNS", "40");
    kontena.run_both(&master, "node ls --all").succeeds(&[
        "NAME                    VERSION     STATUS    INITIAL   LABELS",
        "⊛ development/core-01   1.4.0       online    1 / 1     provider=vagrant",
        "⊛ development/core-02   1.4.0       online    -         provider=vagrant",
        "⊝ development/core-03   1.4.0       offline   -         -",
    ]);
    assert_eq!(
        master.lines(),
        ["GET grids", "GET grids/development/nodes", "GET grids/prod/nodes"]
    );
    kontena.run_both(&master, "node ls -q -a").succeeds(&[
        "development/core-01",
        "development/core-02",
        "development/core-03",
    ]);
}

fn grid_of_three(nodes: &[Value]) -> Master {
    let master = Master::new();
    master
        .on("GET /v1/grids/development", 200, json!({"id": "development", "initial_size": 3}))
        .on("GET /v1/grids/development/nodes", 200, json!({ "nodes": nodes }));
    master
}

fn initial(number: u32, connected: bool) -> Value {
    let mut node = node(number, connected, true, &[]);
    node["initial_member"] = json!(true);
    node
}

#[test]
fn case_6() {
    let master = grid_of_three(&[initial(1, true)]);
    let ran = Kontena::c1(&master).run_both(&master, "node list");
    assert!(ran.out.contains("\n⊗ core-01   1.4.0       online   1 / 3"), "{}", ran.out);
}

#[test]
fn case_7() {
    let master = grid_of_three(&[initial(1, true), initial(2, true), initial(3, false)]);
    Kontena::c1(&master).run_both(&master, "node list").succeeds(&[
        "NAME        VERSION     STATUS    INITIAL   LABELS",
        "⊙ core-01   1.4.0       online    1 / 3     -",
        "⊙ core-02   1.4.0       online    2 / 3     -",
        "⊝ core-03   1.4.0       offline   3 / 3     -",
    ]);
}

#[test]
fn case_8() {
    let master = Master::new();
    let nameless = json!({"name": null, "node_id": "CCCC:CCCC", "status": "connecting",
        "connected": true, "initial_member": false, "agent_version": null, "node_number": 9,
        "labels": null});
    let ran = Kontena::c1(&grid_of_three(&[nameless])).run_both(&master, "node list");
    assert!(
        ran.out.contains("⊛ CCCC:CCCC   -           connecting   -         -\n"),
        "{}",
        ran.out
    );
}

#[test]
fn case_10() {
    let master = m1();
    master.on("POST /v1/grids/development/nodes", 201, "{}");
    let ran = Kontena::c1(&master).run_both(&master, "node create core-03");
    ran.exits(0).complains(&[]);
    assert_eq!(ran.out, " [done] Creating core-03 node      \n", "byte for byte");
    assert_eq!(master.lines(), ["POST grids/development/nodes"]);
    assert_eq!(master.body(), json!({"name": "core-03", "labels": []}));
}

#[test]
fn case_11() {
    let master = m1();
    master.on("POST /v1/grids/development/nodes", 201, "");
    Kontena::c1(&master)
        .run_both(&master, "node create --token=0123456789abcdef -l a=b --label c core-09")
        .succeeds(&[" [done] Creating core-09 node"]);
    assert_eq!(
        master.body(),
        json!({"name": "core-09", "token": "0123456789abcdef", "labels": ["a=b", "c"]})
    );
}

#[test]
fn case_12() {
    let master = m1();
    let taken = json!({"error": {"name": "Node with name core-03 already exists"}});
    master.on("POST /v1/grids/development/nodes", 422, taken);
    let ran = Kontena::c1(&master).run_both(&master, "node create core-03");
    ran.prints(&[" [fail] Creating core-03 node"]).exits(1);
    assert_eq!(
        ran.err,
        " [error] 422 : Unprocessable Entity:\n\tname: Node with name core-03 already exists\n"
    );
}

#[test]
fn case_13() {
    let master = m1();
    let token = format!("KONTENA_NODE_TOKEN={TOKEN}");
    Kontena::c1(&master)
        .run_both(&master, "node env core-03")
        .succeeds(&["KONTENA_URI=ws://192.168.66.1:9292/", &token]);
    assert_eq!(master.lines(), ["GET nodes/development/core-03/token"]);
}

#[test]
fn case_14() {
    let master = m1();
    Kontena::c1(&master).run_both(&master, "node env --token core-03").succeeds(&[TOKEN]);
    assert_eq!(master.lines(), ["GET nodes/development/core-03/token"]);
}

#[test]
fn case_15() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    kontena.run_both(&master, "node env core-02").fails(
        " [error] Node core-02 was not created with a node token. Use `kontena grid env` instead",
    );
    kontena
        .run_both(&master, "node env nosuch")
        .fails(" [error] 404 : Not found (/v1/nodes/development/nosuch/token)");
}

#[test]
fn case_18() {
    let master = m1();
    Kontena::c1(&master)
        .run_both(&master, "node rm core-03 </dev/null")
        .fails(" [error] Command requires --force");
    assert_eq!(master.lines(), ["GET nodes/development/core-03"]);
}

#[test]
fn case_19() {
    for flag in ["--force", "-y", "--yes"] {
        let master = m1();
        Kontena::c1(&master)
            .run_both(&master, &format!("node rm {flag} core-01"))
            .prints(&[" [done] Removing core-01 node from development grid"])
            .complains(&[" [warn] Node core-01 is still connected using a node token, \
                 but will be force-disconnected"])
            .exits(0);
        assert_eq!(
            master.lines(),
            ["GET nodes/development/core-01", "DELETE nodes/development/core-01"]
        );
    }
}

#[test]
fn case_20() {
    let master = m1();
    Kontena::c1(&master).run_both(&master, "node rm --force core-02").fails(
        " [error] Node core-02 is still connected using a grid token. \
         You must terminate the node before removing it.",
    );
    assert_eq!(master.lines(), ["GET nodes/development/core-02"]);
}

#[test]
fn case_21() {
    let master = m1();
    Kontena::c1(&master)
        .run_both(&master, "node rm --force core-03 nosuch")
        .prints(&[" [done] Removing core-03 node from development grid"])
        .complains(&[" [error] 404 : Not found (/v1/nodes/development/nosuch)"])
        .exits(1);
    assert_eq!(
        master.lines(),
        [
            "GET nodes/development/core-03",
            "DELETE nodes/development/core-03",
            "GET nodes/development/nosuch",
        ]
    );
}

#[test]
fn case_22() {
    let master = m1();
    Kontena::c1(&master)
        .run_both(&master, "node reset core-03 </dev/null")
        .fails(" [error] Command requires --force");
    assert!(master.lines().is_empty());
}

#[test]
fn case_23() {
    for name in ["reset", "reset-token"] {
        let master = m1();
        Kontena::c1(&master)
            .run_both(&master, &format!("node {name} --force core-03"))
            .succeeds(&[" [done] Resetting node core-03 websocket connection token"]);
        assert_eq!(master.lines(), ["PUT nodes/development/core-03/token"]);
        assert_eq!(master.body(), json!({"token": null, "reset_connection": true}));
    }
}

#[test]
fn case_24() {
    let master = m1();
    Kontena::c1(&master)
        .run_both(&master, "node reset --clear-token --no-reset-connection --force core-03")
        .succeeds(&[" [done] Resetting node core-03 websocket connection token"]);
    assert_eq!(master.lines(), ["DELETE nodes/development/core-03/token"]);
    assert_eq!(master.body(), json!({"reset_connection": false}));
}

#[test]
fn case_25() {
    let master = m1();
    let ran = Kontena::c1(&master).run_both(&master, "node show core-03");
    ran.exits(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[..2], ["development/core-03:", "  id: ID:3"]);
    for line in ["  connected: no", "  availability: active", "  initial node: no"] {
        assert!(lines.contains(&line), "{}", ran.out);
    }
    assert!(ran.out.contains("\n  labels:\n  stats:\n    cpus: 1\n"));
    assert_eq!(lines.last(), Some(&"    cpus: 1"));
    assert_eq!(master.lines(), ["GET nodes/development/core-03"]);
}

#[test]
fn case_26() {
    let master = m1();
    let mut busy = node(1, true, true, &[]);
    busy["resource_usage"] = json!({
        "load": {"1m": 0.7449, "5m": 0.4162, "15m": 0.3051},
        "memory": {"used": 3_321_888_768_u64, "cached": 1_073_741_824, "buffers": 134_217_728,
            "total": 8_589_934_592_u64},
        "filesystem": [
            {"name": "/var/lib/docker", "used": 22_750_584_832_u64, "total": 53_687_091_200_u64}],
    });
    master.forget("GET /v1/nodes/development/core-01");
    master.on("GET /v1/nodes/development/core-01", 200, busy);
    let ran = Kontena::c1(&master).run_both(&master, "node show core-01");
    assert!(
        ran.out.ends_with(
            "    cpus: 1\n    load: 0.74 0.42 0.31\n    memory: 1.97 of 8.0 GB\n    filesystem:\n      \
             - /var/lib/docker: 21.19 of 50.0 GB\n"
        ),
        "{}",
        ran.out
    );
}

#[test]
fn case_27() {
    let master = m1();
    Kontena::c1(&master)
        .run_both(&master, "node show nosuch")
        .fails(" [error] 404 : Not found (/v1/nodes/development/nosuch)");
}

/// A master that answers for the health of a node.
fn health_of(node: &str, status: u16, answer: Value) -> Master {
    let master = m1();
    master.on(&format!("GET /v1/nodes/development/{node}/health"), status, answer);
    master
}

fn health(node: &str, status: &str, connected_at: &str, etcd: Value) -> Value {
    json!({"id": format!("development/{node}"), "name": node, "node_number": 1,
        "initial_member": true, "status": status, "connected_at": connected_at,
        "disconnected_at": null, "connected": true, "etcd_health": etcd})
}

#[expect(clippy::disallowed_methods, reason = "the program under test reads the machine's clock")]
fn seconds_ago(seconds: i64) -> String {
    kontena_protocol::api::timestamp(chrono::Utc::now() - chrono::TimeDelta::seconds(seconds))
}

#[test]
fn case_28() {
    let since = seconds_ago(8303);
    let healthy = json!({"health": true, "error": null});
    let master = health_of("core-01", 200, health("core-01", "online", &since, healthy));
    let ran = Kontena::c1(&master).run("node health core-01");
    ran.exits(0).complains(&[]);
    let ages = ["2h18m23s", "2h18m24s", "2h18m25s"];
    let expected =
        ages.map(|age| format!("⊛ Node is online for {age}\n⊛ Node core-01 etcd is healthy\n"));
    assert!(expected.contains(&ran.out), "{}", ran.out);
    assert_eq!(master.lines(), ["GET nodes/development/core-01/health"]);
    let shown = Kontena::c1(&master).run_on_terminal("node health core-01", &[]);
    shown.exits(0);
    let lines = visible(&shown.out).join("\n");
    assert!(lines.starts_with("⊛ Node is online for 2h18m2"), "{lines}");
    assert!(lines.ends_with("\n⊛ Node core-01 etcd is healthy"), "{lines}");
}

#[test]
fn case_29() {
    let reason = "Websocket disconnected at 2018-03-21 06:15:42 UTC with code 4030: \
        ping timeout after 5.00s";
    let master = health_of("core-03", 422, json!({"error": {"connection": reason}}));
    let line = format!("⊝ Node development/core-03 connection error: {reason}");
    Kontena::c1(&master)
        .run_both(&master, "node health core-03")
        .prints(&[&line])
        .complains(&[])
        .exits(1);
    assert_eq!(master.lines(), ["GET nodes/development/core-03/health"]);
}

#[test]
fn an_unhealthy_etcd_is_a_failure() {
    for (etcd, line) in [
        (
            json!({"health": false, "error": "no peers reachable"}),
            "⊗ Node core-01 etcd is unhealthy: no peers reachable",
        ),
        (json!({"health": null, "error": "503"}), "⊗ Node core-01 etcd is unhealthy: 503"),
        (json!({"health": false}), "⊗ Node core-01 etcd is unhealthy"),
    ] {
        let answer = health("core-01", "drain", "2018-03-20T07:11:42.101Z", etcd);
        let master = health_of("core-01", 200, answer);
        let ran = Kontena::c1(&master).run("node health core-01");
        ran.prints(&["⊙ Node is drain", line]).complains(&[]).exits(1);
    }
}

#[test]
fn a_node_whose_health_nobody_can_ask_for() {
    let agent = json!({"error": {"etcd_health": "Connection timeout (10s)"}});
    Kontena::c1(&health_of("core-02", 422, agent))
        .run("node health core-02")
        .prints(&["⊝ Node development/core-02 etcd_health error: Connection timeout (10s)"])
        .complains(&[])
        .exits(1);
    Kontena::c1(&m1())
        .run("node health nosuch")
        .fails(" [error] 404 : Not found (/v1/nodes/development/nosuch/health)");
}

#[test]
fn case_30() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "node update --availability drain core-01")
        .succeeds(&[" [done] Updating core-01 node"]);
    assert_eq!(master.lines(), ["PUT nodes/development/core-01"]);
    assert_eq!(master.body(), json!({"availability": "drain"}));
    kontena
        .run_both(&master, "node update --clear-labels -l x core-01 core-02")
        .succeeds(&[" [done] Updating core-01 node", " [done] Updating core-02 node"]);
    assert_eq!(master.body(), json!({"labels": []}));
    kontena.run_both(&master, "node update core-01").exits(0);
    assert_eq!(master.body(), json!({}));
}

#[test]
fn case_31() {
    let master = m1();
    Kontena::c1(&master)
        .run_both(&master, "node label add core-01 disk=ssd provider=vagrant")
        .succeeds(&[]);
    assert_eq!(master.lines(), ["GET nodes/development/core-01", "PUT nodes/development/core-01"]);
    assert_eq!(master.body(), json!({"labels": ["provider=vagrant", "disk=ssd"]}));
}

#[test]
fn case_32() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "node label rm core-01 x y")
        .fails(" [error] Labels x, y not found on node core-01");
    assert_eq!(master.lines(), ["GET nodes/development/core-01"]);
    kontena
        .run_both(&master, "node label rm core-01 x provider=vagrant")
        .fails(" [error] Label x not found on node core-01");
}

#[test]
fn case_33() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    kontena.run_both(&master, "node label rm --force core-01 x provider=vagrant").succeeds(&[]);
    assert_eq!(master.body(), json!({"labels": []}));
    let before = master.lines().len();
    kontena.run_both(&master, "node label rm --force core-01 x").succeeds(&[]);
    assert_eq!(master.lines().len(), before + 1, "nothing matched, nothing is written");
}

#[test]
fn labels_are_listed_one_per_line() {
    let kontena = Kontena::c1(&m1());
    kontena.run("node label ls core-01").succeeds(&["provider=vagrant"]);
    kontena.run("node label list core-03").succeeds(&[]);
    kontena.run("node label ls -o yaml core-01").succeeds(&["- provider=vagrant"]);
}

#[test]
fn every_format_of_the_list() {
    let kontena = Kontena::c1(&m1());
    let wide = kontena.run("node ls -o wide");
    assert!(
        wide.out.starts_with("NAME        VERSION     STATUS    INITIAL   LABELS             AGE")
    );
    let json: Value = serde_json::from_str(&kontena.run("node ls -o json").out).unwrap();
    assert_eq!(json[0]["name"], "core-01");
    assert!(kontena.run("node ls -o yaml").out.starts_with("- agent_version: '1.4.0'\n"));
    kontena.run("node ls -o name").succeeds(&["core-01", "core-02", "core-03"]);
    let json: Value = serde_json::from_str(&kontena.run("node show core-01 -o json").out).unwrap();
    assert_eq!(json["id"], "development/core-01");
}
