//! Cases 52 to 69: nodes.

use kontena_protocol::agent::header;
use serde_json::{Value, json};

use super::{Agent, Fixture, cases};

cases!(
    cases_52_and_53_creating_a_node,
    case_54_a_token_of_its_own,
    cases_55_and_56_what_is_wrong_is_named,
    cases_57_and_58_numbers_and_order,
    case_59_by_engine_id,
    case_60_labels,
    case_61_availability,
    cases_62_and_63_resetting_a_token,
    case_64_clearing_a_token,
    case_64_clearing_the_token_of_a_connected_node,
    case_65_removing_a_node,
    case_66_agents_bring_nodes,
    case_67_health,
    case_68_by_grid_token,
    case_69_figures,
);

const NODES: &str = "/v1/grids/g1/nodes";
const ENGINE: &str = "ABCD:EFGH:1";

fn create(fixture: &Fixture, body: Value) -> Value {
    fixture.expect(201, "POST", NODES, &fixture.ga, Some(body))
}

fn put(fixture: &Fixture, path: &str, body: Value) -> Value {
    fixture.expect(200, "PUT", path, &fixture.ga, Some(body))
}

fn connected(fixture: &Fixture, name: &str) -> Agent {
    let agent = Agent::connect(&fixture.server, "gtok", ENGINE, name, Agent::agreeable());
    let path = format!("/v1/nodes/g1/{name}");
    fixture.until("online", || (fixture.get(&path)["status"] == "online").then_some(()));
    agent
}

fn cases_52_and_53_creating_a_node(fixture: &Fixture) {
    let body = || Some(json!({ "name": "n1" }));
    let denied = fixture.expect(403, "POST", NODES, &fixture.mem, body());
    assert_eq!(denied, json!({ "error": "Access denied" }));
    let node = create(fixture, json!({ "name": "n1" }));
    for (field, value) in [
        ("id", json!("g1/n1")),
        ("status", json!("created")),
        ("connected", json!(false)),
        ("updated", json!(false)),
        ("has_token", json!(true)),
        ("node_id", json!(null)),
        ("node_number", json!(1)),
        ("initial_member", json!(true)),
        ("availability", json!("active")),
        ("labels", json!([])),
        ("overlay_ip", json!("10.81.0.1")),
    ] {
        assert_eq!(node[field], value, "{field}");
    }
    assert!(node.get("token").is_none() && node.get("resource_usage").is_none());
    let again = fixture.refused("POST", NODES, json!({ "name": "n1" }));
    assert_eq!(again, json!({ "name": "Node with name n1 already exists" }));
    fixture.expect(201, "POST", "/v1/grids/g2/nodes", &fixture.admin, body());
}

fn case_54_a_token_of_its_own(fixture: &Fixture) {
    let token = "0123456789abcdef";
    create(fixture, json!({ "name": "n2", "token": token }));
    let shown = fixture.expect(200, "GET", "/v1/nodes/g1/n2/token", &fixture.ga, None);
    assert_eq!(shown, json!({ "id": "g1/n2", "token": token }));
    for path in [NODES, "/v1/grids/g2/nodes"] {
        let refused = fixture.refused("POST", path, json!({ "name": "n3", "token": token }));
        assert_eq!(refused, json!({ "token": "Node with token already exists" }));
    }
}

fn cases_55_and_56_what_is_wrong_is_named(fixture: &Fixture) {
    for (body, field, text) in [
        (json!({ "name": "n:1" }), "name", "Name isn't in the right format"),
        (json!({}), "name", "Name can't be nil"),
        (json!({ "name": "n3", "token": "" }), "token", "Token can't be blank"),
        (json!({ "name": "n3", "labels": "x" }), "labels", "Labels isn't an array"),
        (
            json!({ "name": "n3", "token": "short" }),
            "token",
            "is too short (minimum is 16 characters)",
        ),
    ] {
        assert_eq!(fixture.refused("POST", NODES, body.clone())[field], text, "{body}");
    }
    assert_eq!(fixture.get(NODES)["nodes"], json!([]), "none is left behind");
}

fn cases_57_and_58_numbers_and_order(fixture: &Fixture) {
    for name in ["n1", "n5"] {
        create(fixture, json!({ "name": name }));
    }
    assert_eq!(fixture.expect(200, "DELETE", "/v1/nodes/g1/n1", &fixture.ga, None), json!({}));
    assert_eq!(create(fixture, json!({ "name": "n9" }))["node_number"], 1);
    create(fixture, json!({ "name": "b1" }));
    let nodes = fixture.get(NODES);
    let names: Vec<_> =
        nodes["nodes"].as_array().expect("a list").iter().map(|n| &n["name"]).collect();
    assert_eq!(names, ["b1", "n5", "n9"]);
}

fn case_59_by_engine_id(fixture: &Fixture) {
    let _agent = connected(fixture, "n1");
    let node = fixture.get(&format!("/v1/nodes/g1/{ENGINE}"));
    assert_eq!((&node["id"], &node["node_id"]), (&json!("g1/n1"), &json!(ENGINE)));
}

fn case_60_labels(fixture: &Fixture) {
    create(fixture, json!({ "name": "n2", "labels": ["z"] }));
    for (sent, labels) in
        [(json!(["a=1"]), json!(["a=1"])), (json!(null), json!(["a=1"])), (json!([]), json!([]))]
    {
        let body = Some(json!({ "labels": sent }));
        let node = fixture.expect(200, "PUT", "/v1/nodes/g1/n2", &fixture.mem, body);
        assert_eq!(node["labels"], labels);
    }
    // As two of the provider plugins have it.
    let node = put(fixture, "/v1/nodes/g1/g1/n2", json!({ "labels": ["b"] }));
    assert_eq!(node["labels"], json!(["b"]));
    let other = fixture.expect(404, "PUT", "/v1/nodes/g1/g2/n2", &fixture.ga, Some(json!({})));
    assert_eq!(other, json!(""));
}

fn case_61_availability(fixture: &Fixture) {
    let _agent = connected(fixture, "n1");
    let node = put(fixture, "/v1/nodes/g1/n1", json!({ "availability": "drain" }));
    assert_eq!((&node["availability"], &node["status"]), (&json!("drain"), &json!("drain")));
    for (sent, text) in [("x", "isn't an option"), ("", "can't be blank")] {
        let refused = fixture.refused("PUT", "/v1/nodes/g1/n1", json!({ "availability": sent }));
        assert_eq!(refused["availability"], format!("Availability {text}"));
    }
}

fn cases_62_and_63_resetting_a_token(fixture: &Fixture) {
    let first = "0123456789abcdef";
    create(fixture, json!({ "name": "n2", "token": first }));
    let agent =
        Agent::dial(&fixture.server, header::NODE_TOKEN, first, ENGINE, "n2", Agent::agreeable());
    let path = "/v1/nodes/g1/n2/token";
    let changed = put(fixture, path, json!({}));
    assert!(changed["token"].as_str().is_some_and(|token| token != first));
    assert_eq!(fixture.get("/v1/nodes/g1/n2")["connected"], true);
    put(fixture, path, json!({ "reset_connection": true, "token": null }));
    let node = fixture.get("/v1/nodes/g1/n2");
    assert_eq!((&node["connected"], &node["status"]), (&json!(false), &json!("offline")));
    assert_eq!(agent.closed().0, 4031);
    let refused = fixture.refused("PUT", path, json!({ "token": "short" }));
    assert_eq!(refused["token"], "is too short (minimum is 16 characters)");
    fixture.expect(403, "PUT", path, &fixture.mem, Some(json!({})));
}

fn case_64_clearing_a_token(fixture: &Fixture) {
    create(fixture, json!({ "name": "n2" }));
    let path = "/v1/nodes/g1/n2/token";
    let body = Some(json!({ "reset_connection": true }));
    assert_eq!(fixture.expect(200, "DELETE", path, &fixture.ga, body), json!({}));
    let none = fixture.expect(404, "GET", path, &fixture.ga, None);
    assert_eq!(none, json!({ "error": "Host node does not have a node token" }));
    assert_eq!(fixture.get("/v1/nodes/g1/n2")["has_token"], false);
}

fn case_64_clearing_the_token_of_a_connected_node(fixture: &Fixture) {
    let (token, path) = ("0123456789abcdef", "/v1/nodes/g1/n2/token");
    create(fixture, json!({ "name": "n2", "token": token }));
    let agent =
        Agent::dial(&fixture.server, header::NODE_TOKEN, token, ENGINE, "n2", Agent::agreeable());
    for body in [json!({}), json!({ "reset_connection": false })] {
        fixture.expect(200, "DELETE", path, &fixture.ga, Some(body));
        agent.call("/node_service_pods/list", vec![ENGINE.into()]).expect("it is still served");
        let node = fixture.get("/v1/nodes/g1/n2");
        assert_eq!((&node["connected"], &node["has_token"]), (&json!(true), &json!(false)));
    }
    let body = Some(json!({ "reset_connection": true }));
    fixture.expect(200, "DELETE", path, &fixture.ga, body);
    let node = fixture.get("/v1/nodes/g1/n2");
    assert_eq!((&node["connected"], &node["status"]), (&json!(false), &json!("offline")));
    assert_eq!(agent.closed().0, 4031);
    // It is back on the grid token.
    let again = Agent::connect(&fixture.server, "gtok", ENGINE, "n2", Agent::agreeable());
    assert_eq!(fixture.get("/v1/nodes/g1/n2")["connected"], true);
    drop(again);
}

fn case_65_removing_a_node(fixture: &Fixture) {
    let token = "0123456789abcdef";
    create(fixture, json!({ "name": "n2", "token": token }));
    let agent =
        Agent::dial(&fixture.server, header::NODE_TOKEN, token, ENGINE, "n2", Agent::agreeable());
    let removed = fixture.expect(200, "DELETE", "/v1/nodes/g1/n2", &fixture.mem, None);
    assert_eq!(removed, json!({}));
    fixture.expect(404, "GET", "/v1/nodes/g1/n2", &fixture.mem, None);
    assert_eq!(agent.closed().0, 4040);
    let again = Agent::upgrade(
        &fixture.server,
        header::NODE_TOKEN,
        token,
        ENGINE,
        "n2",
        Agent::agreeable(),
    );
    assert_eq!(again.closed().0, 4002, "its token opens nothing any more");
    let log = fixture.get("/v1/grids/g1/audit_log");
    let entry = log["logs"].as_array().expect("logs").last().expect("an entry");
    let told = ["resource_type", "resource_name", "resource_id", "event_name", "event_status"];
    let told = told.map(|field| entry[field].as_str().expect("a text"));
    assert_eq!(told, ["HostNode", "n2", "g1/n2", "remove node", "success"]);
    assert_eq!(entry["user_identity"]["email"], "mem@x.io");
    // A plugin's doubled path.
    create(fixture, json!({ "name": "n3" }));
    fixture.expect(200, "DELETE", "/v1/nodes/g1/g1/n3", &fixture.mem, None);
}

fn case_66_agents_bring_nodes(fixture: &Fixture) {
    create(fixture, json!({ "name": "host" }));
    let _agent = connected(fixture, "host-2");
    assert_eq!(fixture.get("/v1/nodes/g1/host-2")["has_token"], false);
    let id = "OTHER:1";
    let _other = Agent::connect(&fixture.server, "gtok", id, "host", Agent::agreeable());
    let node = fixture.get(&format!("/v1/nodes/g1/{id}"));
    assert_eq!(node["name"], format!("host-{}", node["node_number"]));
}

fn case_67_health(fixture: &Fixture) {
    create(fixture, json!({ "name": "n1" }));
    let refused = fixture.expect(422, "GET", "/v1/nodes/g1/n1/health", &fixture.mem, None);
    assert_eq!(refused, json!({ "error": { "connection": "Websocket is not connected" } }));
    let well = Box::new(|method: &str, _: &[Value]| {
        let health = json!({ "health": true });
        Some(Ok(if method.starts_with("/etcd") { health } else { Value::Null }))
    });
    let _agent = Agent::connect(&fixture.server, "gtok", ENGINE, "n2", well);
    let health = fixture.get("/v1/nodes/g1/n2/health");
    assert_eq!(health["etcd_health"], json!({ "health": true, "error": null }));
    assert_eq!(health["connected"], true);
}

fn case_68_by_grid_token(fixture: &Fixture) {
    let _agent = connected(fixture, "n1");
    let path = format!("/v1/nodes/{ENGINE}");
    let call = |method, token, path: &str, body: &str| {
        fixture.server.raw(method, path, &[("Kontena-Grid-Token", token)], body)
    };
    let labels = json!({ "labels": ["x"], "availability": "drain" }).to_string();
    let changed = call("PUT", "gtok", &path, &labels);
    assert_eq!((changed.status, &changed.body["labels"]), (200, &json!(["x"])));
    assert_eq!(changed.body["availability"], "active", "a grid token drains nothing");
    assert_eq!(call("GET", "gtok", &path, "").body["labels"], json!(["x"]));
    for (token, path, text) in
        [("wrong", path.as_str(), "Not found"), ("gtok", "/v1/nodes/NOPE:1", "Node not found")]
    {
        let answer = call("PUT", token, path, &labels);
        assert_eq!((answer.status, answer.body), (404, json!({ "error": text })));
    }
    assert_eq!(fixture.server.raw("GET", &path, &[], "").status, 403);
}

fn case_69_figures(fixture: &Fixture) {
    let agent = connected(fixture, "n1");
    let has_root = |node: &Value| {
        let entries = node["resource_usage"]["filesystem"].as_array().cloned().unwrap_or_default();
        entries.iter().any(|entry| entry["name"] == node["engine_root_dir"])
    };
    assert!(has_root(&fixture.get("/v1/nodes/g1/n1")), "before the first figures, too");
    let figures = json!({
        "memory": { "used": 7, "cached": 1, "buffers": 1, "total": 9, "free": 2, "active": 1, "inactive": 1 },
        "load": { "1m": 0.5, "5m": 0.1, "15m": 0.1 },
        "filesystem": [{ "name": "/var/lib/docker", "used": 1, "total": 2, "free": 1, "available": 1 }],
        "usage": { "container_seconds": 1 },
        "cpu": { "num_cores": 2, "system": 1.0, "user": 1.0, "nice": 0.0, "idle": 98.0 },
        "network": {}, "time": "2026-11-25 00:00:00 UTC",
    });
    agent.notify("/nodes/stats", vec![ENGINE.into(), figures]);
    fixture.until("the figures", || {
        let node = fixture.get("/v1/nodes/g1/n1");
        (node["resource_usage"]["memory"]["used"] == 7 && has_root(&node)).then_some(())
    });
}
