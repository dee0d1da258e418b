//! A node's health and figures, as the API shows them.

use kontena_protocol::agent::{Message, RpcError, json::pack};
use serde_json::{Value, json};

use super::wire::{Host, Wire, frame, request};

fn get(host: &Host, path: &str) -> (u16, Value) {
    let answer = host.server.call("GET", path, &host.admin, None);
    (answer.status, answer.body)
}

/// Asks for a node's health while its agent does something about it.
fn health(host: &Host, wire: &mut Wire, agent: impl FnOnce(&mut Wire, u64)) -> (u16, Value) {
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| get(host, "/v1/nodes/test/node-1/health"));
        let Message::Request { id, method, params } = wire.message() else {
            panic!("a request is due");
        };
        assert_eq!((method.as_str(), params.len()), ("/etcd/health", 0));
        agent(wire, id);
        asked.join().expect("answered")
    })
}

#[test]
fn cases_67_and_89_health_is_the_agents_word_or_why_there_is_none() {
    let host = Host::start();
    let body = json!({ "name": "node-0" });
    host.server.call("POST", "/v1/grids/test/nodes", &host.admin, Some(&body));
    let never = get(&host, "/v1/nodes/test/node-0/health");
    assert_eq!(never, (422, json!({ "error": { "connection": "Websocket is not connected" } })));

    let mut wire = host.accepted();
    let answer = |answer: Result<Value, RpcError>| {
        move |wire: &mut Wire, id| {
            let outcome = answer.map(pack);
            wire.send(&frame(2, &Message::Response { id, outcome }.encode()));
        }
    };
    let (status, body) = health(&host, &mut wire, answer(Ok(json!({ "health": true }))));
    assert_eq!(status, 200);
    assert_eq!(body["etcd_health"], json!({ "health": true, "error": null }));
    assert_eq!((&body["id"], &body["status"]), (&json!("test/node-1"), &json!("connecting")));
    let (_, body) = health(&host, &mut wire, answer(Ok(json!({ "error": "no peers" }))));
    assert_eq!(body["etcd_health"], json!({ "health": null, "error": "no peers" }));
    let failed = RpcError::new(500, "Excon::Error: refused");
    let (status, body) = health(&host, &mut wire, answer(Err(failed)));
    assert_eq!((status, &body["code"]), (500, &json!(500)));
    assert_eq!(body["error"], "Excon::Error: refused");

    // Case 89: a request that is waiting when the agent goes away is not left waiting.
    let (status, body) = health(&host, &mut wire, |wire, _| {
        wire.stream.shutdown(std::net::Shutdown::Both).expect("shuts down");
    });
    assert_eq!(status, 422);
    assert_eq!(body, json!({ "error": { "etcd_health": "Connection timeout (10s)" } }));
    host.node_when("node-1", |node| node["connected"] == false);
    let (status, body) = get(&host, "/v1/nodes/test/node-1/health");
    assert_eq!(status, 422);
    let reason = body["error"]["connection"].as_str().expect("a reason");
    assert!(reason.starts_with("Websocket disconnected at "), "{reason}");
    assert!(reason.ends_with(" UTC with code 1006: "), "{reason}");
}

#[test]
fn cases_69_and_119_figures_are_shown_and_the_last_hour_is_kept() {
    let host = Host::start();
    let mut wire = host.accepted();
    let zeros = host.node("node-1");
    let usage = &zeros["resource_usage"];
    assert_eq!(usage["filesystem"][0]["name"], "/var/lib/docker", "stock clients look for it");
    assert_eq!(usage["memory"]["used"], 0);

    let info = json!({ "DockerRootDir": "/data/docker", "NCPU": 2 });
    wire.send(&request(1, "/nodes/update", vec!["ID1".into(), pack(info)]));
    wire.answers(1);
    let body = pack(json!({
        "memory": {"total": 2_100_416_512_i64, "free": 201_416_704, "active": 5, "inactive": 4,
                   "cached": 700, "buffers": 90, "used": 1_898_999_808},
        "usage": {"container_seconds": 420}, "load": {"1m": 0.1, "5m": 0.2, "15m": 0.1},
        "filesystem": [{"name": "/data/docker", "free": 9, "available": 8, "used": 7, "total": 16}],
        "cpu": {"num_cores": 2, "system": 3.5, "user": 10.5, "nice": 0.0},
        "network": {"internal": {"interfaces": ["weave"], "rx_bytes": 100}},
    }));
    let rmpv::Value::Map(mut fields) = body else { panic!("a map") };
    for (key, value) in &mut fields {
        if key.as_str() == Some("cpu")
            && let rmpv::Value::Map(cpu) = value
        {
            cpu.push(("idle".into(), rmpv::Value::F64(f64::NAN)));
        }
    }
    let params = vec!["ID1".into(), rmpv::Value::Map(fields)];
    let notification = Message::Notification { method: "/nodes/stats".to_owned(), params };
    wire.send(&frame(2, &notification.encode()));
    let node = host.node_when("node-1", |node| node["resource_usage"]["memory"]["used"] != 0);
    let usage = &node["resource_usage"];
    assert_eq!(usage["memory"]["inactive"], 4);
    assert_eq!(
        usage["filesystem"],
        json!([
            {"name": "/data/docker", "free": 9, "available": 8, "used": 7, "total": 16}
        ])
    );
    assert_eq!(usage["cpu"]["idle"], 0.0, "what is no number is none");
    assert_eq!(usage["usage"]["container_seconds"], 420);
    assert!(usage.get("network").is_none());

    let (status, metrics) = get(&host, "/v1/nodes/test/node-1/metrics");
    assert_eq!((status, metrics["stats"].as_array().map(Vec::len)), (200, Some(1)));
    let metric = &metrics["stats"][0];
    assert_eq!(metric["cpu"], json!({ "used": 14.0, "cores": 2 }));
    assert_eq!(metric["filesystem"], json!({ "used": 7, "total": 16 }));
    assert_eq!(metric["network"]["internal"]["rx_bytes"], 100);
    let (_, past) = get(&host, "/v1/nodes/test/node-1/metrics?from=2017-08-01&to=2017-08-02");
    assert_eq!(past["stats"], json!([]));
    let (status, body) = get(&host, "/v1/nodes/test/node-1/metrics?from=yesterday");
    assert_eq!(status, 422);
    assert!(body["error"]["from"].as_str().is_some_and(|text| text.starts_with("takes a time")));
}
