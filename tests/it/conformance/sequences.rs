//! The calls of `http-api.md` 5.1, 5.2 and 5.7 in the order in which stock clients make them, with the fields
//! that they read; `sequences_of_service` has 5.3 and `sequences_of_master` 5.5. They carry no numbers of
//! section 6; cases of it are named after the section they replay.

use serde_json::{Value, json};

use super::{Agent, Fixture, cases, logs};

cases!(
    case_5_1_node_commands,
    case_5_1_health_of_a_node,
    case_5_2_grid_commands,
    case_5_2_what_a_grid_tells,
    case_5_2_members_and_subnets,
    case_5_7_plugins_create_a_node,
    case_5_7_plugins_terminate_a_node,
    case_5_7_a_shell_on_a_node,
);

pub(super) const ENGINE: &str = "ABCD:EFGH:1";

/// Sees that fields, `path:type` each, are there and of a JSON type; `type?` may be null.
#[track_caller]
pub(super) fn reads(answer: &Value, fields: &str) {
    for field in fields.split_whitespace() {
        let (path, kind) = field.split_once(':').expect("path:type");
        let found = answer.pointer(&format!("/{}", path.replace('.', "/")));
        let found = found.unwrap_or_else(|| panic!("{path} is missing: {answer}"));
        let actual = match found {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let fits =
            actual == kind.trim_end_matches('?') || (actual == "null" && kind.ends_with('?'));
        assert!(fits, "{path} is {actual}, not {kind}: {answer}");
    }
}

/// Every entry of a list, which has some.
#[track_caller]
pub(super) fn each<'a>(answer: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    let entries = answer[list].as_array().expect(list);
    assert!(!entries.is_empty(), "{list}: {answer}");
    entries.iter()
}

/// An agent of the node `n1` that is well, once its node is shown as online.
pub(super) fn online(fixture: &Fixture) -> Agent {
    let answers = Box::new(|method: &str, _: &[Value]| {
        Some(Ok(match method {
            "/etcd/health" => json!({ "health": true }),
            "/containers/create_exec" => json!({ "id": "uuid-1" }),
            _ => Value::Null,
        }))
    });
    let agent = Agent::connect(&fixture.server, "gtok", ENGINE, "n1", answers);
    fixture
        .until("online", || (fixture.get("/v1/nodes/g1/n1")["status"] == "online").then_some(()));
    agent
}

/// Makes a call as the grid's administrator, asserts its status and returns the body of the answer.
#[track_caller]
pub(super) fn call(
    fixture: &Fixture,
    status: u16,
    method: &str,
    path: &str,
    body: impl Into<Option<Value>>,
) -> Value {
    fixture.expect(status, method, path, &fixture.ga, body.into())
}

#[track_caller]
pub(super) fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap_or_else(|| panic!("{field}: {answer}")).to_owned()
}

const NODE: &str = "id:string name:string connected:bool status:string has_token:bool labels:array \
    node_number:number initial_member:bool agent_version:string? docker_version:string? \
    created_at:string connected_at:string? disconnected_at:string? last_seen_at:string? \
    availability:string public_ip:string? private_ip:string? overlay_ip:string os:string? \
    kernel_version:string? driver:string? volume_drivers:array cpus:number? node_id:string? \
    grid.id:string grid.token:string";

/// What is shown of a node whose agent has reported.
const REPORTED: &str = "node_id:string agent_version:string docker_version:string \
    connected_at:string last_seen_at:string public_ip:string private_ip:string os:string \
    kernel_version:string driver:string volume_drivers.0.name:string cpus:number \
    mem_total:number engine_root_dir:string resource_usage.load.1m:number \
    resource_usage.load.5m:number resource_usage.load.15m:number \
    resource_usage.memory.used:number resource_usage.memory.cached:number \
    resource_usage.memory.buffers:number resource_usage.memory.total:number \
    resource_usage.filesystem.0.name:string resource_usage.filesystem.0.used:number \
    resource_usage.filesystem.0.total:number";

fn case_5_1_node_commands(fixture: &Fixture) {
    let _agent = online(fixture);
    // node create, ls
    let body = json!({ "name": "n2", "labels": [] });
    call(fixture, 201, "POST", "/v1/grids/g1/nodes", body);
    let body = json!({ "name": "n3", "token": "0123456789abcdef", "labels": ["a", "b=c"] });
    call(fixture, 201, "POST", "/v1/grids/g1/nodes", body);
    reads(&fixture.get("/v1/grids/g1"), "id:string initial_size:number");
    for grid in each(&fixture.get("/v1/grids"), "grids") {
        reads(grid, "id:string name:string initial_size:number");
        let nodes = fixture.get(&format!("/v1/grids/{}/nodes", text(grid, "id")));
        nodes["nodes"].as_array().expect("nodes").iter().for_each(|node| reads(node, NODE));
    }
    // node show
    let shown = call(fixture, 200, "GET", "/v1/nodes/g1/n1", None);
    reads(&shown, NODE);
    reads(&shown, REPORTED);
    let has_root = |entry: &Value| entry["name"] == shown["engine_root_dir"];
    assert!(each(&shown["resource_usage"], "filesystem").any(has_root), "{shown}");

    // node update; label ls, add, rm, each with the whole list; ssh reads the same
    let body = json!({ "labels": ["a=1"], "availability": "active" });
    assert_eq!(call(fixture, 200, "PUT", "/v1/nodes/g1/n2", body)["labels"], json!(["a=1"]));
    let found = call(fixture, 200, "GET", "/v1/nodes/g1/n2", None);
    reads(&found, "id:string labels:array");
    let path = format!("/v1/nodes/{}", text(&found, "id"));
    for labels in [json!(["a=1", "b=2"]), json!(["b=2"]), json!([])] {
        call(fixture, 200, "PUT", &path, json!({ "labels": labels }));
        assert_eq!(call(fixture, 200, "GET", &path, None)["labels"], labels);
    }

    // node env, reset-token, reset-token --clear-token
    let token = format!("{path}/token");
    let first = call(fixture, 200, "GET", &token, None);
    reads(&first, "id:string token:string");
    let reset = json!({ "token": null, "reset_connection": true });
    let second = call(fixture, 200, "PUT", &token, reset);
    assert_ne!(text(&second, "token"), text(&first, "token"));
    assert_eq!(call(fixture, 200, "GET", &token, None), second);
    let given = json!({ "token": "fedcba9876543210", "reset_connection": false });
    assert_eq!(call(fixture, 200, "PUT", &token, given)["token"], "fedcba9876543210");
    let clear = json!({ "reset_connection": true });
    assert_eq!(call(fixture, 200, "DELETE", &token, clear), json!({}));
    call(fixture, 404, "GET", &token, None);

    // node rm
    let found = call(fixture, 200, "GET", "/v1/nodes/g1/n2", None);
    reads(&found, "id:string connected:bool name:string has_token:bool labels:array");
    let path = format!("/v1/nodes/{}", text(&found, "id"));
    call(fixture, 200, "DELETE", &path, None);
    call(fixture, 404, "GET", &path, None);
}

fn case_5_1_health_of_a_node(fixture: &Fixture) {
    let agent = online(fixture);
    let path = "/v1/nodes/g1/n1/health";
    let health = call(fixture, 200, "GET", path, None);
    reads(
        &health,
        "status:string connected_at:string name:string etcd_health.health:bool \
        etcd_health.error:string? connected:bool initial_member:bool",
    );
    assert_eq!(health["status"], "online");
    drop(agent);
    fixture
        .until("offline", || (fixture.get("/v1/nodes/g1/n1")["status"] == "offline").then_some(()));
    // Every key of what is wrong is printed.
    let refused = call(fixture, 422, "GET", path, None);
    let wrong = refused["error"].as_object().expect("an object");
    assert!(!wrong.is_empty() && wrong.values().all(Value::is_string), "{refused}");
}

const GRID: &str = "id:string name:string node_count:number service_count:number \
    user_count:number container_count:number token:string subnet:string supernet:string \
    initial_size:number default_affinity:array trusted_subnets:array stats:object";

fn case_5_2_grid_commands(fixture: &Fixture) {
    let _agent = online(fixture);
    // grid create
    let body = json!({ "name": "made", "initial_size": "3" });
    let made = fixture.expect(201, "POST", "/v1/grids", &fixture.admin, Some(body));
    reads(&made, "name:string");
    // grid ls, use, env, cloud-config
    for one in each(&fixture.get("/v1/grids"), "grids") {
        reads(one, GRID);
    }
    // grid show, current; health without a quorum of two
    let shown = fixture.get("/v1/grids/g1");
    reads(&shown, GRID);
    assert_eq!((&shown["node_count"], &shown["user_count"]), (&json!(1), &json!(3)));
    let nodes = fixture.get(&format!("/v1/grids/{}/nodes", text(&shown, "name")));
    for node in each(&nodes, "nodes") {
        reads(node, "initial_member:bool connected:bool name:string");
        reads(node, REPORTED);
        let has_root = |entry: &Value| entry["name"] == node["engine_root_dir"];
        assert!(each(&node["resource_usage"], "filesystem").any(has_root), "{node}");
    }
    // grid update
    let put = |body| fixture.expect(200, "PUT", "/v1/grids/made", &fixture.admin, Some(body));
    let updated = put(json!({
        "stats": { "statsd": { "server": "1.2.3.4", "port": "99" } },
        "logs": { "forwarder": "fluentd", "opts": { "fluentd-address": "h:1" } },
        "default_affinity": ["label==a"],
    }));
    reads(
        &updated,
        "stats.statsd.server:string stats.statsd.port:number logs.forwarder:string logs.opts:object \
        default_affinity.0:string",
    );
    for (body, field, value) in [
        (json!({ "stats": { "statsd": null } }), "/stats/statsd", Value::Null),
        (json!({ "default_affinity": [] }), "/default_affinity", json!([])),
    ] {
        assert_eq!(put(body).pointer(field), Some(&value), "{field}");
    }
    let cleared = put(json!({ "logs": { "forwarder": "none", "opts": {} } }));
    assert!(cleared.get("logs").is_none(), "{cleared}");
    // grid rm
    let all = fixture.get("/v1/grids");
    let found = each(&all, "grids").find(|grid| grid["name"] == "made").expect("the grid");
    let path = format!("/v1/grids/{}", text(found, "id"));
    assert_eq!(fixture.expect(200, "DELETE", &path, &fixture.admin, None), json!({}));
    fixture.expect(404, "GET", &path, &fixture.admin, None);
}

/// An entry of an audit log, as both commands that show one read it.
pub(super) const AUDITED: &str = "time:string grid:string? resource_type:string \
    resource_name:string event_name:string user_identity.email:string source_ip:string \
    user_agent:string";

fn case_5_2_what_a_grid_tells(fixture: &Fixture) {
    let agent = logs::furnish(fixture);
    logs::write(&agent, "c1", 1..4);
    // grid logs
    let lines = fixture.get("/v1/grids/g1/container_logs?limit=100");
    for line in each(&lines, "logs") {
        reads(line, "id:string name:string created_at:string data:string");
    }
    let since = text(&lines["logs"][0], "created_at");
    let query = "nodes=n1&services=null%2Fapp&containers=app-1";
    let path = format!("/v1/grids/g1/container_logs?limit=100&{query}&since={since}");
    assert_eq!(each(&fixture.get(&path), "logs").count(), 2);
    // grid events
    let body = json!({
        "service_id": logs::service_id(fixture), "instance_number": 1, "severity": 2,
        "type": "service:instance_crash", "data": "gone",
    });
    agent.notify("/node_service_pods/event", vec!["ID1".into(), body]);
    let events = fixture.until("an event of the node", || {
        let path = "/v1/grids/g1/event_logs?limit=100&nodes=n1&services=null%2Fapp";
        let events = fixture.get(path);
        (!events["logs"].as_array()?.is_empty()).then_some(events)
    });
    let related: Vec<_> = each(&events["logs"][0], "relationships").map(|one| &one["id"]).collect();
    assert_eq!(related, ["g1", "g1/null", "g1/null/app", "g1/n1"]);
    assert_eq!(events["logs"][0]["severity"], 2);
    for event in each(&events, "logs") {
        reads(event, "created_at:string type:string message:string severity:number");
        each(event, "relationships").for_each(|one| reads(one, "type:string id:string"));
    }
    // grid audit-log, with and without a number
    for query in ["limit", "limit=100"] {
        let log = call(fixture, 200, "GET", &format!("/v1/grids/g1/audit_log?{query}"), None);
        each(&log, "logs").for_each(|entry| reads(entry, AUDITED));
    }
}

fn case_5_2_members_and_subnets(fixture: &Fixture) {
    let path = "/v1/grids/g1/users";
    let user = "email:string name:string? id:string roles:array";
    each(&call(fixture, 200, "GET", path, None), "users").for_each(|one| reads(one, user));
    let added = call(fixture, 201, "POST", path, json!({ "email": "out@x.io" }));
    assert_eq!(each(&added, "users").count(), 4);
    let left = call(fixture, 200, "DELETE", &format!("{path}/out@x.io"), None);
    assert_eq!(each(&left, "users").count(), 3);
    // trusted-subnet ls, add, rm
    reads(&call(fixture, 200, "GET", "/v1/grids/g1", None), "trusted_subnets:array");
    for subnets in [json!(["10.0.0.0/8", "192.168.1.0/24"]), json!(["10.0.0.0/8"]), json!([])] {
        let body = json!({ "trusted_subnets": subnets });
        call(fixture, 200, "PUT", "/v1/grids/g1", body);
        assert_eq!(fixture.get("/v1/grids/g1")["trusted_subnets"], subnets);
    }
}

fn case_5_7_plugins_create_a_node(fixture: &Fixture) {
    reads(&fixture.get("/v1/grids/g1"), "token:string");
    let nodes = || fixture.get("/v1/grids/g1/nodes");
    assert_eq!(nodes()["nodes"], json!([]), "asked for until the node is there");
    let _agent = online(fixture);
    let list = nodes();
    let node = each(&list, "nodes").find(|node| node["name"] == "n1").expect("the node");
    reads(
        node,
        "name:string id:string grid.id:string grid.token:string initial_member:bool labels:array",
    );
    let bearer = format!("Bearer {}", fixture.mem);
    let token = node["grid"]["token"].as_str().expect("a token");
    let headers = [("Authorization", bearer.as_str()), ("Kontena-Grid-Token", token)];
    let labels = json!(["region=a", "az=b", "provider=c"]);
    let body = json!({ "labels": labels }).to_string();
    // Azure's doubles the grid.
    for path in [text(node, "id"), format!("g1/{}", text(node, "id"))] {
        let answer = fixture.server.raw("PUT", &format!("/v1/nodes/{path}"), &headers, &body);
        assert_eq!((answer.status, &answer.body["labels"]), (200, &labels), "{path}");
    }
    let named = json!({ "name": "cloud-1", "token": "0123456789abcdef".repeat(4) });
    let made = call(fixture, 201, "POST", "/v1/grids/g1/nodes", named);
    assert_eq!((&made["id"], &made["has_token"]), (&json!("g1/cloud-1"), &json!(true)));
}

fn case_5_7_plugins_terminate_a_node(fixture: &Fixture) {
    // As long as an agent that is gone is waited for.
    let fixture = &fixture.restarted(&[("WEBSOCKET_TIMEOUT", "1")]);
    for path in ["/v1/nodes/g1/n1", "/v1/nodes/g1/g1/n1"] {
        let agent = online(fixture);
        reads(&fixture.get("/v1/grids/g1/nodes")["nodes"][0], "name:string id:string labels:array");
        let alive = call(fixture, 422, "DELETE", path, None);
        reads(&alive, "error.node:string");
        // The machine is gone, its node still looks connected.
        agent.freeze();
        assert_eq!(fixture.get("/v1/nodes/g1/n1")["connected"], true);
        assert_eq!(call(fixture, 200, "DELETE", path, None), json!({}), "{path}");
        call(fixture, 404, "GET", "/v1/nodes/g1/n1", None);
    }
}

fn case_5_7_a_shell_on_a_node(fixture: &Fixture) {
    let agent = online(fixture);
    let body = json!({
        "name": "shell-1", "image": "alpine:latest", "stateful": false, "privileged": true,
        "pid": "host", "affinity": ["node==n1"], "cmd": ["sleep", "600"],
    });
    let made = call(fixture, 201, "POST", "/v1/grids/g1/services", body);
    reads(&made, "id:string");
    let path = format!("/v1/services/{}", text(&made, "id"));
    let deploy = call(fixture, 200, "POST", &format!("{path}/deploy"), json!({}));
    let ended = super::sequences_of_service::finish(fixture, &agent, &deploy);
    reads(&ended, "id:string finished_at:string");
    let pod = super::sequences_of_service::pods(&agent)[0].clone();
    assert_eq!((&pod["privileged"], &pod["pid"]), (&json!(true), &json!("host")));
    assert_eq!(call(fixture, 200, "DELETE", &path, json!({})), json!({}));
    call(fixture, 404, "GET", &path, None);
}
