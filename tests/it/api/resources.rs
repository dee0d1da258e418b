//! Grids, nodes, services and deploys in the contract's shapes.

use kontena_core::domain::{Change, Instance, InstanceId, ObservedState};
use kontena_store::{Store, grids, nodes, services};
use serde_json::{Value, json};

use crate::conformance::server::Server;

fn with_grid() -> (Server, String) {
    let server = Server::start();
    let token = server.log_in();
    let answer = server.call(
        "POST",
        "/v1/grids",
        &token,
        Some(&json!({ "name": "test", "initial_size": "1" })),
    );
    assert_eq!(answer.status, 201, "{}", answer.body);
    (server, token)
}

#[test]
fn a_grid_has_every_field_and_its_rules() {
    let (server, token) = with_grid();
    let grid = server.call("GET", "/v1/grids/test", &token, None);
    assert_eq!(grid.status, 200);
    let body = &grid.body;
    assert_eq!((&body["id"], &body["name"]), (&json!("test"), &json!("test")));
    assert_eq!(body["token"].as_str().map(str::len), Some(88));
    assert_eq!(body["subnet"], "10.81.0.0/16");
    assert_eq!(body["supernet"], "10.80.0.0/12");
    assert_eq!(body["stats"], json!({ "statsd": null }));
    assert_eq!(body["user_count"], 1);
    assert_eq!(body.get("logs"), None);
    let list = server.call("GET", "/v1/grids", &token, None).body;
    assert_eq!(list["grids"].as_array().map(Vec::len), Some(1));

    let refused = |body: Value| {
        let answer = server.call("POST", "/v1/grids", &token, Some(&body));
        assert_eq!(answer.status, 422, "{body}");
        answer.body["error"].clone()
    };
    assert_eq!(
        refused(json!({ "name": "test" })),
        json!({ "grid": "Grid with name test already exists" })
    );
    assert_eq!(
        refused(json!({ "name": "x", "initial_size": 8 })),
        json!({ "name": "Name is too short", "initial_size": "Initial Size is too big" })
    );
    for (path, status) in [("/v1/grids/none", 404), ("/v1/grids/", 404), ("/v1/nowhere", 404)] {
        assert_eq!(server.call("GET", path, &token, None).status, status, "{path}");
    }
    assert_eq!(server.call("DELETE", "/v1/grids/test", &token, None).body, json!({}));
    assert_eq!(server.call("GET", "/v1/grids/test", &token, None).status, 404);
}

#[test]
fn a_node_is_created_shown_reset_and_removed() {
    let (server, token) = with_grid();
    let body = json!({ "name": "core-01", "labels": ["az=a"] });
    let node = server.call("POST", "/v1/grids/test/nodes", &token, Some(&body));
    assert_eq!(node.status, 201, "{}", node.body);
    let body_of = &node.body;
    for (field, value) in [
        ("id", json!("test/core-01")),
        ("node_id", json!(null)),
        ("status", json!("created")),
        ("has_token", json!(true)),
        ("connected", json!(false)),
        ("updated", json!(false)),
        ("availability", json!("active")),
        ("labels", json!(["az=a"])),
        ("node_number", json!(1)),
        ("initial_member", json!(true)),
        ("overlay_ip", json!("10.81.0.1")),
        ("peer_ips", json!([])),
        ("network_drivers", json!([])),
    ] {
        assert_eq!(body_of[field], value, "{field}");
    }
    assert_eq!(body_of["grid"]["token"].as_str().map(str::len), Some(88));
    let again = server.call("POST", "/v1/grids/test/nodes", &token, Some(&body));
    assert_eq!(
        (again.status, &again.body["error"]),
        (422, &json!({ "name": "Node with name core-01 already exists" }))
    );
    let path = "/v1/nodes/test/core-01";
    let first = server.call("GET", &format!("{path}/token"), &token, None).body;
    assert_eq!(first["token"].as_str().map(str::len), Some(88));
    let reset = json!({ "token": null, "reset_connection": true });
    let second = server.call("PUT", &format!("{path}/token"), &token, Some(&reset)).body;
    assert_ne!(first["token"], second["token"]);
    let edit = json!({ "labels": ["x", "y=1"], "availability": "drain" });
    let edited = server.call("PUT", path, &token, Some(&edit)).body;
    assert_eq!(
        (&edited["labels"], &edited["availability"]),
        (&json!(["x", "y=1"]), &json!("drain"))
    );
    let wrong = server.call("PUT", path, &token, Some(&json!({ "availability": "off" })));
    assert_eq!(
        (wrong.status, &wrong.body["error"]),
        (422, &json!({ "availability": "Availability isn't an option" }))
    );
    assert_eq!(server.call("DELETE", path, &token, None).status, 200);
    assert_eq!(server.call("GET", path, &token, None).status, 404);
    assert_eq!(server.call("DELETE", path, &token, None).status, 404);
}

#[test]
fn a_service_is_created_changed_deployed_and_removed() {
    let (server, token) = with_grid();
    let body = json!({
        "name": "web", "image": "nginx:latest", "stateful": false, "instances": "2",
        "env": ["A=1"], "ports": [{ "node_port": "80", "container_port": "8080" }],
    });
    let service = server.call("POST", "/v1/grids/test/services", &token, Some(&body));
    assert_eq!(service.status, 201, "{}", service.body);
    for (field, value) in [
        ("id", json!("test/null/web")),
        ("stack", json!({ "id": "test/null", "name": "null" })),
        ("state", json!("initialized")),
        ("instances", json!(2)),
        ("strategy", json!("ha")),
        ("revision", json!(1)),
        ("dns", json!("web.test.kontena.local")),
        ("instance_counts", json!({ "total": 0, "running": 0 })),
        (
            "ports",
            json!([{ "ip": "0.0.0.0", "protocol": "tcp", "node_port": 80, "container_port": 8080 }]),
        ),
        ("stop_grace_period", json!(10)),
        ("log_opts", json!({})),
    ] {
        assert_eq!(service.body[field], value, "{field}");
    }
    let path = "/v1/services/test/null/web";
    let wrong = json!({ "name": "x", "image": 7, "env": ["bad"], "strategy": "best" });
    let wrong = server.call("POST", "/v1/grids/test/services", &token, Some(&wrong));
    assert_eq!(wrong.status, 422);
    let fields = wrong.body["error"].as_object().expect("fields");
    for field in ["env", "strategy", "stateful"] {
        assert!(fields.contains_key(field), "{field} in {}", wrong.body);
    }
    let edited = server.call("PUT", path, &token, Some(&json!({ "image": "nginx:2" }))).body;
    assert_eq!((&edited["revision"], &edited["image"]), (&json!(2), &json!("nginx:2")));
    let same = server.call("PUT", path, &token, Some(&json!({ "image": "nginx:2" }))).body;
    assert_eq!(same["revision"], 2, "an identical update changes nothing");

    let deploy = server.call("POST", &format!("{path}/deploy"), &token, Some(&json!({})));
    assert_eq!((deploy.status, &deploy.body["state"]), (200, &json!("created")));
    let id = deploy.body["id"].as_str().expect("an id");
    let mut ended = Value::Null;
    for _ in 0..100 {
        ended = server.call("GET", &format!("{path}/deploys/{id}"), &token, None).body;
        if !ended["finished_at"].is_null() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(ended["state"], "error");
    assert!(ended["reason"].as_str().expect("a reason").contains("There are no nodes available"));
    let events = server.call("GET", &format!("{path}/event_logs"), &token, None).body;
    assert!(events["logs"].as_array().is_some_and(|logs| !logs.is_empty()));
    assert_eq!(server.call("DELETE", path, &token, None).body, json!({}));
    assert_eq!(server.call("GET", path, &token, None).status, 404);
}

/// Writes a running instance of the service `web` on the node `core-01`, as a deploy would leave it.
async fn run_on_the_node(store: &Store) {
    let write = store.write(|tx| {
        let grid = grids::by_name(tx.conn(), "test")?.expect("a grid");
        let node = nodes::by_name(tx.conn(), grid.id, "core-01")?.expect("a node");
        let web = services::by_path(tx.conn(), grid.id, "null", "web")?.expect("a service");
        let id = InstanceId::from_bytes([7; 12]);
        let mut instance = Instance::new(id, &web, 1, Some(node.id), web.created_at);
        instance.state = ObservedState::Running;
        tx.apply(grid.id, Change::InstanceCreated(Box::new(instance)))
    });
    write.await.expect("writes");
}

#[test]
fn an_instance_whose_node_was_removed_is_not_shown_as_running() {
    let (server, token) = with_grid();
    let node = json!({ "name": "core-01" });
    assert_eq!(server.call("POST", "/v1/grids/test/nodes", &token, Some(&node)).status, 201);
    let web = json!({ "name": "web", "image": "nginx", "stateful": false });
    assert_eq!(server.call("POST", "/v1/grids/test/services", &token, Some(&web)).status, 201);
    actix::System::new().block_on(run_on_the_node(&server.app.means.store));
    let path = "/v1/services/test/null/web";
    let shown = || {
        let service = server.call("GET", path, &token, None).body;
        let instances = server.call("GET", &format!("{path}/instances"), &token, None).body;
        let metrics = server.raw("GET", "/metrics", &[], "").body;
        let counted = metrics.as_str().expect("text").lines().map(str::to_owned);
        let mut counted = counted.filter(|line| line.starts_with("kontena_instances{"));
        let counted = counted.next().expect("instances");
        let state = counted.split("state=").last().expect("a state").to_owned();
        (service["instance_counts"].clone(), instances["instances"][0]["state"].clone(), state)
    };
    let running = (json!({ "total": 1, "running": 1 }), json!("running"), "\"running\"} 1".into());
    assert_eq!(shown(), running);
    let removed = server.call("DELETE", "/v1/nodes/test/core-01", &token, None);
    assert_eq!(removed.status, 200);
    let missing = (json!({ "total": 0, "running": 0 }), json!("missing"), "\"missing\"} 1".into());
    assert_eq!(shown(), missing);
}

#[test]
fn broken_bodies_are_named() {
    let (server, token) = with_grid();
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str())];
    let answer = server.raw("POST", "/v1/grids", &headers, "{not json");
    assert_eq!((answer.status, &answer.body), (400, &json!({ "error": "Invalid json" })));
    let answer = server.raw("POST", "/v1/grids", &headers, "[1]");
    assert_eq!(answer.status, 400);
    let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(3_000_000));
    assert_eq!(server.raw("POST", "/v1/grids", &headers, &huge).status, 413);
}
