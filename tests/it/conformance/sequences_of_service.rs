//! The calls of `http-api.md` 5.3, `kontena service`, in the order in which the stock client makes them, with
//! the fields that it reads.

use serde_json::{Value, json};

use super::{
    Agent, Fixture, cases,
    exec::Client,
    logs,
    sequences::{ENGINE, call, each, online, reads, text},
    stats,
};

cases!(
    case_5_3_create_show_update_and_remove,
    case_5_3_deploy_and_scale,
    case_5_3_containers,
    case_5_3_what_a_service_tells,
    case_5_3_exec,
    case_5_3_environment_secrets_and_links,
);

const SERVICES: &str = "/v1/grids/g1/services";
const APP: &str = "/v1/services/g1/null/app";

const SERVICE: &str = "id:string name:string updated_at:string created_at:string stateful:bool \
    ports:array state:string instances:number instance_counts.running:number \
    instance_counts.total:number stack.id:string stack.name:string deploy_opts:object \
    deploy_opts.min_health:number deploy_opts.wait_for_port:number? deploy_opts.interval:number? \
    log_opts:object log_driver:string? env:array secrets:array links:array affinity:array \
    cmd:array? entrypoint:string? user:string? image:string revision:number \
    stack_revision:number? strategy:string net:string dns:string pid:string? memory:number? \
    memory_swap:number? shm_size:number? cpus:number? cpu_shares:number? volumes:array \
    volumes_from:array cap_add:array cap_drop:array hooks:array stop_signal:string? \
    stop_grace_period:number read_only:bool certificates:array grid.id:string";

const DEPLOY: &str = "id:string service_id:string finished_at:string? state:string \
    reason:string? instance_deploys:array instance_count:number created_at:string";

/// What an agent has to run.
pub(super) fn pods(agent: &Agent) -> Vec<Value> {
    let list = agent.call("/node_service_pods/list", vec![ENGINE.into()]).expect("a list");
    list["service_pods"].as_array().expect("pods").clone()
}

/// Polls a deploy as stock clients do, while the agent reports what it was told as done.
pub(super) fn finish(fixture: &Fixture, agent: &Agent, deploy: &Value) -> Value {
    let (service, id) = (text(deploy, "service_id"), text(deploy, "id"));
    let poll = format!("/v1/services/{service}/deploys/{id}");
    fixture.until("the end of the deploy", || {
        for pod in pods(agent) {
            let state = json!({
                "service_id": pod["service_id"], "instance_number": pod["instance_number"],
                "rev": pod["deploy_rev"], "state": pod["desired_state"], "error": null,
            });
            agent.call("/node_service_pods/set_state", vec![ENGINE.into(), state]).expect("told");
        }
        Some(fixture.get(&poll)).filter(|deploy| deploy["finished_at"].is_string())
    })
}

/// Creates `app` as the stock client does, with more, and deploys it.
fn deployed(fixture: &Fixture, agent: &Agent, more: Value) -> Value {
    let mut body = json!({
        "name": "app", "image": "busybox:latest", "stateful": false, "secrets": [],
        "privileged": false, "log_opts": {}, "read_only": false,
    });
    for (field, value) in more.as_object().expect("an object") {
        body[field] = value.clone();
    }
    call(fixture, 201, "POST", SERVICES, body);
    let deploy = call(fixture, 200, "POST", &format!("{APP}/deploy"), json!({}));
    let ended = finish(fixture, agent, &deploy);
    assert_eq!(ended["state"], "success", "{ended}");
    ended
}

/// Has an agent save the container that it made of its first pod, with the labels a stock agent gives it.
fn save_container(agent: &Agent) -> Value {
    let pod = pods(agent)[0].clone();
    let mut labels = pod["labels"].clone();
    for (name, value) in [
        ("container.name", "app-1".to_owned()),
        ("container.type", "container".to_owned()),
        ("container.deploy_rev", text(&pod, "deploy_rev")),
        ("container.service_revision", pod["service_revision"].to_string()),
        ("container.overlay_network", "kontena".to_owned()),
        ("container.overlay_cidr", "10.81.128.7/16".to_owned()),
        ("service.instance_number", pod["instance_number"].to_string()),
    ] {
        labels[format!("io.kontena.{name}")] = value.into();
    }
    let container = json!({
        "Id": "c1", "Name": "/app-1", "Image": "sha256:1",
        "Config": {
            "Image": pod["image_name"], "Hostname": pod["hostname"],
            "Domainname": pod["domainname"], "Env": pod["env"], "Cmd": ["sleep", "9"],
            "Labels": labels,
        },
        "State": {
            "Running": true, "Pid": 7, "ExitCode": 0, "Error": "",
            "StartedAt": "2017-08-01T12:34:56.1Z", "FinishedAt": "0001-01-01T00:00:00Z",
        },
        "NetworkSettings": { "IPAddress": "172.17.0.2", "Ports": {} },
    });
    let body = json!({ "node": ENGINE, "container": container });
    agent.call("/containers/save", vec![body]).expect("saves");
    pod
}

fn case_5_3_create_show_update_and_remove(fixture: &Fixture) {
    let agent = online(fixture);
    let body = json!({
        "name": "app", "image": "busybox:latest", "stateful": false, "secrets": [],
        "privileged": false, "log_opts": {}, "read_only": false,
    });
    call(fixture, 201, "POST", SERVICES, body);
    // service ls, with a stack and without
    for path in [SERVICES.to_owned(), format!("{SERVICES}?stack=null")] {
        for service in each(&call(fixture, 200, "GET", &path, None), "services") {
            reads(service, SERVICE);
        }
    }
    // service update: numbers as texts, and a health check to come and go
    let check =
        json!({ "port": "80", "protocol": "http", "uri": "/", "timeout": "5", "interval": "30" });
    let body = json!({
        "privileged": false, "container_count": "2", "cpu_shares": "512", "log_driver": "syslog",
        "log_opts": { "tag": "x" }, "ports": [{ "node_port": "80", "container_port": "8080" }],
        "health_check": check, "cmd": ["sleep", "9"],
    });
    call(fixture, 200, "PUT", APP, body);
    // service show
    let shown = call(fixture, 200, "GET", APP, None);
    reads(&shown, SERVICE);
    reads(
        &shown,
        "ports.0.ip:string ports.0.protocol:string ports.0.node_port:number \
        ports.0.container_port:number health_check.protocol:string health_check.uri:string \
        health_check.port:number health_check.timeout:number health_check.interval:number \
        health_check.initial_delay:number health_status.healthy:number \
        health_status.total:number log_driver:string log_opts.tag:string cmd.0:string \
        cpu_shares:number",
    );
    assert_eq!((&shown["instances"], &shown["cpu_shares"]), (&json!(2), &json!(512)));
    assert_eq!(
        call(fixture, 200, "GET", &format!("{APP}/instances"), None),
        json!({ "instances": [] })
    );
    let body = json!({ "privileged": false, "health_check": { "port": null, "protocol": null } });
    let shown = call(fixture, 200, "PUT", APP, body);
    assert!(shown.get("health_check").is_none() && shown.get("health_status").is_none());
    // service start, stop, restart: whether something runs or not
    for action in ["start", "stop", "start", "restart"] {
        assert_eq!(call(fixture, 200, "POST", &format!("{APP}/{action}"), json!({})), json!({}));
    }
    // service rm
    assert_eq!(call(fixture, 200, "DELETE", APP, None), json!({}));
    call(fixture, 404, "GET", APP, None);
    drop(agent);
}

fn case_5_3_deploy_and_scale(fixture: &Fixture) {
    let agent = online(fixture);
    let ended = deployed(fixture, &agent, json!({}));
    let each_instance = "instance_number:number node:string state:string error:string?";
    let forced = json!({ "force": true });
    let forced = call(fixture, 200, "POST", &format!("{APP}/deploy"), forced);
    reads(&forced, DEPLOY);
    let forced = finish(fixture, &agent, &forced);
    let scaled = call(fixture, 200, "POST", &format!("{APP}/scale"), json!({ "instances": "2" }));
    reads(&scaled, DEPLOY);
    let scaled = finish(fixture, &agent, &scaled);
    for (deploy, count) in [(&ended, 1), (&forced, 1), (&scaled, 2)] {
        reads(deploy, DEPLOY);
        reads(deploy, "finished_at:string");
        assert_eq!(deploy["state"], "success", "{deploy}");
        let instances: Vec<_> = each(deploy, "instance_deploys").collect();
        assert_eq!((instances.len(), &deploy["instance_count"]), (count, &json!(count)));
        instances.iter().for_each(|one| reads(one, each_instance));
        assert!(instances.iter().all(|one| one["node"] == "n1"), "{deploy}");
    }
    assert_eq!(fixture.get(APP)["instance_counts"], json!({ "total": 2, "running": 2 }));
    // service rm --instance
    let instances = call(fixture, 200, "GET", &format!("{APP}/instances"), None);
    for instance in each(&instances, "instances") {
        reads(
            instance,
            "id:string instance_number:number node.name:string node.id:string \
            deploy_rev:string rev:string state:string desired_state:string error:string?",
        );
    }
    let second = each(&instances, "instances").find(|one| one["instance_number"] == 2);
    let path = format!("{APP}/instances/{}", text(second.expect("the second"), "id"));
    assert_eq!(call(fixture, 200, "DELETE", &path, None), json!({}));
}

fn case_5_3_containers(fixture: &Fixture) {
    let agent = online(fixture);
    let check = json!({ "port": "80", "protocol": "http", "timeout": "5", "interval": "30" });
    deployed(fixture, &agent, json!({ "health_check": check }));
    assert_eq!(fixture.get(&format!("{APP}/containers")), json!({ "containers": [] }));
    let pod = save_container(&agent);
    let containers = call(fixture, 200, "GET", &format!("{APP}/containers"), None);
    let container = &containers["containers"][0];
    assert!(container.get("health_status").is_none(), "it was not looked at yet: {container}");
    for (path, value) in [
        ("/id", json!("g1/n1/app-1")),
        ("/name", json!("app-1")),
        ("/container_id", json!("c1")),
        ("/grid_id", json!("g1")),
        ("/service_id", json!("g1/null/app")),
        ("/instance_number", json!(1)),
        ("/deploy_rev", pod["deploy_rev"].clone()),
        ("/service_rev", json!("1")),
        ("/image", json!("busybox:latest")),
        ("/cmd", json!(["sleep", "9"])),
        ("/env", pod["env"].clone()),
        ("/hostname", json!("app-1")),
        ("/domainname", json!("g1.kontena.local")),
        ("/ip_address", json!("10.81.128.7")),
        ("/status", json!("running")),
        ("/started_at", json!("2017-08-01T12:34:56.1Z")),
        ("/finished_at", Value::Null),
        ("/deleted_at", Value::Null),
        ("/network_settings/ip_address", json!("172.17.0.2")),
        ("/node/id", json!(ENGINE)),
        ("/node/name", json!("n1")),
        ("/node/connected", json!(true)),
        ("/node/labels", json!([])),
        ("/node/public_ip", json!("203.0.113.7")),
        ("/node/private_ip", json!("10.0.0.7")),
        ("/node/node_number", json!(1)),
        ("/node/grid", json!({ "id": "g1", "name": "g1", "initial_size": 1 })),
        (
            "/state",
            json!({ "error": "", "exit_code": 0, "pid": 7, "oom_killed": false, "paused": false,
                    "restarting": false, "dead": false, "running": true }),
        ),
    ] {
        assert_eq!(container.pointer(path), Some(&value), "{path}");
    }
    reads(container, "created_at:string updated_at:string node.last_seen_at:string volumes:array?");
    // container ls reads the same of it
    assert_eq!(fixture.get("/v1/containers/g1")["containers"][0], *container);

    for (status, counts) in [
        ("healthy", json!({ "healthy": 1, "unhealthy": 0, "total": 1 })),
        ("unhealthy", json!({ "healthy": 0, "unhealthy": 1, "total": 1 })),
    ] {
        let check = json!({ "id": "c1", "status": status, "status_code": 503 });
        agent.call("/containers/health", vec![check]).expect("told");
        let containers = call(fixture, 200, "GET", &format!("{APP}/containers"), None);
        let health = &containers["containers"][0]["health_status"];
        reads(health, "status:string updated_at:string");
        assert_eq!(health["status"], status);
        assert_eq!(fixture.get(APP)["health_status"], counts);
        assert_eq!(fixture.get(SERVICES)["services"][0]["health_status"], counts);
    }
    // service monitor
    reads(&fixture.get(APP), "instances:number strategy:string state:string stateful:bool");
}

fn case_5_3_what_a_service_tells(fixture: &Fixture) {
    let agent = online(fixture);
    deployed(fixture, &agent, json!({}));
    save_container(&agent);
    logs::write(&agent, "c1", 1..4);
    // service logs
    let lines = call(fixture, 200, "GET", &format!("{APP}/container_logs?limit=100"), None);
    for line in each(&lines, "logs") {
        reads(line, "id:string name:string created_at:string data:string type:string");
        assert_eq!(line["name"], "null-app-1", "the client breaks on one without a number");
    }
    let since = text(&lines["logs"][0], "created_at");
    let path = format!("{APP}/container_logs?limit=100&instance=1&since={since}");
    assert_eq!(each(&fixture.get(&path), "logs").count(), 2);
    // service events
    let events = call(fixture, 200, "GET", &format!("{APP}/event_logs?limit=100"), None);
    for event in each(&events, "logs") {
        reads(event, "created_at:string type:string message:string severity:number");
        each(event, "relationships").for_each(|one| reads(one, "type:string id:string"));
    }
    // service stats
    agent.notify("/containers/stat", vec![stats::stat("c1", 0.31, 5_242_880, 100)]);
    let found = fixture.until("figures", || {
        let stats = call(fixture, 200, "GET", &format!("{APP}/stats"), None);
        stats["stats"][0]["cpu"].is_object().then_some(stats)
    });
    for one in each(&found, "stats") {
        reads(
            one,
            "container_id:string cpu.usage:number memory.usage:number memory.limit:number \
            network.internal.rx_bytes:number network.internal.tx_bytes:number \
            network.external.rx_bytes:number network.external.tx_bytes:number",
        );
    }
    assert_eq!(found["stats"][0]["container_id"], "app-1");
}

fn case_5_3_exec(fixture: &Fixture) {
    let agent = online(fixture);
    deployed(fixture, &agent, json!({}));
    save_container(&agent);
    let containers = call(fixture, 200, "GET", &format!("{APP}/containers"), None);
    let container = &containers["containers"][0];
    reads(container, "id:string instance_number:number status:string name:string");
    let path = format!("/v1/containers/{}/exec", text(container, "id"));
    let mut client = Client::dial(fixture, &path, &fixture.ga).expect("upgrades");
    client.say(json!({ "cmd": ["date"] }));
    let run = agent.hears("/containers/run_exec");
    assert_eq!(run, [json!("uuid-1"), json!(["date"]), json!(false), json!(false)]);
    agent.notify("/container_exec/output", vec!["uuid-1".into(), "stdout".into(), "now".into()]);
    agent.notify("/container_exec/exit", vec!["uuid-1".into(), 2.into()]);
    let (heard, code, _) = client.rest();
    let said = json!({ "stream": "stdout", "chunk": "now" });
    assert_eq!((heard, code), (vec![said, json!({ "exit": 2 })], 1000));
}

fn case_5_3_environment_secrets_and_links(fixture: &Fixture) {
    let db = fixture.service("db", json!({}));
    fixture.service("app", json!({ "env": ["A=1"] }));
    // service env add, ls, rm
    call(fixture, 200, "POST", &format!("{APP}/envs"), json!({ "env": "K=V=W" }));
    assert_eq!(call(fixture, 200, "GET", APP, None)["env"], json!(["A=1", "K=V=W"]));
    call(fixture, 200, "DELETE", &format!("{APP}/envs/K"), None);
    assert_eq!(call(fixture, 200, "GET", APP, None)["env"], json!(["A=1"]));
    // service secret link, unlink: the whole list
    call(fixture, 201, "POST", "/v1/grids/g1/secrets", json!({ "name": "PW", "value": "s" }));
    let mut secrets = call(fixture, 200, "GET", APP, None)["secrets"].clone();
    let linked = json!({ "secret": "PW", "name": "PASSWORD", "type": "env" });
    secrets.as_array_mut().expect("a list").push(linked.clone());
    call(fixture, 200, "PUT", APP, json!({ "secrets": secrets }));
    let shown = call(fixture, 200, "GET", APP, None);
    reads(&shown, "secrets.0.secret:string secrets.0.name:string");
    assert_eq!(shown["secrets"], json!([linked]));
    let used = json!([{ "id": "g1/null/app", "name": "app" }]);
    assert_eq!(fixture.get("/v1/secrets/g1/PW")["services"], used);
    call(fixture, 200, "PUT", APP, json!({ "secrets": [] }));
    assert_eq!(call(fixture, 200, "GET", APP, None)["secrets"], json!([]));
    // service link, unlink: links that are kept are sent back as they were received
    call(fixture, 200, "PUT", APP, json!({ "links": [{ "name": "null/db", "alias": "db" }] }));
    let shown = call(fixture, 200, "GET", APP, None);
    reads(&shown, "links.0.id:string links.0.alias:string links.0.name:string");
    assert_eq!(shown["links"][0]["id"], db["id"]);
    let kept = call(fixture, 200, "PUT", APP, json!({ "links": shown["links"] }));
    assert_eq!(kept["links"], shown["links"]);
    call(fixture, 200, "PUT", APP, json!({ "links": [] }));
    assert_eq!(call(fixture, 200, "GET", APP, None)["links"], json!([]));
}
