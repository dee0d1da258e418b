//! `kontena node drain|activate|wait|ssh`: what operators do, beyond the cases of the contract.

use serde_json::{Value, json};

use crate::support::{Kontena, m1, node};

#[test]
fn a_node_is_drained_and_activated() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "node drain core-01 core-02")
        .succeeds(&[" [done] Updating core-01 node", " [done] Updating core-02 node"]);
    assert_eq!(master.body(), json!({"availability": "drain"}));
    kontena.run("node activate core-01").succeeds(&[" [done] Updating core-01 node"]);
    assert_eq!(master.body(), json!({"availability": "active"}));
}

fn instances(on: &[&str]) -> Value {
    let instances: Vec<Value> = on
        .iter()
        .enumerate()
        .map(|(index, node)| json!({"instance_number": index + 1, "node": {"name": node}}))
        .collect();
    json!({ "instances": instances })
}

#[test]
fn draining_waits_for_the_stateless_and_names_the_stateful() {
    let master = m1();
    let redis = "GET /v1/services/development/null/redis/instances";
    master
        .on(
            "GET /v1/services/development/web/app/instances",
            200,
            instances(&["core-02", "core-01"]),
        )
        .on("GET /v1/services/development/web/old/instances", 200, instances(&[]))
        .on(redis, 200, instances(&["core-01", "core-02"]))
        .on(redis, 200, instances(&["core-02", "core-02"]));
    Kontena::c1(&master)
        .run("node drain --wait core-01")
        .prints(&[
            " [done] Updating core-01 node",
            " [done] Waiting for stateless instances to leave node core-01",
        ])
        .complains(&[" [warn] Stateful instances of node core-01 stop and do not move: \
             development/web/app-2"])
        .exits(0);
    let asked = master.lines();
    assert_eq!(asked.iter().filter(|line| line.ends_with("redis/instances")).count(), 2);
    assert_eq!(asked.iter().filter(|line| line.ends_with("old/instances")).count(), 1);
}

#[test]
fn draining_that_takes_too_long_says_what_is_left() {
    let master = m1();
    for service in ["web/app", "web/old"] {
        let path = format!("GET /v1/services/development/{service}/instances");
        master.on(&path, 200, instances(&[]));
    }
    let redis = "GET /v1/services/development/null/redis/instances";
    master.on(redis, 200, instances(&["core-01"]));
    Kontena::c1(&master)
        .env("KONTENA_EXIT_CODES", "1")
        .run("node drain --wait --timeout 0 core-01")
        .complains(&[" [error] Timed out waiting for node core-01 to be drained, still there: \
             development/null/redis-1"])
        .exits(6);
}

#[test]
fn a_node_is_waited_for() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    for (state, node) in [("online", "core-01"), ("offline", "core-03"), ("removed", "nosuch")] {
        kontena
            .run_both(&master, &format!("node wait --for {state} {node}"))
            .succeeds(&[&format!(" [done] Waiting for node {node} to be {state}")]);
    }
    kontena
        .run("node wait --for offline --timeout 0 core-01")
        .prints(&[" [fail] Waiting for node core-01 to be offline"])
        .complains(&[" [error] Timed out waiting for node core-01 to be offline"])
        .exits(1);
    kontena
        .run("node wait --for online nosuch")
        .complains(&[" [error] Node nosuch does not exist"])
        .exits(1);
    let ran = kontena.run("node wait core-01");
    ran.exits(2);
    assert!(ran.err.starts_with("ERROR: option '--for' is required\n"), "{}", ran.err);
}

#[test]
fn a_node_that_comes_is_noticed() {
    let master = m1();
    let path = "GET /v1/nodes/development/core-03";
    master.on(path, 200, node(3, true, true, &[]));
    Kontena::c1(&master)
        .run("node wait --for online core-03")
        .succeeds(&[" [done] Waiting for node core-03 to be online"]);
    assert_eq!(master.lines(), ["GET nodes/development/core-03"; 2]);
}

#[test]
fn ssh_takes_over() {
    let master = m1();
    let path = "GET /v1/nodes/development/core-01";
    master.forget(path).on(path, 200, node(1, true, true, &["az=a1"]));
    let mut offline = node(2, false, true, &[]);
    offline["public_ip"] = Value::Null;
    let nodes = "GET /v1/grids/development/nodes";
    master.forget(nodes).on(nodes, 200, json!({"nodes": [offline, node(1, true, true, &[])]}));
    let kontena = Kontena::c1(&master);
    kontena.program("ssh", "echo \"ssh $*\"; exit 7");
    for (line, arguments) in [
        ("node ssh core-01", "core@203.0.113.11"),
        ("node ssh core-01 -- docker ps -a", "core@203.0.113.11 docker ps -a"),
        ("node ssh -i key -u root --private-ip core-01 uptime", "-i key root@10.0.4.11 uptime"),
        ("node ssh --internal-ip core-01", "core@10.81.0.1"),
        ("node ssh --any -- ls -l", "core@203.0.113.11 ls -l"),
    ] {
        let ran = kontena.run(line);
        ran.prints(&[&format!("ssh {arguments}")]).complains(&[]).exits(7);
    }
    kontena.run("node ssh --any core-01").fails(" [error] Cannot combine --any with a node name");
    kontena
        .run("node ssh")
        .fails(" [error] No node name given. Use --any to connect to the first available node");
    kontena.run("node ssh core-02").exits(1);
    Kontena::c1(&m1()).run("node ssh core-01").fails(
        " [error] Node core-01 is a Vagrant machine, which takes the vagrant plugin to open. \
         Use: kontena plugin install vagrant",
    );
    master.forget(nodes).on(nodes, 200, json!({"nodes": [offline]}));
    kontena.run("node ssh -a").fails(" [error] There are no online nodes");
}
