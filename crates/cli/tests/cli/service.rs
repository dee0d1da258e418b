//! `kontena service …`.

use serde_json::{Value, json};

use crate::support::{Case, Kontena, Master, m1};

const REDIS: &str = "services/development/null/redis";

#[test]
fn case_43() {
    Case {
        line: "service list",
        out: &[
            "NAME        INSTANCES   STATEFUL   STATE     EXPOSED PORTS",
            "⊙ web/app   2 / 3       yes        running   0.0.0.0:80->8080/tcp",
            "⊝ redis     2 / 2       no         running   0.0.0.0:6379->6379/tcp",
            "⊗ web/old   0 / 1       no         stopped",
        ],
        err: &[],
        code: 0,
        requests: &["GET grids/development/services"],
    }
    .holds(m1);
}

#[test]
fn identifiers_of_services_are_whole() {
    Kontena::c1(&m1()).run("service ls -q").succeeds(&[
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

#[test]
fn case_46() {
    let masters = Case {
        line: "service create --instances 2 -p 1.2.3.4:53:53/udp -e A=1 -m 256m --cmd \"a 'b c'\" \
               --deploy-interval 7d web nginx",
        out: &[" [done] Creating web service"],
        err: &[],
        code: 0,
        requests: &["POST grids/development/services"],
    }
    .holds(|| {
        let master = m1();
        master.on("POST /v1/grids/development/services", 201, "{}");
        master
    });
    for master in masters {
        assert_eq!(
            master.body(),
            json!({
                "name": "web", "image": "nginx:latest", "instances": 2, "env": ["A=1"],
                "ports": [
                    {"ip": "1.2.3.4", "protocol": "udp", "node_port": 53, "container_port": 53},
                ],
                "memory": 268_435_456, "cmd": ["a", "b c"], "deploy_opts": {"interval": 604_800},
                "stateful": false, "privileged": false, "read_only": false, "secrets": [],
                "log_opts": {},
            })
        );
    }
}

#[test]
fn case_47() {
    Case {
        line: "service create -p foo web nginx",
        out: &[],
        err: &[" [error] Invalid port value foo"],
        code: 1,
        requests: &[],
    }
    .holds(m1);
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
            .run_both(&master, &format!("service update {flags} redis"))
            .succeeds(&[" [done] Updating redis service"]);
        assert_eq!(master.body(), body, "{flags}");
    }
}

#[test]
fn case_49() {
    Case {
        line: "service rm --force redis",
        out: &[" [done] Removing service redis"],
        err: &[],
        code: 0,
        requests: &[
            "DELETE services/development/null/redis",
            "GET services/development/null/redis",
            "GET services/development/null/redis",
        ],
    }
    .holds(removed);
}

/// A service that is there for one more look after its removal.
fn removed() -> Master {
    let master = m1();
    let gone = json!({"error": "Not found"});
    master.on(&format!("DELETE /v1/{REDIS}"), 200, "{}").on(&format!("GET /v1/{REDIS}"), 404, gone);
    master
}

#[test]
fn a_removal_can_be_left_alone_or_waited_for_for_a_while() {
    let master = m1();
    master.on(&format!("DELETE /v1/{REDIS}"), 200, "{}");
    let kontena = Kontena::c1(&master);
    kontena
        .run_both(&master, "service rm --force --no-wait redis")
        .succeeds(&[" [done] Removing service redis"]);
    assert_eq!(master.lines(), [format!("DELETE {REDIS}")]);
    kontena
        .run_both(&master, "service rm --force --timeout 0 redis")
        .prints(&[" [fail] Removing service redis"])
        .complains(&[
            " [error] Service redis is still being removed. Use: kontena service show redis",
        ])
        .exits(1);
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
        .run_both(&master, "service rm --instance 2 --force redis")
        .succeeds(&[" [done] Removing service instance redis/2"]);
    kontena
        .run_both(&master, "service rm --instance 3 --force redis")
        .fails(" [error] Instance not found");
}

#[test]
fn signals() {
    let master = m1();
    for signal in ["start", "stop", "restart"] {
        master.on(&format!("POST /v1/{REDIS}/{signal}"), 200, "{}");
        master.on(&format!("POST /v1/services/other/web/app/{signal}"), 200, "{}");
    }
    let kontena = Kontena::c1(&master);
    kontena.run_both(&master, "service start redis other/web/app").succeeds(&[
        " [done] Sending start signal to redis service",
        " [done] Sending start signal to other/web/app service",
    ]);
    kontena
        .run_both(&master, "service stop --force redis")
        .succeeds(&[" [done] Sending stop signal to redis service"]);
    kontena
        .run_both(&master, "service restart redis")
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
    let ran = Kontena::c1(&master).run_both(&master, "service show shop/api");
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
    kontena.run_both(&master, "service containers redis").succeeds(&[
        "null.redis-1:",
        "  rev: r",
        "  node: core-01",
        "  dns: redis-1.d",
        "  ip: 10.81.1.1",
        "  public ip: 1.2.3.4",
        "  status: unknown",
        "",
    ]);
    kontena.run_both(&master, "service containers -q redis").succeeds(&["core-01/null.redis-1"]);
}

#[test]
fn what_is_in_a_grid_needs_one() {
    let master = m1();
    let kontena = Kontena::c1(&master).with_entry(|entry| entry["grid"] = Value::Null);
    for command in [
        "service ls",
        "service show x",
        "service create x y",
        "service deploy x",
        "service deploy --follow d x",
        "service scale x 1",
        "service stop x",
        "service rm --force x",
        "service containers x",
        "service logs x",
        "service events x",
        "service stats x",
        "service monitor x",
        "service exec x ls",
        "service env ls x",
        "service env add x A=1",
        "service env rm x A",
        "service link x y",
        "service unlink x y",
        "service secret link x S:N:env",
        "service secret unlink x S:N:env",
        "grid logs",
        "grid events",
        "events",
        "vault ls",
        "vault write A b",
        "vault update A b",
        "vault read A",
        "vault rm --force A",
        "vault export",
        "volume ls",
        "volume show v",
        "volume create --driver local --scope grid v",
        "volume rm --force v",
        "container ls",
        "container inspect n/c",
        "container logs n/c",
        "container exec n/c ls",
        "external-registry ls",
        "external-registry add -u a -p b",
        "external-registry rm --force r",
    ] {
        kontena
            .run_both(&master, command)
            .fails(" [error] You have not selected a grid. Use: kontena grid use");
    }
    assert!(master.lines().is_empty());
}
