//! `kontena service explain`, `kontena service plan`, and what `kontena service show` says of instances
//! that are nowhere.

use serde_json::{Value, json};

use crate::support::{Kontena, Master, m1};

const REDIS: &str = "services/development/null/redis";
const EXPLAIN: &str = "GET /v1/services/development/null/redis/explain";
const PLAN: &str = "POST /v1/services/development/null/redis/plan";

fn body(reason: &str, instances: Value) -> Value {
    json!({"service": "development/null/redis", "decided_at": "2018-03-20T08:00:00.000Z",
        "trigger": "deploy", "reason": reason, "instances": instances})
}

fn nodes(count: u32) -> Vec<String> {
    (1..=count).map(|number| format!("core-0{number}")).collect()
}

/// All of nine nodes are refused: seven for a port, two for their memory.
fn refusals() -> Value {
    json!([
        {"filter": "Port", "refused": 7, "nodes": nodes(7),
            "reason": "7 of 9 nodes refused: a port of [80] is taken"},
        {"filter": "Memory", "refused": 2, "nodes": ["core-08", "core-09"],
            "reason": "2 of 2 nodes refused: less than 2 GB are free"},
    ])
}

fn ranks() -> Value {
    json!([
        {"node": "core-01", "key": [0, 1, 10.256]},
        {"node": "core-02", "key": [0.0, 1.0, null]},
        {"node": "core-03", "key": [1]},
        {"node": "core-04", "key": [2]},
    ])
}

#[test]
fn what_is_fine_takes_a_line() {
    let master = m1();
    let instances = json!([
        {"number": 1, "node": "core-01", "reason": "stays", "filters": [], "ranks": ranks()},
        {"number": 2, "node": "core-02", "reason": "", "filters": [], "ranks": ranks()},
    ]);
    master.on(EXPLAIN, 200, body("", instances));
    Kontena::c1(&master).run("service explain redis").succeeds(&[
        "development/null/redis decided at 2018-03-20T08:00:00.000Z (deploy)",
        "⊛ 1 core-01: stays",
        "⊛ 2 core-02",
    ]);
    assert_eq!(master.lines(), [format!("GET {REDIS}/explain")]);
}

#[test]
fn refusals_are_told_filter_by_filter_and_once() {
    let master = m1();
    let nowhere = |number: u32| {
        json!({"number": number, "node": null, "reason": "nobody is left", "filters": refusals(),
            "ranks": []})
    };
    let placed = json!({"number": 1, "node": "core-01", "reason": "best of 4", "ranks": ranks(),
        "filters": [{"filter": "Availability", "refused": 1, "nodes": ["core-05"],
            "reason": "1 of 5 nodes refused: drained"}]});
    let instances = json!([placed, nowhere(2), nowhere(3), nowhere(4)]);
    master.on(EXPLAIN, 200, body("1 of 4 instances has a node", instances));
    Kontena::c1(&master).run("service explain redis").succeeds(&[
        "development/null/redis decided at 2018-03-20T08:00:00.000Z (deploy): \
         1 of 4 instances has a node",
        "⊛ 1 core-01: best of 4",
        "    Availability: 1 of 5 nodes refused: drained (core-05)",
        "    ranked: core-01 [0, 1, 10.26], core-02 [0, 1, unknown], core-03 [1] and 1 more",
        "⊗ 2 nowhere: nobody is left",
        "    Port: 7 of 9 nodes refused: a port of [80] is taken \
         (core-01, core-02, core-03, core-04, core-05 and 2 more)",
        "    Memory: 2 of 2 nodes refused: less than 2 GB are free (core-08, core-09)",
        "⊗ 3 nowhere: nobody is left",
        "    refused: as for instance 2",
        "⊗ 4 nowhere: nobody is left",
        "    refused: as for instance 2",
    ]);
}

#[test]
fn one_instance_is_explained_with_its_ranks() {
    let master = m1();
    let instance = json!({"number": 2, "node": "core-01", "reason": "stays", "ranks": ranks()});
    master.on(&format!("{EXPLAIN}?instance=2"), 200, body("", json!([instance]))).on(
        &format!("{EXPLAIN}?instance=9"),
        200,
        body("", json!([])),
    );
    let kontena = Kontena::c1(&master);
    kontena.run("service explain --instance 2 redis").succeeds(&[
        "development/null/redis decided at 2018-03-20T08:00:00.000Z (deploy)",
        "⊛ 2 core-01: stays",
        "    ranked: core-01 [0, 1, 10.26], core-02 [0, 1, unknown], core-03 [1] and 1 more",
    ]);
    kontena.run("service explain --instance 9 redis").fails(" [error] Instance not found");
}

#[test]
fn programs_get_the_answer_unchanged() {
    let master = m1();
    let mut answer = body("", json!([]));
    answer["later"] = json!("field");
    master.on(EXPLAIN, 200, &answer).on(PLAN, 200, &answer);
    let kontena = Kontena::c1(&master);
    for command in ["explain", "plan"] {
        let ran = kontena.run(&format!("service {command} -o json redis"));
        ran.exits(0).complains(&[]);
        assert_eq!(serde_json::from_str::<Value>(&ran.out).unwrap(), answer);
    }
}

#[test]
fn no_decision_yet_is_told_apart_from_no_service() {
    let master = Master::new();
    let kontena = Kontena::c1(&master);
    kontena.run("service explain redis").fails(&format!(" [error] 404 : Not found (/v1/{REDIS})"));
    master.on(&format!("GET /v1/{REDIS}"), 200, json!({"id": "development/null/redis"}));
    kontena.run("service explain redis").fails(
        " [error] Nothing has been decided about redis yet. Use: kontena service deploy redis",
    );
}

fn planned(number: u32, node: Option<&str>, action: &str, from: Option<&str>) -> Value {
    json!({"number": number, "node": node, "reason": format!("reason {number}"), "filters": [],
        "ranks": [], "action": action, "from": from})
}

#[test]
fn a_plan_is_a_table_and_changes_nothing() {
    let master = m1();
    let instances = json!([
        planned(1, Some("core-01"), "keep", Some("core-01")),
        planned(2, Some("core-02"), "create", None),
        planned(3, Some("core-03"), "create", None),
        planned(4, Some("core-01"), "move", Some("core-09")),
        planned(5, None, "remove", Some("core-02")),
    ]);
    master.on(PLAN, 200, body("", instances));
    Kontena::c1(&master).run("service plan redis").succeeds(&[
        "NUMBER   ACTION   NODE      FROM      REASON",
        "1        keep     core-01   core-01   reason 1",
        "2        create   core-02   -         reason 2",
        "3        create   core-03   -         reason 3",
        "4        move     core-01   core-09   reason 4",
        "5        remove   -         core-02   reason 5",
        "",
        "2 to create, 1 to move, 1 to remove, 1 kept. Nothing was changed.",
    ]);
    assert_eq!(master.lines(), [format!("POST {REDIS}/plan")]);
    assert_eq!(master.body(), json!({}));
}

#[test]
fn a_plan_may_end_in_an_error_and_is_an_answer_all_the_same() {
    let master = m1();
    let mut answer = body("", json!([planned(1, None, "create", None)]));
    answer["error"] = json!("There are no nodes available");
    master.on(PLAN, 200, answer);
    Kontena::c1(&master).run("service plan redis").succeeds(&[
        "NUMBER   ACTION   NODE      FROM   REASON",
        "1        create   nowhere   -      reason 1",
        "",
        "The deploy would end in an error: There are no nodes available",
        "1 without a node. Nothing was changed.",
    ]);
    master.forget(PLAN).on(PLAN, 200, body("", json!([])));
    Kontena::c1(&master).run("service plan redis").succeeds(&[
        "NUMBER   ACTION   NODE   FROM   REASON",
        "",
        "No instances. Nothing was changed.",
    ]);
}

#[test]
fn a_plan_takes_the_changes_of_an_update() {
    let master = m1();
    let wrong = json!({"error": {"strategy": "Strategy isn't an option"}});
    master.on(PLAN, 200, body("", json!([]))).on(PLAN, 422, wrong);
    let kontena = Kontena::c1(&master);
    kontena.run("service plan redis --image redis --instances 3 --no-privileged").exits(0);
    assert_eq!(
        master.body(),
        json!({"image": "redis:latest", "instances": 3, "privileged": false})
    );
    kontena
        .run("service plan redis --deploy-strategy best -a label==az=a")
        .prints(&[])
        .complains(&[
            " [error] 422 : Unprocessable Entity:",
            "\tstrategy: Strategy isn't an option",
        ])
        .exits(1);
    assert_eq!(master.body(), json!({"strategy": "best", "affinity": ["label==az=a"]}));
}

/// A service whose second of two instances has lost its node.
fn incomplete(state: &str) -> Master {
    let master = Master::new();
    let get = format!("GET /v1/{REDIS}");
    let placed = json!({"instance_number": 1, "node": {"name": "core-01"}, "state": "running"});
    let instances = json!([placed, {"instance_number": 2, "state": "missing"}]);
    let service = json!({"id": "development/null/redis", "state": state, "instances": 2});
    master
        .on(&get, 200, service)
        .on(&format!("{get}/instances"), 200, json!({"instances": instances}))
        .on(&format!("{get}/containers"), 200, json!({"containers": []}));
    master
}

#[test]
fn a_listing_says_why_instances_are_nowhere() {
    let master = incomplete("running");
    let told = json!([
        {"number": 1, "node": "core-01", "reason": "stays"},
        {"number": 2, "node": null, "reason": "nobody is left"},
        {"number": 3, "node": null, "filters": [
            {"filter": "Cpu", "refused": 1, "nodes": ["core-01"],
                "reason": "1 of 1 nodes refused: fewer than 8 processors"}]},
    ]);
    master.on(EXPLAIN, 200, body("2 of 3 instances have no node", told));
    let ran = Kontena::c1(&master).run("service show redis");
    ran.exits(0).complains(&[]);
    let end = "      state: missing\n      containers:\n  \
               placement: 2 of 3 instances have no node\n    \
               - 2: nobody is left\n    \
               - 3: Cpu: 1 of 1 nodes refused: fewer than 8 processors (core-01)\n";
    assert!(ran.out.ends_with(end), "{}", ran.out);
}

#[test]
fn a_listing_goes_without_the_explanation() {
    let told = json!([{"number": 1, "node": "core-01"}, {"number": 2, "node": "core-02"}]);
    for (status, answer) in
        [(200, body("", told)), (404, json!({"error": "Not found"})), (500, json!({}))]
    {
        let master = incomplete("running");
        master.on(EXPLAIN, status, answer);
        let ran = Kontena::c1(&master).run("service show redis");
        ran.exits(0).complains(&[]);
        assert!(ran.out.ends_with("      containers:\n"), "{}", ran.out);
        assert_eq!(master.lines().last(), Some(&format!("GET {REDIS}/explain")));
    }
    let stopped = incomplete("stopped");
    Kontena::c1(&stopped).run("service show redis").exits(0);
    assert!(!stopped.lines().contains(&format!("GET {REDIS}/explain")));
}
