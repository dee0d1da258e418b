//! `kontena service …`.

use serde_json::{Value, json};

use crate::support::{Kontena, Master, m1};

const REDIS: &str = "services/development/null/redis";

#[test]
fn case_43() {
    let master = m1();
    let kontena = Kontena::c1(&master);
    kontena.run("service list").succeeds(&[
        "NAME        INSTANCES   STATEFUL   STATE     EXPOSED PORTS",
        "⊙ web/app   2 / 3       yes        running   0.0.0.0:80->8080/tcp",
        "⊝ redis     2 / 2       no         running   0.0.0.0:6379->6379/tcp",
        "⊗ web/old   0 / 1       no         stopped",
    ]);
    assert_eq!(master.lines(), ["GET grids/development/services"]);
    kontena.run("service ls -q").succeeds(&[
        "development/web/app",
        "development/null/redis",
        "development/web/old",
    ]);
}

#[test]
fn a_list_can_be_narrowed_to_a_stack() {
    let master = m1();
    let nothing = json!({"services": []});
    master.on("GET /v1/grids/development/services?stack=web%20x", 200, nothing);
    Kontena::c1(&master)
        .run_words(&["service", "ls", "--stack", "web x"])
        .succeeds(&["NAME   INSTANCES   STATEFUL   STATE   EXPOSED PORTS"]);
}

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
    let master = deploying(&deploy("success", true, instances));
    Kontena::c1(&master).run("service deploy redis").succeeds(&[
        " [done] Deploying service redis",
        "⊛ Deployed instance development/null/redis-1 to node core-01",
        "⊛ Deployed instance development/null/redis-2 to node core-02",
    ]);
    assert_eq!(
        master.lines(),
        [
            format!("POST {REDIS}/deploy"),
            format!("GET {REDIS}/deploys/d1"),
            format!("GET {REDIS}/deploys/d1"),
        ]
    );
    assert_eq!(master.body(), json!({}));
}

#[test]
fn case_45() {
    let instances = json!([instance(1, "success", None), instance(2, "error", Some("boom"))]);
    let mut end = deploy("error", true, instances);
    end["reason"] = json!("halting deploy of development/null/redis, one or more instances failed");
    let master = deploying(&end);
    let ran = Kontena::c1(&master).run("service deploy --force redis");
    ran.prints(&[" [fail] Deploying service redis"]).exits(1);
    assert_eq!(
        ran.err,
        " [error] 500 : halting deploy of development/null/redis, one or more instances failed:\n\
         \t⊛ Deployed instance development/null/redis-1 to node core-01\n\
         \t⊗ Failed to deploy instance development/null/redis-2 to node core-02: boom\n"
    );
    assert_eq!(master.body(), json!({"force": true}));
}

#[test]
fn without_waiting_nothing_is_asked() {
    let master = deploying(&Value::Null);
    let kontena = Kontena::c1(&master);
    kontena.run("service deploy --no-wait redis").succeeds(&[" [done] Deploying service redis"]);
    kontena
        .run("service scale --no-wait redis 5")
        .succeeds(&[" [done] Scaling redis to 5 instances"]);
    assert_eq!(master.lines(), [format!("POST {REDIS}/deploy"), format!("POST {REDIS}/scale")]);
    assert_eq!(master.body(), json!({"instances": 5}));
}

#[test]
fn case_46() {
    let master = m1();
    master.on("POST /v1/grids/development/services", 201, "{}");
    let words = "service create --instances 2 -p 1.2.3.4:53:53/udp -e A=1 -m 256m --cmd"
        .split(' ')
        .chain(["a 'b c'", "--deploy-interval", "7d", "web", "nginx"]);
    Kontena::c1(&master)
        .run_words(&words.collect::<Vec<_>>())
        .succeeds(&[" [done] Creating web service"]);
    assert_eq!(
        master.body(),
        json!({
            "name": "web", "image": "nginx:latest", "instances": 2, "env": ["A=1"],
            "ports": [{"ip": "1.2.3.4", "protocol": "udp", "node_port": 53, "container_port": 53}],
            "memory": 268_435_456, "cmd": ["a", "b c"], "deploy_opts": {"interval": 604_800},
            "stateful": false, "privileged": false, "read_only": false, "secrets": [],
            "log_opts": {},
        })
    );
}

#[test]
fn case_47() {
    let master = m1();
    Kontena::c1(&master)
        .run("service create -p foo web nginx")
        .fails(" [error] Invalid port value foo");
    assert!(master.lines().is_empty());
}

#[test]
fn an_update_sends_only_what_is_given() {
    let master = m1();
    master.on(&format!("PUT /v1/{REDIS}"), 200, "{}");
    let kontena = Kontena::c1(&master);
    for (flags, body) in [
        ("--image redis", json!({"image": "redis:latest"})),
        ("--no-privileged", json!({"privileged": false})),
        ("--privileged --net host", json!({"privileged": true, "net": "host"})),
        (
            "--health-check-port none --health-check-protocol none",
            json!({"health_check": {"port": null, "protocol": null}}),
        ),
        (
            "-l db -l x/y:z -a a==b --secret S:N:env --memory-swap -1",
            json!({"links": [{"name": "db", "alias": "db"}, {"name": "x/y", "alias": "z"}],
                "affinity": ["a==b"], "memory_swap": -1,
                "secrets": [{"secret": "S", "name": "N", "type": "env"}]}),
        ),
    ] {
        kontena
            .run(&format!("service update {flags} redis"))
            .succeeds(&[" [done] Updating redis service"]);
        assert_eq!(master.body(), body, "{flags}");
    }
}

#[test]
fn case_49() {
    let master = m1();
    let get = format!("GET /v1/{REDIS}");
    master.on(&format!("DELETE /v1/{REDIS}"), 200, "{}").on(&get, 404, r#"{"error":"Not found"}"#);
    Kontena::c1(&master)
        .run("service rm --force redis")
        .succeeds(&[" [done] Removing service redis"]);
    assert_eq!(
        master.lines(),
        [format!("DELETE {REDIS}"), format!("GET {REDIS}"), format!("GET {REDIS}")]
    );
}

#[test]
fn one_instance_can_be_removed() {
    let master = m1();
    let instances = json!({"instances": [{"id": "i7", "instance_number": 2}]});
    master.on(&format!("GET /v1/{REDIS}/instances"), 200, instances).on(
        &format!("DELETE /v1/{REDIS}/instances/i7"),
        200,
        "{}",
    );
    let kontena = Kontena::c1(&master);
    kontena
        .run("service rm --instance 2 --force redis")
        .succeeds(&[" [done] Removing service instance redis/2"]);
    kontena.run("service rm --instance 3 --force redis").fails(" [error] Instance not found");
}

#[test]
fn signals() {
    let master = m1();
    for signal in ["start", "stop", "restart"] {
        master.on(&format!("POST /v1/{REDIS}/{signal}"), 200, "{}");
        master.on(&format!("POST /v1/services/other/web/app/{signal}"), 200, "{}");
    }
    let kontena = Kontena::c1(&master);
    kontena.run("service start redis other/web/app").succeeds(&[
        " [done] Sending start signal to redis service",
        " [done] Sending start signal to other/web/app service",
    ]);
    kontena
        .run("service stop --force redis")
        .succeeds(&[" [done] Sending stop signal to redis service"]);
    kontena
        .run("service restart redis")
        .succeeds(&[" [done] Sending restart signal to service redis"]);
    assert_eq!(master.body(), json!({}));
}

/// The example of the contract, its trailing blanks included.
#[test]
fn show() {
    let master = Master::new();
    let path = "GET /v1/services/development/shop/api";
    let node = json!({"name": "core-01", "public_ip": "203.0.113.11"});
    master
        .on(path, 200, json!({
            "id": "atlas/shop/api", "created_at": "2018-03-01T10:00:00.000Z",
            "updated_at": "2018-03-20T08:00:00.000Z", "stack": {"id": "atlas/shop", "name": "shop"},
            "state": "running", "image": "acme/api:2.1", "revision": 7, "stack_revision": 3,
            "stateful": false, "instances": 3, "strategy": "ha", "read_only": false,
            "stop_grace_period": 10, "deploy_opts": {"min_health": 0.8, "wait_for_port": 80},
            "dns": "api.shop.atlas.kontena.local", "affinity": ["label==az=a1"], "net": "bridge",
            "secrets": [{"secret": "DB_PASSWORD", "name": "PGPASSWORD", "type": "env"}],
            "env": ["RACK_ENV=production"], "memory": 268_435_456, "cmd": null, "volumes": [],
            "ports": [{"ip": "0.0.0.0", "protocol": "tcp", "node_port": 8080, "container_port": 80}],
            "health_check": {"protocol": "http", "uri": "/health", "port": 80, "timeout": 10,
                "interval": 60, "initial_delay": 10},
            "health_status": {"healthy": 2, "unhealthy": 0, "total": 3},
        }))
        .on(&format!("{path}/instances"), 200, json!({"instances": [
            {"id": "1", "instance_number": 1, "deploy_rev": "2018-03-20 08:00:00 UTC",
             "rev": "2018-03-20 08:00:00 UTC", "state": "running", "node": node},
            {"id": "3", "instance_number": 3, "deploy_rev": "2018-03-20 08:00:00 UTC",
             "rev": null, "state": null},
        ]}))
        .on(&format!("{path}/containers"), 200, json!({"containers": [
            {"name": "shop.api-1", "instance_number": 1, "node": node, "hostname": "api-1",
             "domainname": "shop.atlas.kontena.local", "ip_address": "10.81.128.31",
             "status": "running", "state": {"error": "", "exit_code": 0}},
        ]}));
    let ran = Kontena::c1(&master).run("service show shop/api");
    ran.exits(0).complains(&[]);
    assert_eq!(ran.out, include_str!("service_show.txt"));
    assert_eq!(
        master.lines(),
        // The last one because instance 3 is nowhere; a stock master does not know it.
        ["", "/instances", "/containers", "/explain"]
            .map(|part| format!("GET services/development/shop/api{part}"))
    );
}

#[test]
fn containers() {
    let master = m1();
    let container = json!({"name": "null.redis-1", "deploy_rev": "r", "hostname": "redis-1",
        "domainname": "d", "ip_address": "10.81.1.1", "status": null,
        "node": {"name": "core-01", "public_ip": "1.2.3.4"}});
    master.on(&format!("GET /v1/{REDIS}/containers"), 200, json!({"containers": [container]}));
    let kontena = Kontena::c1(&master);
    kontena.run("service containers redis").succeeds(&[
        "null.redis-1:",
        "  rev: r",
        "  node: core-01",
        "  dns: redis-1.d",
        "  ip: 10.81.1.1",
        "  public ip: 1.2.3.4",
        "  status: unknown",
        "",
    ]);
    kontena.run("service containers -q redis").succeeds(&["core-01/null.redis-1"]);
}

#[test]
fn services_need_a_grid_too() {
    let kontena = Kontena::c1(&m1()).with_entry(|entry| entry["grid"] = Value::Null);
    for command in ["ls", "show x", "create x y", "deploy x", "scale x 1", "stop x", "rm x"] {
        kontena
            .run(&format!("service {command}"))
            .fails(" [error] You have not selected a grid. Use: kontena grid use");
    }
}
