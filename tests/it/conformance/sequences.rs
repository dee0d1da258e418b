//! The calls of `http-api.md` 5.1 to 5.3 and 5.7 in the order in which stock clients make them, with the fields
//! that they read. They carry no numbers of section 6; cases of it are named after the section they replay.

use serde_json::{Value, json};

use super::{Agent, Fixture, cases};

cases!(case_5_1_node_commands, case_5_2_grid_commands, case_5_3_service_commands, case_5_7_plugins);

const ENGINE: &str = "ABCD:EFGH:1";

/// Sees that fields, `path:type` each, are there and of a JSON type; `type?` may be null.
#[track_caller]
fn reads(answer: &Value, fields: &str) {
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

fn online(fixture: &Fixture) -> Agent {
    let agent = Agent::connect(&fixture.server, "gtok", ENGINE, "n1", Agent::agreeable());
    fixture
        .until("online", || (fixture.get("/v1/nodes/g1/n1")["status"] == "online").then_some(()));
    agent
}

fn call(fixture: &Fixture, status: u16, method: &str, path: &str, body: Value) -> Value {
    fixture.expect(status, method, path, &fixture.ga, Some(body))
}

const NODE: &str = "id:string name:string connected:bool status:string has_token:bool labels:array \
    node_number:number initial_member:bool agent_version:string? docker_version:string? \
    created_at:string connected_at:string? disconnected_at:string? last_seen_at:string? \
    availability:string public_ip:string? private_ip:string? overlay_ip:string os:string? \
    kernel_version:string? driver:string? volume_drivers:array cpus:number? grid.id:string \
    grid.token:string";

fn case_5_1_node_commands(fixture: &Fixture) {
    let _agent = online(fixture);
    reads(&fixture.get("/v1/grids/g1"), "id:string initial_size:number");
    call(fixture, 201, "POST", "/v1/grids/g1/nodes", json!({ "name": "n2", "labels": [] }));
    let list = fixture.get("/v1/grids/g1/nodes");
    for node in list["nodes"].as_array().expect("nodes") {
        reads(node, NODE);
    }
    let usage = "resource_usage.memory.used:number resource_usage.memory.cached:number \
        resource_usage.memory.buffers:number resource_usage.load.1m:number \
        resource_usage.filesystem.0.name:string engine_root_dir:string";
    reads(&fixture.get("/v1/nodes/g1/n1"), usage);
    let body = json!({ "labels": ["a=1"], "availability": "active" });
    assert_eq!(call(fixture, 200, "PUT", "/v1/nodes/g1/n2", body)["labels"], json!(["a=1"]));
    call(fixture, 200, "PUT", "/v1/nodes/g1/n2", json!({ "labels": [] }));
    reads(&call(fixture, 200, "GET", "/v1/nodes/g1/n2/token", json!({})), "token:string");
    let reset = json!({ "token": null, "reset_connection": true });
    reads(&call(fixture, 200, "PUT", "/v1/nodes/g1/n2/token", reset), "token:string");
    let path = fixture.get("/v1/nodes/g1/n2")["id"].as_str().map(|id| format!("/v1/nodes/{id}"));
    call(fixture, 200, "DELETE", &path.expect("an id"), json!({}));
}

fn case_5_2_grid_commands(fixture: &Fixture) {
    let body = json!({ "name": "made", "initial_size": "3" });
    let made = fixture.expect(201, "POST", "/v1/grids", &fixture.admin, Some(body));
    reads(&made, "name:string");
    let grid = "id:string name:string node_count:number service_count:number user_count:number \
        container_count:number token:string subnet:string supernet:string initial_size:number \
        default_affinity:array trusted_subnets:array stats:object";
    for one in fixture.get("/v1/grids")["grids"].as_array().expect("grids") {
        reads(one, grid);
    }
    let body = json!({
        "stats": { "statsd": { "server": "1.2.3.4", "port": "99" } },
        "logs": { "forwarder": "fluentd", "opts": { "fluentd-address": "h:1" } },
        "default_affinity": ["label==a"],
    });
    let updated = fixture.expect(200, "PUT", "/v1/grids/made", &fixture.admin, Some(body));
    reads(
        &updated,
        "stats.statsd.server:string stats.statsd.port:number logs.forwarder:string logs.opts:object",
    );
    for body in [
        json!({ "stats": { "statsd": null } }),
        json!({ "logs": { "forwarder": "none", "opts": {} } }),
        json!({ "default_affinity": [] }),
        json!({ "trusted_subnets": ["10.0.0.0/8"] }),
    ] {
        fixture.expect(200, "PUT", "/v1/grids/made", &fixture.admin, Some(body));
    }
    fixture.expect(200, "DELETE", "/v1/grids/made", &fixture.admin, None);
}

fn case_5_3_service_commands(fixture: &Fixture) {
    let agent = online(fixture);
    let body = json!({
        "name": "app", "image": "busybox:latest", "stateful": false, "secrets": [],
        "privileged": false, "log_opts": {}, "read_only": false,
    });
    call(fixture, 201, "POST", "/v1/grids/g1/services", body);
    let service = "id:string name:string updated_at:string created_at:string stateful:bool \
        ports:array state:string instances:number instance_counts.running:number stack.id:string \
        stack.name:string deploy_opts:object log_opts:object env:array secrets:array links:array";
    reads(&fixture.get("/v1/grids/g1/services")["services"][0], service);
    let path = "/v1/services/g1/null/app";
    call(fixture, 200, "PUT", path, json!({ "privileged": false }));
    let deploy = call(fixture, 200, "POST", &format!("{path}/deploy"), json!({}));
    reads(
        &deploy,
        "id:string service_id:string finished_at:string? state:string instance_deploys:array",
    );
    let text = |field: &str| deploy[field].as_str().expect("a text").to_owned();
    let poll = format!("/v1/services/{}/deploys/{}", text("service_id"), text("id"));
    let ended = fixture.until("the end of the deploy", || {
        let pods = agent.call("/node_service_pods/list", vec![ENGINE.into()]).expect("a list");
        for pod in pods["service_pods"].as_array().expect("pods") {
            let state = json!({
                "service_id": pod["service_id"], "instance_number": pod["instance_number"],
                "rev": pod["deploy_rev"], "state": pod["desired_state"], "error": null,
            });
            agent.call("/node_service_pods/set_state", vec![ENGINE.into(), state]).expect("told");
        }
        Some(fixture.get(&poll)).filter(|deploy| deploy["finished_at"].is_string())
    });
    reads(
        &ended,
        "instance_deploys.0.instance_number:number instance_deploys.0.node:string \
        instance_deploys.0.state:string instance_deploys.0.error:string? reason:string?",
    );
    let instance = "id:string instance_number:number node.name:string deploy_rev:string rev:string \
        state:string error:string?";
    let instances = fixture.get(&format!("{path}/instances"));
    reads(&instances["instances"][0], instance);
    reads(&fixture.get(&format!("{path}/containers")), "containers:array");
    call(fixture, 200, "POST", &format!("{path}/envs"), json!({ "env": "K=V" }));
    call(fixture, 200, "DELETE", &format!("{path}/envs/K"), json!({}));
    call(fixture, 200, "PUT", path, json!({ "links": [] }));
    for action in ["stop", "start", "restart"] {
        call(fixture, 200, "POST", &format!("{path}/{action}"), json!({}));
    }
    let id = instances["instances"][0]["id"].as_str().expect("an id");
    call(fixture, 200, "DELETE", &format!("{path}/instances/{id}"), json!({}));
    call(fixture, 200, "DELETE", path, json!({}));
    call(fixture, 404, "GET", path, json!({}));
}

fn case_5_7_plugins(fixture: &Fixture) {
    reads(&fixture.get("/v1/grids/g1"), "token:string");
    let agent = online(fixture);
    let list = fixture.get("/v1/grids/g1/nodes");
    let node = &list["nodes"][0];
    reads(
        node,
        "name:string id:string grid.id:string grid.token:string initial_member:bool labels:array",
    );
    let path = format!("/v1/nodes/{}", node["id"].as_str().expect("an id"));
    let bearer = format!("Bearer {}", fixture.mem);
    let token = node["grid"]["token"].as_str().expect("a token");
    let headers = [("Authorization", bearer.as_str()), ("Kontena-Grid-Token", token)];
    let labels = json!({ "labels": ["region=a", "az=b", "provider=c"] }).to_string();
    assert_eq!(fixture.server.raw("PUT", &path, &headers, &labels).status, 200);
    // The machine is gone, its node may still look connected.
    drop(agent);
    call(fixture, 200, "DELETE", "/v1/nodes/g1/n1", json!({}));
    let named = json!({ "name": "cloud-1", "token": "0123456789abcdef".repeat(4) });
    call(fixture, 201, "POST", "/v1/grids/g1/nodes", named);
}
