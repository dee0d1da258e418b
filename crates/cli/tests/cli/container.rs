//! `kontena container …`, but for what it writes (`streams`) and what is run in it (`exec`).

use serde_json::json;

use crate::support::{Kontena, Master, m1};

fn with_containers() -> Master {
    let master = m1();
    let containers = json!([
        {"name": "redis-1", "node": {"name": "core-01"}, "image": "redis:4", "cmd": ["redis-server"],
            "created_at": "2018-03-20T08:00:00.000Z", "state": {"running": true}},
        {"name": "old", "image": "x", "cmd": null, "created_at": "2018-03-20T08:00:00.000Z",
            "state": {"running": false}},
    ]);
    let running = json!([containers[0]]);
    master
        .on("GET /v1/containers/development?all=1", 200, json!({ "containers": containers }))
        .on("GET /v1/containers/development", 200, json!({ "containers": running }))
        .on("GET /v1/containers/development/core-01/redis-1/inspect", 200, json!({"Id": "x"}));
    master
}

#[test]
fn containers_are_listed_newest_first() {
    let master = with_containers();
    let kontena = Kontena::c1(&master);
    let ran = kontena.run_both(&master, "container ls -a");
    ran.exits(0).complains(&[]);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].starts_with("CONTAINER_ID      IMAGE     COMMAND          CREATED "));
    assert!(lines[0].ends_with("   STATUS"));
    assert!(lines[1].starts_with("/old              x         \"\" "), "{lines:?}");
    assert!(lines[1].ends_with(" days ago   stopped"), "{lines:?}");
    assert!(lines[2].starts_with("core-01/redis-1   redis:4   \"redis-server\""), "{lines:?}");
    assert!(lines[2].ends_with(" days ago   running"), "{lines:?}");
    kontena.run_both(&master, "container list -q").succeeds(&["core-01/redis-1"]);
}

#[test]
fn a_container_is_inspected() {
    let kontena = Kontena::c1(&with_containers());
    kontena.run("container inspect core-01/redis-1").succeeds(&["{", "  \"Id\": \"x\"", "}"]);
    kontena
        .run("container inspect core-02/redis-1")
        .fails(" [error] 404 : Not found (/v1/containers/development/core-02/redis-1/inspect)");
}
