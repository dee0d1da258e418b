//! Fixture M1: two grids, three nodes, three services.

use serde_json::{Value, json};

use super::Master;

/// The node token of core-03.
pub(crate) const TOKEN: &str =
    "yempbjWHbZLhc66gB0mAFXKS8HzS/daDwCfnHC+UfrJo5wkhQ6hpr8XKY5nUdH+h6CH81Y9bQIc4IgTcEEjQCQ==";

/// A connected or offline node of the grid `development`.
pub(crate) fn node(number: u32, connected: bool, has_token: bool, labels: &[&str]) -> Value {
    let name = format!("core-0{number}");
    json!({
        "id": format!("development/{name}"), "node_id": format!("ID:{number}"), "name": name,
        "connected": connected, "updated": connected,
        "status": if connected { "online" } else { "offline" }, "availability": "active",
        "has_token": has_token, "created_at": "2018-03-01T00:00:00.000Z",
        "updated_at": "2018-03-01T00:00:00.000Z", "connected_at": "2018-03-20T07:11:42.101Z",
        "disconnected_at": null, "last_seen_at": "2018-03-20T09:30:05.774Z",
        "agent_version": "1.4.0", "docker_version": "17.12.1-ce", "os": "Ubuntu 16.04.4 LTS",
        "kernel_version": "4.4.0", "driver": "overlay2", "engine_root_dir": "/var/lib/docker",
        "network_drivers": [], "volume_drivers": [{"name": "local", "version": null}],
        "labels": labels, "cpus": 1, "mem_total": 0, "mem_limit": 0, "public_ip": "203.0.113.11",
        "private_ip": "10.0.4.11", "overlay_ip": format!("10.81.0.{number}"), "peer_ips": [],
        "node_number": number, "initial_member": number == 1,
    })
}

fn grid(name: &str, initial_size: u32, counts: [u32; 4]) -> Value {
    let [nodes, services, containers, users] = counts;
    json!({
        "id": name, "name": name, "initial_size": initial_size, "stats": {"statsd": null},
        "token": match name { "prod" => "prodtok", _ => "gridtok" }, "default_affinity": [],
        "trusted_subnets": [], "node_count": nodes, "service_count": services,
        "container_count": containers, "user_count": users, "subnet": "10.81.0.0/16",
        "supernet": "10.80.0.0/12",
    })
}

fn service(id: &str, updated: u32, more: &Value) -> Value {
    let parts: Vec<&str> = id.split('/').collect();
    let (stack, name) = (parts[0], parts[1]);
    let mut service = json!({
        "id": format!("development/{id}"), "name": name, "grid": {"id": "development"},
        "stack": {"id": format!("development/{stack}"), "name": stack},
        "created_at": "2018-03-01T10:00:00.000Z",
        "updated_at": format!("2018-03-20T0{updated}:00:00.000Z"), "image": "i:1",
        "stateful": false, "read_only": false, "state": "running", "instances": 2,
        "instance_counts": {"total": 2, "running": 2}, "strategy": "ha",
        "deploy_opts": {"wait_for_port": null, "min_health": 0.8, "interval": null},
        "dns": format!("{name}.development.kontena.local"), "net": "bridge", "ports": [], "env": [],
        "secrets": [], "certificates": [], "links": [], "affinity": [], "cmd": null,
        "log_opts": {}, "volumes": [], "volumes_from": [], "cap_add": [], "cap_drop": [],
        "hooks": [], "revision": 1, "stack_revision": null, "stop_grace_period": 10,
    });
    for (key, value) in more.as_object().unwrap() {
        service[key] = value.clone();
    }
    service
}

fn port(node: u16, container: u16) -> Value {
    json!([{"ip": "0.0.0.0", "protocol": "tcp", "node_port": node, "container_port": container}])
}

/// A master with fixture M1.
pub(crate) fn m1() -> Master {
    let master = Master::new();
    let mut prod = grid("prod", 3, [0, 0, 0, 1]);
    prod["stats"] = json!({"statsd": {"server": "10.0.0.1", "port": 8125}});
    prod["logs"] = json!({"forwarder": "fluentd", "opts": {"fluentd-address": "10.0.0.9:24224"}});
    let development = grid("development", 1, [3, 3, 12, 2]);
    let nodes = [
        node(1, true, true, &["provider=vagrant"]),
        node(2, true, false, &["provider=vagrant"]),
        node(3, false, true, &[]),
    ];
    master
        .on("GET /v1/grids", 200, json!({"grids": [development, prod]}))
        .on("GET /v1/grids/development", 200, &development)
        .on("GET /v1/grids/prod", 200, &prod)
        // The API lists by name; the numbers order the list.
        .on(
            "GET /v1/grids/development/nodes",
            200,
            json!({"nodes": [nodes[2], nodes[0], nodes[1]]}),
        )
        .on("GET /v1/grids/prod/nodes", 200, json!({"nodes": []}));
    for node in &nodes {
        let id = node["id"].as_str().unwrap();
        let none = json!({"error": "Host node does not have a node token"});
        let token = json!({"id": id, "token": TOKEN});
        let has_token = node["has_token"] == true;
        master
            .on(&format!("GET /v1/nodes/{id}"), 200, node)
            .on(&format!("PUT /v1/nodes/{id}"), 200, node)
            .on(&format!("DELETE /v1/nodes/{id}"), 200, "{}")
            .on(&format!("PUT /v1/nodes/{id}/token"), 200, &token)
            .on(&format!("DELETE /v1/nodes/{id}/token"), 200, "{}")
            .on(
                &format!("GET /v1/nodes/{id}/token"),
                if has_token { 200 } else { 404 },
                if has_token { &token } else { &none },
            );
    }
    let services = [
        service(
            "web/old",
            1,
            &json!({"state": "stopped", "instances": 1, "instance_counts": {"running": 0},
                "health_status": {"healthy": 0, "total": 1}}),
        ),
        service("null/redis", 2, &json!({"ports": port(6379, 6379), "env": ["B=2", "A=1"]})),
        service(
            "web/app",
            3,
            &json!({"stateful": true, "instances": 3, "instance_counts": {"running": 2},
                "health_status": {"healthy": 2, "total": 3}, "ports": port(80, 8080)}),
        ),
    ];
    master.on("GET /v1/grids/development/services", 200, json!({"services": services}));
    master.on("GET /v1/services/development/null/redis", 200, &services[1]);
    master
}
