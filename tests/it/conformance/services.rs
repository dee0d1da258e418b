//! Cases 70 to 92: services.

use serde_json::{Value, json};

use super::{Agent, Fixture, cases, logs};

cases!(
    cases_70_and_71_creating_a_service,
    case_72_what_is_missing_is_named_together,
    cases_73_and_74_ports_and_counts,
    cases_75_and_76_environment_and_health_check,
    cases_77_and_78_links_secrets_and_formats,
    case_79_long_names,
    cases_80_to_82_changing_a_service,
    cases_83_and_85_deploying_and_scaling,
    case_84_a_deploy_without_nodes,
    case_86_stop_start_restart,
    case_87_environment_entry_by_entry,
    case_88_removing_a_service,
    case_89_an_unknown_stack,
    case_90_instances,
    case_92_who_may_and_what_is_unknown,
    cases_beyond_health_is_counted,
);

const SERVICES: &str = "/v1/grids/g1/services";
const APP: &str = "/v1/services/g1/null/app";
const ENGINE: &str = "ABCD:EFGH:1";

fn refused(fixture: &Fixture, more: Value) -> Value {
    let mut body = json!({ "name": "other", "image": "redis", "stateful": false });
    for (field, value) in more.as_object().expect("an object") {
        body[field] = value.clone();
    }
    fixture.refused("POST", SERVICES, body)
}

fn put(fixture: &Fixture, body: Value) -> Value {
    fixture.expect(200, "PUT", APP, &fixture.mem, Some(body))
}

fn post(fixture: &Fixture, action: &str, body: Value) -> Value {
    fixture.expect(200, "POST", &format!("{APP}/{action}"), &fixture.mem, Some(body))
}

fn cases_70_and_71_creating_a_service(fixture: &Fixture) {
    let body = || Some(json!({ "name": "app", "image": "redis", "stateful": false }));
    let service = fixture.expect(201, "POST", SERVICES, &fixture.mem, body());
    for (field, value) in [
        ("id", json!("g1/null/app")),
        ("stack", json!({ "id": "g1/null", "name": "null" })),
        ("state", json!("initialized")),
        ("instances", json!(1)),
        ("revision", json!(1)),
        ("strategy", json!("ha")),
        ("net", json!("bridge")),
        ("stop_grace_period", json!(10)),
        ("dns", json!("app.g1.kontena.local")),
        ("ports", json!([])),
        ("log_opts", json!({})),
    ] {
        assert_eq!(service[field], value, "{field}");
    }
    assert_eq!(service["deploy_opts"]["min_health"], 0.8);
    assert!(service.get("health_check").is_none());
    let again = fixture.expect(422, "POST", SERVICES, &fixture.mem, body());
    assert_eq!(again, json!({ "error": { "name": "is already taken" } }));
}

fn case_72_what_is_missing_is_named_together(fixture: &Fixture) {
    let nameless = fixture.refused("POST", SERVICES, json!({ "image": "x", "stateful": false }));
    assert_eq!(nameless, json!({ "name": "Name is required" }));
    let dashed = refused(fixture, json!({ "name": "-a" }));
    assert_eq!(dashed, json!({ "name": "Name isn't in the right format" }));
    let both = fixture.refused("POST", SERVICES, json!({ "name": "a" }));
    let expected = json!({ "image": "Image is required", "stateful": "Stateful is required" });
    assert_eq!(both, expected);
}

fn cases_73_and_74_ports_and_counts(fixture: &Fixture) {
    let port = json!({ "node_port": "80", "container_port": "8080" });
    let service = fixture.service("web", json!({ "ports": [port], "container_count": "2" }));
    let expected =
        json!({ "ip": "0.0.0.0", "protocol": "tcp", "node_port": 80, "container_port": 8080 });
    assert_eq!((&service["ports"][0], &service["instances"]), (&expected, &json!(2)));
    let wrong = refused(fixture, json!({ "ports": [{ "container_port": 1 }] }));
    assert_eq!(wrong, json!({ "ports": [{ "node_port": "Node Port is required" }] }));
    let both = fixture.service("both", json!({ "container_count": "2", "instances": 3 }));
    assert_eq!(both["instances"], 3);
}

fn cases_75_and_76_environment_and_health_check(fixture: &Fixture) {
    let env = refused(fixture, json!({ "env": ["A=1", "B"] }));
    assert_eq!(env, json!({ "env": [null, "Env[1] isn't in the right format"] }));
    let check = |check: Value| json!({ "health_check": check });
    let wrong = refused(fixture, check(json!({ "port": "80" })));
    assert_eq!(wrong, json!({ "health_check": { "protocol": "Protocol is required" } }));
    let fast = json!({ "port": 80, "protocol": "http", "interval": 5, "timeout": 10 });
    let text = "Interval has to be bigger than timeout";
    assert_eq!(refused(fixture, check(fast)), json!({ "health_check": text }));
    let null = json!({ "port": null, "protocol": null, "uri": null, "timeout": null,
        "interval": null, "initial_delay": null });
    assert!(fixture.service("none", check(null)).get("health_check").is_none());
    let service = fixture.service("some", check(json!({ "port": 80, "protocol": "http" })));
    let expected = json!({ "port": 80, "protocol": "http", "timeout": 10, "interval": 60,
        "initial_delay": 10, "uri": "/" });
    assert_eq!(service["health_check"], expected);
    let status = json!({ "healthy": 0, "unhealthy": 0, "total": 0 });
    assert_eq!(service["health_status"], status);
}

fn cases_77_and_78_links_secrets_and_formats(fixture: &Fixture) {
    for (more, expected) in [
        (
            json!({ "links": [{ "name": "nope", "alias": "n" }] }),
            json!({ "links": ["Service null/nope does not exist"] }),
        ),
        (
            json!({ "secrets": [{ "secret": "X", "name": "X" }] }),
            json!({ "secrets": ["Secret X does not exist"] }),
        ),
        (
            json!({ "certificates": [{ "subject": "c.io", "name": "C" }] }),
            json!({ "certificates": ["Certificate c.io does not exist"] }),
        ),
        (
            json!({ "volumes": ["foo:bar"] }),
            json!({ "volumes": ["Volume definition 'foo:bar' not in right format"] }),
        ),
        (json!({ "strategy": "x" }), json!({ "strategy": "Strategy not supported" })),
        (
            json!({ "stop_signal": "kill" }),
            json!({ "stop_signal": "Stop Signal isn't in the right format" }),
        ),
    ] {
        assert_eq!(refused(fixture, more.clone()), expected, "{more}");
    }
    let service = fixture.service("app", json!({ "stop_grace_period": "1m30s" }));
    assert_eq!(service["stop_grace_period"], 90);
}

fn case_79_long_names(fixture: &Fixture) {
    // `-1.g1.kontena.local` takes 19 characters.
    let too_long = refused(fixture, json!({ "name": "a".repeat(46) }));
    let text = too_long["name"].as_str().expect("a text");
    assert!(text.starts_with("Total grid service name length 65 is over limit (64)"), "{text}");
    fixture.service(&"a".repeat(45), json!({}));
}

fn cases_80_to_82_changing_a_service(fixture: &Fixture) {
    fixture.service("db", json!({}));
    let check = json!({ "port": 80, "protocol": "tcp" });
    let links = json!([{ "name": "db", "alias": "db" }]);
    fixture.service("app", json!({ "env": ["A=1"], "links": links, "health_check": check }));
    for (body, revision) in [
        (json!({ "image": "redis:4" }), 2),
        (json!({ "image": "redis:4" }), 2),
        (json!({ "force": true }), 3),
    ] {
        assert_eq!(put(fixture, body.clone())["revision"], revision, "{body}");
    }
    let service = put(fixture, json!({ "env": ["A=", "C=3"] }));
    assert_eq!(service["env"], json!(["A=1", "C=3"]));
    // As `service unlink` sends what is left: links as they were received.
    let link = service["links"][0].clone();
    assert_eq!(link["id"], "g1/null/db");
    assert_eq!(put(fixture, json!({ "links": [link] }))["links"], json!([link]));
    assert_eq!(put(fixture, json!({ "links": [] }))["links"], json!([]));
    let service = put(fixture, json!({ "health_check": { "port": null, "protocol": null } }));
    assert!(service.get("health_check").is_none());
}

/// An agent that runs what it is told to: each pod of its list is reported as running.
fn run_all(agent: &Agent) {
    let pods = agent.call("/node_service_pods/list", vec![ENGINE.into()]).expect("a list");
    for pod in pods["service_pods"].as_array().expect("pods") {
        let state = json!({
            "service_id": pod["service_id"], "instance_number": pod["instance_number"],
            "rev": pod["deploy_rev"], "state": pod["desired_state"], "error": null,
        });
        agent.call("/node_service_pods/set_state", vec![ENGINE.into(), state]).expect("told");
    }
}

fn finish(fixture: &Fixture, agent: &Agent, deploy: &Value) -> Value {
    let path = format!("{APP}/deploys/{}", deploy["id"].as_str().expect("an id"));
    fixture.until("the end of the deploy", || {
        run_all(agent);
        Some(fixture.get(&path)).filter(|deploy| deploy["finished_at"].is_string())
    })
}

fn cases_83_and_85_deploying_and_scaling(fixture: &Fixture) {
    let agent = Agent::connect(&fixture.server, "gtok", ENGINE, "n1", Agent::agreeable());
    fixture.service("app", json!({}));
    let deploy = post(fixture, "deploy", json!({}));
    assert_eq!(deploy["state"], "created");
    assert_eq!(deploy["service_id"], "g1/null/app");
    assert!(deploy["finished_at"].is_null() && deploy["instance_deploys"].is_array());
    assert_eq!(fixture.get(APP)["state"], "running");
    assert_eq!(finish(fixture, &agent, &deploy)["state"], "success");
    fixture.expect(404, "GET", &format!("{APP}/deploys/nope"), &fixture.mem, None);
    let unknown = format!("{APP}/deploys/{}", "0".repeat(24));
    fixture.expect(404, "GET", &unknown, &fixture.mem, None);

    let deploy = post(fixture, "scale", json!({ "instances": "3" }));
    let service = fixture.get(APP);
    assert_eq!((&service["instances"], &service["revision"]), (&json!(3), &json!(1)));
    let ended = finish(fixture, &agent, &deploy);
    assert_eq!((&ended["state"], &ended["instance_count"]), (&json!("success"), &json!(3)));
    let refused = fixture.refused("POST", &format!("{APP}/scale"), json!({}));
    assert_eq!(refused, json!({ "instances": "Instances can't be nil" }));
}

fn case_84_a_deploy_without_nodes(fixture: &Fixture) {
    fixture.service("app", json!({}));
    let deploy = post(fixture, "deploy", json!({}));
    let path = format!("{APP}/deploys/{}", deploy["id"].as_str().expect("an id"));
    let ended = fixture.until("its end", || {
        Some(fixture.get(&path)).filter(|deploy| deploy["finished_at"].is_string())
    });
    assert_eq!(ended["state"], "error");
    assert!(ended["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{ended}");
}

fn case_86_stop_start_restart(fixture: &Fixture) {
    let agent = Agent::connect(&fixture.server, "gtok", ENGINE, "n1", Agent::agreeable());
    fixture.service("app", json!({}));
    let deploy = post(fixture, "deploy", json!({}));
    finish(fixture, &agent, &deploy);
    for (action, state) in [("stop", "stopped"), ("start", "running"), ("restart", "running")] {
        assert_eq!(post(fixture, action, json!({})), json!({}));
        assert_eq!(fixture.get(APP)["state"], state);
    }
    assert_eq!(agent.hears("/service_pods/restart")[1], 1);
}

fn case_87_environment_entry_by_entry(fixture: &Fixture) {
    fixture.service("app", json!({ "env": ["X=0", "Y=1"] }));
    assert_eq!(post(fixture, "envs", json!({ "env": "X=1" })), json!({}));
    let service = fixture.get(APP);
    assert_eq!((&service["env"], &service["revision"]), (&json!(["X=1", "Y=1"]), &json!(2)));
    let refused = fixture.expect(422, "POST", &format!("{APP}/envs"), &fixture.mem, None);
    assert_eq!(refused, json!({ "env": "Env can't be nil" }));
    for _ in 0..2 {
        let path = format!("{APP}/envs/X");
        assert_eq!(fixture.expect(200, "DELETE", &path, &fixture.mem, None), json!({}));
        let service = fixture.get(APP);
        assert_eq!((&service["env"], &service["revision"]), (&json!(["Y=1"]), &json!(3)));
    }
}

fn case_88_removing_a_service(fixture: &Fixture) {
    fixture.service("app", json!({}));
    fixture.service("linker", json!({ "links": [{ "name": "app", "alias": "a" }] }));
    let refused = fixture.refused("DELETE", APP, json!({}));
    assert!(refused["service"].as_str().is_some_and(|text| text.contains("linker")), "{refused}");
    for path in ["/v1/services/g1/null/linker", APP] {
        assert_eq!(fixture.expect(200, "DELETE", path, &fixture.mem, None), json!({}));
        fixture.expect(404, "GET", path, &fixture.mem, None);
    }
}

fn case_89_an_unknown_stack(fixture: &Fixture) {
    let missing = fixture.expect(404, "GET", &format!("{SERVICES}?stack=nope"), &fixture.mem, None);
    assert_eq!(missing, json!({ "error": "Stack not found" }));
}

fn case_90_instances(fixture: &Fixture) {
    let agent = Agent::connect(&fixture.server, "gtok", ENGINE, "n1", Agent::agreeable());
    // Stateful: where it goes next is not decided before somebody deploys.
    fixture.service("app", json!({ "stateful": true }));
    let deploy = post(fixture, "deploy", json!({}));
    finish(fixture, &agent, &deploy);
    let path = format!("{APP}/instances");
    let list = fixture.get(&path);
    let instance = &list["instances"][0];
    assert_eq!(instance["instance_number"], 1);
    assert!(instance["state"].is_string() && instance["desired_state"].is_string());
    assert_eq!(instance["node"]["id"], "g1/n1");
    let one = format!("{path}/{}", instance["id"].as_str().expect("an id"));
    assert_eq!(fixture.get(&one)["id"], instance["id"]);
    for bad in [format!("{path}/nope"), format!("{path}/{}", "0".repeat(24))] {
        for method in ["GET", "DELETE"] {
            assert_eq!(fixture.expect(404, method, &bad, &fixture.mem, None), json!(""));
        }
    }
    assert_eq!(fixture.expect(200, "DELETE", &one, &fixture.mem, None), json!({}));
    let detached = fixture.get(&one);
    assert_eq!((detached.get("node"), &detached["instance_number"]), (None, &json!(1)));
    let deploy = post(fixture, "deploy", json!({}));
    assert_eq!(finish(fixture, &agent, &deploy)["state"], "success");
    let again = fixture.get(&one);
    assert_eq!((&again["id"], &again["node"]["id"]), (&instance["id"], &json!("g1/n1")));
}

fn cases_beyond_health_is_counted(fixture: &Fixture) {
    let agent = logs::furnish(fixture);
    let check = json!({ "health_check": { "port": 80, "protocol": "tcp" } });
    put(fixture, check);
    for id in ["c3", "c4"] {
        let body = logs::container(fixture, id, "app", true);
        agent.call("/containers/save", vec![body]).expect("saves");
    }
    let counts = |healthy, unhealthy| {
        let counts = json!({ "healthy": healthy, "unhealthy": unhealthy, "total": 3 });
        assert_eq!(fixture.get(APP)["health_status"], counts);
        assert_eq!(fixture.get(SERVICES)["services"][0]["health_status"], counts);
    };
    counts(0, 0);
    for (id, status, healthy, unhealthy) in [
        ("c1", "healthy", 1, 0),
        ("c3", "healthy", 2, 0),
        ("c4", "unhealthy", 2, 1),
        ("c3", "unhealthy", 1, 2),
        // Of no service, and of nobody.
        ("c2", "healthy", 1, 2),
        ("c9", "healthy", 1, 2),
    ] {
        let check = json!({ "id": id, "status": status, "status_code": "open" });
        agent.call("/containers/health", vec![check]).expect("told");
        counts(healthy, unhealthy);
    }
}

fn case_92_who_may_and_what_is_unknown(fixture: &Fixture) {
    fixture.service("app", json!({}));
    fixture.expect(403, "GET", APP, &fixture.out, None);
    for path in ["zzz/null/app", "g1/zzz/app", "g1/null/zzz"] {
        fixture.expect(404, "GET", &format!("/v1/services/{path}"), &fixture.admin, None);
    }
}
