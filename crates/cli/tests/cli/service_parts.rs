//! Parts of a service: its environment, links and secrets, and what its containers use.

use serde_json::{Value, json};

use crate::support::kontena::visible;
use crate::support::{Case, Kontena, Master, m1};

const REDIS: &str = "services/development/null/redis";

/// The service redis with these fields, which takes every change.
fn redis(fields: &Value) -> Master {
    let master = Master::new();
    master
        .on(&format!("GET /v1/{REDIS}"), 200, fields)
        .on(&format!("PUT /v1/{REDIS}"), 200, "{}")
        .on(&format!("POST /v1/{REDIS}/envs"), 200, "{}")
        .on(&format!("DELETE /v1/{REDIS}/envs/A"), 200, "{}")
        .on(&format!("DELETE /v1/{REDIS}/envs/B"), 200, "{}");
    master
}

#[test]
fn case_48() {
    let requests = &["GET services/development/null/redis"];
    Case { line: "service env ls redis", out: &["A=1", "B=2"], err: &[], code: 0, requests }
        .holds(m1);
    Case { line: "service env list -q redis", out: &["A", "B"], err: &[], code: 0, requests }
        .holds(m1);
}

#[test]
fn variables_are_set_and_removed() {
    let master = redis(&json!({}));
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "service env add redis X=1=2")
        .succeeds(&[" [done] Adding env variable to redis service"]);
    assert_eq!(master.body(), json!({"env": "X=1=2"}));
    kontena.run_both(&master, "service env rm redis A B").succeeds(&[
        " [done] Removing env variable A from redis service",
        " [done] Removing env variable B from redis service",
    ]);
    assert_eq!(
        master.lines()[1..],
        [format!("DELETE {REDIS}/envs/A"), format!("DELETE {REDIS}/envs/B")]
    );
}

fn linked() -> Master {
    redis(&json!({"links": [
        {"id": "development/null/db", "alias": "db", "name": "db"},
        {"id": "development/shop/api", "alias": "a", "name": "shop/api"},
    ]}))
}

#[test]
fn a_link_is_added_to_the_others() {
    let master = linked();
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "service link redis web/app")
        .succeeds(&[" [done] Linking redis to web/app"]);
    assert_eq!(
        master.body(),
        json!({"links": [
            {"name": "null/db", "alias": "db"}, {"name": "shop/api", "alias": "a"},
            {"name": "web/app", "alias": "app"},
        ]})
    );
    kontena
        .run_both(&master, "service link redis db")
        .fails(" [error] Service is already linked to db");
    kontena
        .run_both(&master, "service link redis other")
        .succeeds(&[" [done] Linking redis to other"]);
    assert_eq!(master.body()["links"][2], json!({"name": "null/other", "alias": "other"}));
}

#[test]
fn a_link_is_taken_away_and_the_others_stay_as_they_are() {
    let master = linked();
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "service unlink redis db")
        .succeeds(&[" [done] Unlinking redis from db"]);
    assert_eq!(
        master.body(),
        json!({"links": [{"id": "development/shop/api", "alias": "a", "name": "shop/api"}]})
    );
    kontena
        .run_both(&master, "service unlink redis api")
        .fails(" [error] Service is not linked to api");
}

#[test]
fn secrets_are_given_and_taken() {
    let master = redis(&json!({"secrets": [{"secret": "S", "name": "N", "type": "env"}]}));
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "service secret link redis PW:PGPASSWORD:env")
        .succeeds(&[" [done] Linking PW from Vault to redis"]);
    assert_eq!(
        master.body(),
        json!({"secrets": [
            {"secret": "S", "name": "N", "type": "env"},
            {"secret": "PW", "name": "PGPASSWORD", "type": "env"},
        ]})
    );
    kontena.run_both(&master, "service secret unlink redis S:N:env").succeeds(&[]);
    assert_eq!(master.body(), json!({"secrets": []}));
    kontena
        .run_both(&master, "service secret unlink redis S:M:env")
        .fails(" [error] Secret not found");
    kontena
        .run_both(&master, "service secret link redis S")
        .fails(" [error] Invalid secret value S");
}

fn measured() -> Master {
    let master = m1();
    let stats = json!([
        {"container_id": "web-app-1", "cpu": {"usage": 1.234},
            "memory": {"usage": 123_456_789, "limit": 268_435_456},
            "network": {"internal": {"rx_bytes": 1000, "tx_bytes": 2000},
                "external": {"rx_bytes": 0, "tx_bytes": 0}}},
        {"container_id": "web-app-2", "cpu": null, "memory": null, "network": null},
    ]);
    master.on("GET /v1/services/development/web/app/stats", 200, json!({ "stats": stats }));
    master
}

#[test]
fn what_containers_use() {
    Case {
        line: "service stats web/app",
        out: &[
            "INSTANCE                       CPU %           MEM USAGE/LIMIT      MEM %           NET I/O",
            "app-1                          1.23%           123.46M / 268.44M    45.99%          1K/2K",
            "app-2                          N/A             N/A                  N/A             N/A",
        ],
        err: &[],
        code: 0,
        requests: &["GET services/development/web/app/stats"],
    }
    .holds(measured);
}

#[test]
fn a_page_that_is_shown_again_takes_the_place_of_the_last() {
    let master = measured();
    let container = |node: &str, status: &str| json!({"node": {"name": node}, "status": status});
    let containers = [
        container("core-02", "running"),
        container("core-01", "stopped"),
        container("core-02", "paused"),
    ];
    let service = json!({"instances": 3, "strategy": "ha", "state": "running", "stateful": true});
    master.on("GET /v1/services/development/web/app", 200, service).on(
        "GET /v1/services/development/web/app/containers",
        200,
        json!({ "containers": containers }),
    );
    let kontena = Kontena::c1(&master);
    let ran = kontena.run_on_terminal("service monitor web/app", &[("core-02:", "\u{3}")]);
    ran.exits(130);
    assert_eq!(
        visible(&ran.out)[..7],
        [
            "service: web/app (3 instances)",
            "strategy: ha",
            "status: running",
            "stateful: yes",
            "nodes:",
            "  core-01: ■",
            "  core-02: ■■",
        ]
    );
    for square in ["\u{1b}[90m■", "\u{1b}[32m■", "\u{1b}[33m■"] {
        assert!(ran.out.contains(square), "{:?}", ran.out);
    }
    let ran = kontena.run_on_terminal("service stats --tail web/app", &[("app-2", "\u{3}")]);
    ran.exits(130);
    assert!(ran.out.starts_with("\u{1b}[H\u{1b}[2JINSTANCE"), "{:?}", ran.out);
}
