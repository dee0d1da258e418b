//! `kontena service deploy` and `kontena service scale`.

use serde_json::{Value, json};

use crate::support::kontena::visible;
use crate::support::{Case, Kontena, Master, m1};

const REDIS: &str = "services/development/null/redis";

fn deploy(state: &str, finished: bool, instances: Value) -> Value {
    json!({"id": "d1", "service_id": "development/null/redis", "state": state, "reason": null,
        "created_at": "2018-03-20T08:00:00.000Z", "instance_count": 2,
        "finished_at": finished.then_some("2018-03-20T08:00:09.000Z"),
        "instance_deploys": instances})
}

fn instance(number: u32, state: &str, error: Option<&str>) -> Value {
    json!({"instance_number": number, "node": format!("core-0{number}"), "state": state,
        "error": error})
}

fn deploying(end: &Value) -> Master {
    let master = m1();
    let path = format!("GET /v1/{REDIS}/deploys/d1");
    let start = deploy("created", false, json!([]));
    let going = deploy("ongoing", false, json!([instance(1, "ongoing", None)]));
    master
        .on(&format!("POST /v1/{REDIS}/deploy"), 200, &start)
        .on(&format!("POST /v1/{REDIS}/scale"), 200, &start)
        .on(&path, 200, &going)
        .on(&path, 200, end);
    master
}

#[test]
fn case_44() {
    let instances = json!([instance(1, "success", None), instance(2, "success", None)]);
    let end = deploy("success", true, instances);
    let masters = Case {
        line: "service deploy redis",
        out: &[
            " [done] Deploying service redis",
            "⊛ Deployed instance development/null/redis-1 to node core-01",
            "⊛ Deployed instance development/null/redis-2 to node core-02",
        ],
        err: &[],
        code: 0,
        requests: &[
            "POST services/development/null/redis/deploy",
            "GET services/development/null/redis/deploys/d1",
            "GET services/development/null/redis/deploys/d1",
        ],
    }
    .holds(|| deploying(&end));
    for master in masters {
        assert_eq!(master.body(), json!({}));
    }
}

#[test]
fn case_45() {
    let instances = json!([instance(1, "success", None), instance(2, "error", Some("boom"))]);
    let mut end = deploy("error", true, instances);
    end["reason"] = json!("halting deploy of development/null/redis, one or more instances failed");
    let masters = Case {
        line: "service deploy --force redis",
        out: &[" [fail] Deploying service redis"],
        err: &[
            " [error] 500 : halting deploy of development/null/redis, one or more instances failed:",
            "\t⊛ Deployed instance development/null/redis-1 to node core-01",
            "\t⊗ Failed to deploy instance development/null/redis-2 to node core-02: boom",
        ],
        code: 1,
        requests: &[
            "POST services/development/null/redis/deploy",
            "GET services/development/null/redis/deploys/d1",
            "GET services/development/null/redis/deploys/d1",
        ],
    }
    .holds(|| deploying(&end));
    for master in masters {
        assert_eq!(master.body(), json!({"force": true}));
    }
}

#[test]
fn masters_may_leave_out_what_was_asked_for() {
    let master = m1();
    let end = json!({"id": "d1", "state": "success", "finished_at": "2018-03-20T08:00:09.000Z",
        "instance_count": "1", "instance_deploys": [
            {"instance_number": "1", "node": {"name": "core-01"}, "state": "success"}]});
    master
        .on(&format!("POST /v1/{REDIS}/deploy"), 200, json!({"id": "d1"}))
        .on(&format!("GET /v1/{REDIS}/deploys/d1"), 200, end)
        .on(&format!("POST /v1/{REDIS}/scale"), 200, json!({"state": "created"}));
    let kontena = Kontena::c1(&master);
    kontena.run_both(&master, "service deploy redis").succeeds(&[
        " [done] Deploying service redis",
        "⊛ Deployed instance development/null/redis-1 to node core-01",
    ]);
    kontena
        .run_both(&master, "service scale redis 2")
        .prints(&[" [fail] Scaling redis to 2 instances"])
        .complains(&[
            " [error] The master did not say which deploy of redis it started, so it cannot be \
             waited for. See: kontena service show redis",
        ])
        .exits(1);
    kontena.run("service scale --no-wait redis 2").exits(0);
}

#[test]
fn without_waiting_nothing_is_asked() {
    let master = deploying(&Value::Null);
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "service deploy --no-wait redis")
        .succeeds(&[" [done] Deploying service redis"]);
    kontena
        .run_both(&master, "service scale --no-wait redis 5")
        .succeeds(&[" [done] Scaling redis to 5 instances"]);
    assert_eq!(master.lines(), [format!("POST {REDIS}/deploy"), format!("POST {REDIS}/scale")]);
    assert_eq!(master.body(), json!({"instances": 5}));
}

#[test]
fn a_deploy_is_waited_for_as_long_as_is_said() {
    let master = deploying(&Value::Null);
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "service deploy --timeout 0s redis")
        .prints(&[" [fail] Deploying service redis"])
        .complains(&[" [error] 500 : deploy timed out"])
        .exits(1);
    let ran = kontena.run_both(&master, "service scale --timeout soon redis 3");
    ran.prints(&[]).exits(2);
    assert!(
        ran.err.starts_with(
            "ERROR: option '--timeout': must be a time such as 90s, 10m or 1h30m, not \"soon\"\n"
        ),
        "{}",
        ran.err
    );
}

#[test]
fn a_deploy_can_be_watched_again() {
    let master = m1();
    let get = format!("GET /v1/{REDIS}/deploys/d1");
    let instances = json!([instance(1, "success", None)]);
    master.on(&get, 200, deploy("ongoing", false, json!([]))).on(
        &get,
        200,
        deploy("success", true, instances),
    );
    let kontena = Kontena::c1(&master);
    kontena.run("service deploy --follow d1 redis").succeeds(&[
        " [done] Deploying service redis",
        "⊛ Deployed instance development/null/redis-1 to node core-01",
    ]);
    assert_eq!(master.lines(), [get.replace("/v1/", ""), get.replace("/v1/", "")]);
    kontena
        .run("service deploy --follow d9 redis")
        .prints(&[" [fail] Deploying service redis"])
        .complains(&[&format!(" [error] 404 : Not found (/v1/{REDIS}/deploys/d9)")])
        .exits(1);
}

/// In a pipe too, Ctrl-C leaves the deploy running and says so.
#[test]
fn a_deploy_can_be_left_alone() {
    let master = deploying(&Value::Null);
    let path = format!("GET /v1/{REDIS}/deploys/d1");
    master.forget(&path).on(&path, 200, deploy("ongoing", false, json!([])));
    let kontena = Kontena::c1(&master);
    let log = kontena.home().join(".kontena/kontena.log");
    let script = format!(
        "$KONTENA service deploy redis & deploy=$!; \
         until grep -qs deploys/d1 {}; do sleep 0.05; done; kill -INT $deploy; wait $deploy",
        log.display()
    );
    kontena
        .run_shell(&script)
        .prints(&[" [fail] Deploying service redis"])
        .complains(&["The deploy goes on. Watch it with: kontena service deploy --follow d1 redis"])
        .exits(130);
}

/// A deploy that takes longer, or is watched again, shows its instances and what the scheduler waits for, and
/// then only how it ended. Nothing of that is seen in a pipe.
#[test]
fn a_long_deploy_is_shown_instance_by_instance() {
    let going = deploy("ongoing", false, json!([instance(1, "ongoing", None)]));
    let end = deploy("success", true, json!([instance(1, "success", None)]));
    let explanation = json!({"service": "development/null/redis", "decided_at": "t",
    "trigger": "deploy", "reason": "1 of 2 instances has a node", "instances": [
        {"number": 1, "node": "core-01", "reason": "", "filters": [], "ranks": []},
        {"number": 2, "node": null, "reason": "no node has 2 GB left", "filters": [],
         "ranks": []},
    ]});
    let long = || {
        let master = m1();
        let get = format!("GET /v1/{REDIS}/deploys/d1");
        master.on(&format!("GET /v1/{REDIS}/explain"), 200, &explanation);
        (0..2).for_each(|_| _ = master.on(&get, 200, &going));
        master.on(&get, 200, &end);
        master
    };
    let last = [
        " [done] Deploying service redis",
        "⊛ Deployed instance development/null/redis-1 to node core-01",
    ];
    let (piped, shown) = (long(), long());
    Kontena::c1(&piped).run("service deploy --follow d1 redis").succeeds(&last);
    assert!(!piped.lines().iter().any(|line| line.contains("explain")));
    let ran = Kontena::c1(&shown).run_on_terminal("service deploy --follow d1 redis", &[]);
    ran.exits(0);
    assert_eq!(visible(&ran.out), last);
    for seen in [
        "Deploying service \u{1b}[36mredis\u{1b}[0m  0/2 [------------------] core-01 deploying (",
        "      \u{1b}[36m⊙\u{1b}[0m 1 core-01 deploying",
        "      \u{1b}[31m⊗\u{1b}[0m 2 nowhere: no node has 2 GB left",
    ] {
        assert!(ran.out.contains(seen), "{seen}: {:?}", ran.out);
    }
}
