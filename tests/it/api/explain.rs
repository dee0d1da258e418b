//! The scheduler explains itself: the two calls of `operations.md`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::conformance::server::{Answer, Server};

const SERVICE: &str = "/v1/services/test/null/web";

fn with_service(instances: u32) -> (Server, String) {
    let server = Server::start();
    let token = server.log_in();
    let made = |path: &str, body: &Value| {
        let answer = server.call("POST", path, &token, Some(body));
        assert_eq!(answer.status, 201, "{}", answer.body);
    };
    made("/v1/grids", &json!({ "name": "test" }));
    let body = json!({
        "name": "web", "image": "nginx", "stateful": false, "instances": instances,
        "affinity": ["label==ssd"],
    });
    made("/v1/grids/test/services", &body);
    (server, token)
}

/// Asks until there is a decision: the scheduler looks at a new service at once.
fn explained(server: &Server, token: &str, query: &str) -> Answer {
    for _ in 0..2000 {
        let answer = server.call("GET", &format!("{SERVICE}/explain{query}"), token, None);
        if answer.status != 404 {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("no decision within ten seconds");
}

#[test]
fn the_last_decision_is_told_with_its_trigger() {
    let (server, token) = with_service(2);
    let answer = explained(&server, &token, "");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body = &answer.body;
    assert_eq!(body["service"], "test/null/web");
    assert_eq!(body["reason"], "the service shall not run");
    assert!(body["trigger"].is_string() && body["decided_at"].is_string(), "{body}");
    let instances = body["instances"].as_array().expect("instances");
    assert_eq!(instances.len(), 2);
    let first = &instances[0];
    assert_eq!((&first["number"], &first["node"]), (&json!(1), &Value::Null));
    assert_eq!(first["reason"], "There are no nodes available");
    assert_eq!((&first["filters"], &first["ranks"]), (&json!([]), &json!([])));
    let fields: Vec<&String> = first.as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["filters", "node", "number", "ranks", "reason"]);
    let one = explained(&server, &token, "?instance=2").body;
    assert_eq!(one["instances"].as_array().map(Vec::len), Some(1));
    assert_eq!(one["instances"][0]["number"], 2);
    for wrong in ["abc", "0", "-1", "99999999999"] {
        let answer = explained(&server, &token, &format!("?instance={wrong}"));
        assert_eq!(answer.status, 422, "{wrong}");
        let text = "Instance takes a whole number from 1";
        assert_eq!(answer.body["error"], json!({ "instance": text }));
    }
    let path = "/v1/services/test/null/none/explain";
    assert_eq!(server.call("GET", path, &token, None).status, 404);
    assert_eq!(server.call("GET", &format!("{SERVICE}/explain"), "wrong", None).status, 403);
}

#[test]
fn a_plan_changes_nothing_and_takes_the_fields_of_an_update() {
    let (server, token) = with_service(2);
    let before = server.call("GET", SERVICE, &token, None).body;
    let plan = |body: Value| server.call("POST", &format!("{SERVICE}/plan"), &token, Some(&body));
    let answer = plan(json!({ "instances": 1 }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        answer.body["error"],
        "Cannot find applicable node for service instance test/null/web-1: There are no nodes available"
    );
    assert_eq!(answer.body["instances"], json!([]), "there are none, and there would be none");
    let refused = plan(json!({ "instances": "many", "strategy": "none" }));
    assert_eq!(refused.status, 422);
    let wrong: Vec<_> = refused.body["error"].as_object().expect("fields").keys().collect();
    assert_eq!(wrong, ["instances", "strategy"]);
    assert_eq!(plan(json!([])).status, 400);
    assert_eq!(server.call("GET", SERVICE, &token, None).body, before);
    let path = "/v1/services/test/null/none/plan";
    assert_eq!(server.call("POST", path, &token, None).status, 404);
}
