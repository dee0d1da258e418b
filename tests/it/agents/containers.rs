//! Containers: saved by agents, counted as deleted while their node is away, purged afterwards.

use std::time::Duration;

use kontena_core::{
    containers::MOST_OF_NODE,
    domain::{Change, ContainerId, ContainerRecord, NodeStatus},
};
use kontena_store::containers;
use serde_json::{Value, json};

use super::{
    support::{Scene, ask, report},
    wire::{Host, request},
};

const SERVICE: &str = "597f2d4b8e5c3a0008a1b2c3";

/// What Docker says of a container, as far as it matters here.
pub(super) fn document(id: &str, kind: &str) -> Value {
    json!({
        "Id": id, "Name": format!("/{id}"), "Image": "sha256:1",
        "Config": {
            "Image": "redis:3.0", "Hostname": "redis-1", "Env": ["A=b"], "Cmd": ["redis-server"],
            "Labels": {
                "io.kontena.service.id": SERVICE, "io.kontena.service.name": "redis",
                "io.kontena.service.instance_number": "1",
                "io.kontena.container.name": format!("redis-{id}"),
                "io.kontena.container.type": kind,
            },
        },
        "State": {"Running": true, "ExitCode": 0, "Error": "", "StartedAt": "2017-08-01T12:34:56.1Z"},
        "NetworkSettings": {"Ports": {}},
    })
}

pub(super) async fn save(agent: &crate::support::RawAgent, container: Value) {
    let body = json!({ "node": "ID1", "container": container });
    assert_eq!(ask(agent, "/containers/save", vec![body]).await, Ok(json!({})));
}

async fn all(scene: &Scene) -> Vec<ContainerRecord> {
    let grid = scene.grid.id;
    let read = scene.master.means().store.read(move |conn| containers::of_grid(conn, grid));
    read.await.expect("reads")
}

async fn names(scene: &Scene) -> Vec<String> {
    all(scene).await.into_iter().map(|container| container.container_id).collect()
}

#[test]
fn case_66_containers_count_as_deleted_until_they_are_saved_again() {
    crate::support::story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        report(&agent, "ID1", json!({})).await;
        for (id, kind) in [("c1", "container"), ("c2", "container"), ("data", "volume")] {
            save(&agent, document(id, kind)).await;
        }
        agent.hang_up(1006, "");
        scene.until("node-1", NodeStatus::Offline).await;
        let deleted: Vec<_> = all(&scene)
            .await
            .into_iter()
            .filter(|container| container.deleted_at.is_some())
            .map(|container| container.container_id)
            .collect();
        assert_eq!(deleted, ["c1", "c2"], "data outlives a disconnect");

        scene.pass(Duration::from_secs(30)).await;
        let again = scene.accepted(&scene.a()).await;
        save(&again, document("c1", "container")).await;
        scene.pass_answering(Duration::from_secs(600), &[&again]).await;
        assert_eq!(names(&scene).await, ["c1", "c2", "data"], "the node has not reported yet");
        report(&again, "ID1", json!({})).await;
        scene.pass_answering(Duration::from_secs(35), &[&again]).await;
        assert_eq!(names(&scene).await, ["c1", "data"], "c2 was not saved again");
        assert!(all(&scene).await[0].deleted_at.is_none());
    });
}

/// An agent saves its containers 50 ms apart: 3,000 take two minutes and a half.
#[test]
fn case_66_a_node_with_many_containers_has_the_time_to_save_them() {
    crate::support::story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        for id in ["c1", "c2"] {
            save(&agent, document(id, "container")).await;
        }
        agent.hang_up(1006, "");
        scene.until("node-1", NodeStatus::Offline).await;
        let before = all(&scene).await;
        scene.pass(Duration::from_secs(70)).await;
        let again = scene.accepted(&scene.a()).await;
        report(&again, "ID1", json!({})).await;
        scene.pass_answering(Duration::from_secs(150), &[&again]).await;
        save(&again, document("c1", "container")).await;
        scene.pass_answering(Duration::from_secs(65), &[&again]).await;
        let after = all(&scene).await;
        assert_eq!(after.len(), 1, "c2 was not saved again");
        assert_eq!((after[0].id, after[0].deleted_at), (before[0].id, None), "the same record");
    });
}

#[test]
fn a_node_has_so_many_containers_and_no_more() {
    crate::support::story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        save(&agent, document("first", "container")).await;
        let first = all(&scene).await.remove(0);
        let (store, grid) = (scene.master.means().store.clone(), scene.grid.id);
        let others = (1..MOST_OF_NODE).map(|number| {
            let mut bytes = [0xcc; 12];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            let mut other = first.clone();
            (other.id, other.container_id) =
                (ContainerId::from_bytes(bytes), format!("other-{number}"));
            Change::ContainerSaved(Box::new(other))
        });
        let others: Vec<_> = others.collect();
        store.write(move |tx| tx.apply_all(grid, others.clone())).await.expect("saved");
        let body = |id: &str| vec![json!({ "node": "ID1", "container": document(id, "x") })];
        let refused = ask(&agent, "/containers/save", body("beyond")).await.expect_err("too many");
        let text = "the node has 4096 containers, more are not kept";
        assert_eq!((refused.0, refused.1.as_str()), (413, text));
        assert!(ask(&agent, "/containers/save", body("first")).await.is_ok(), "it is known");
        let destroy = json!({ "id": "first", "status": "destroy" });
        ask(&agent, "/containers/event", vec![destroy]).await.expect("forgotten");
        assert!(ask(&agent, "/containers/save", body("beyond")).await.is_ok(), "there is room");
        let long = ask(&agent, "/containers/save", body(&"x".repeat(256))).await;
        assert_eq!(long.expect_err("no id").1, "ArgumentError: Id takes at most 255 bytes");
    });
}

#[test]
fn case_66_without_a_return_deleted_ones_are_gone_when_no_grace_needs_them() {
    crate::support::story(async {
        let scene = Scene::with(&[("KONTENA_GRACE_DAEMON", "120")]).await;
        let agent = scene.accepted(&scene.a()).await;
        save(&agent, document("c1", "container")).await;
        save(&agent, document("data", "volume")).await;
        agent.hang_up(1006, "");
        scene.pass(Duration::from_secs(119)).await;
        assert_eq!(names(&scene).await, ["c1", "data"], "an affinity may still look for it");
        scene.pass(Duration::from_secs(40)).await;
        assert_eq!(names(&scene).await, ["data"]);
    });
}

#[test]
fn case_61_the_end_of_a_superseded_connection_deletes_no_container() {
    crate::support::story(async {
        let scene = Scene::new().await;
        let first = scene.accepted(&scene.a()).await;
        save(&first, document("c1", "container")).await;
        scene.pass(Duration::from_millis(5)).await;
        let second = scene.accepted(&scene.a()).await;
        first.hang_up(1006, "");
        scene.pass_answering(Duration::from_secs(90), &[&second]).await;
        assert!(all(&scene).await[0].deleted_at.is_none());
        assert!(scene.node("node-1").await.connected);
    });
}

#[test]
fn cases_109_to_115_containers_come_change_and_go() {
    crate::support::story(async {
        let scene = Scene::new().await;
        let agent = scene.accepted(&scene.a()).await;
        save(&agent, document("c1", "container")).await;
        save(&agent, document("c2", "container")).await;
        let saved = all(&scene).await;
        assert_eq!((saved[0].name.as_str(), saved[0].status()), ("redis-c1", "running"));
        assert_eq!(saved[0].instance_number, Some(1));

        let event = |status: &str| json!({ "id": "c1", "status": status, "from": null, "time": 1 });
        assert_eq!(ask(&agent, "/containers/event", vec![event("die")]).await, Ok(json!({})));
        assert_eq!(names(&scene).await, ["c1", "c2"]);
        let check = |id: &str| json!({ "id": id, "status": "unhealthy", "status_code": 503 });
        assert!(ask(&agent, "/containers/health", vec![check("c1")]).await.is_ok());
        assert!(ask(&agent, "/containers/health", vec![check("nobody")]).await.is_ok());
        assert_eq!(all(&scene).await[0].health.as_ref().map(|health| health.healthy), Some(false));

        assert_eq!(ask(&agent, "/containers/event", vec![event("destroy")]).await, Ok(json!({})));
        assert_eq!(names(&scene).await, ["c2"]);
        let params = vec![json!("ID1"), json!(["c2", "c9"])];
        assert_eq!(ask(&agent, "/containers/cleanup", params).await, Ok(json!(1)));
        assert_eq!(names(&scene).await, Vec::<String>::new());
        let params = vec![json!("IDX"), json!(["c2"])];
        assert_eq!(ask(&agent, "/containers/cleanup", params).await, Ok(Value::Null));
    });
}

#[test]
fn a_node_is_heard_about_its_own_containers_only() {
    crate::support::story(async {
        let scene = Scene::new().await;
        let one = scene.accepted(&scene.a()).await;
        let two = scene.accepted(&scene.a().id("ID2").name("node-2")).await;
        save(&one, document("c1", "container")).await;
        let foreign = json!({ "node": "ID1", "container": document("c9", "container") });
        let (code, _) = ask(&two, "/containers/save", vec![foreign]).await.expect_err("not its");
        assert_eq!(code, 500);
        let destroy = json!({ "id": "c1", "status": "destroy" });
        assert_eq!(ask(&two, "/containers/event", vec![destroy]).await, Ok(json!({})));
        assert_eq!(names(&scene).await, ["c1"]);
        let body = json!({ "node": "ID1", "container": {} });
        let (code, text) = ask(&one, "/containers/save", vec![body]).await.expect_err("no Id");
        assert_eq!((code, text.as_str()), (500, "ArgumentError: the container has no Id"));
    });
}

#[test]
fn case_87_a_description_of_ten_megabytes_is_taken() {
    let host = Host::start();
    let mut wire = host.accepted();
    let mut container = document("big", "container");
    container["Mounts"] = json!("x".repeat(10 * 1024 * 1024));
    let body = json!({ "node": "ID1", "container": container });
    wire.send(&request(1, "/containers/save", vec![kontena_protocol::agent::json::pack(body)]));
    wire.answers(1);
    let listed = host.server.call("GET", "/v1/containers/test", &host.admin, None).body;
    assert_eq!(listed["containers"][0]["id"], "test/node-1/redis-big");
    assert_eq!(listed["containers"][0]["status"], "running");
}

#[test]
fn case_90_a_container_that_the_agent_does_not_find_is_an_empty_answer() {
    let host = Host::start();
    let mut wire = host.accepted();
    let body = json!({ "node": "ID1", "container": document("c1", "container") });
    wire.send(&request(1, "/containers/save", vec![kontena_protocol::agent::json::pack(body)]));
    wire.answers(1);
    std::thread::scope(|scope| {
        let path = "/v1/containers/test/node-1/redis-c1/inspect";
        let inspected = scope.spawn(|| host.server.call("GET", path, &host.admin, None));
        let kontena_protocol::agent::Message::Request { id, method, params } = wire.message()
        else {
            panic!("a request is due");
        };
        assert_eq!(method, "/containers/inspect");
        assert_eq!(params, [rmpv::Value::from("c1")]);
        let error = kontena_protocol::agent::RpcError::new(404, "Not found");
        let answer = kontena_protocol::agent::Message::Response { id, outcome: Err(error) };
        wire.send(&super::wire::frame(2, &answer.encode()));
        let inspected = inspected.join().expect("answered");
        assert_eq!((inspected.status, inspected.body), (404, json!("")));
    });
    drop(wire);
    host.node_when("node-1", |node| node["connected"] == false);
    let path = "/v1/containers/test/node-1/redis-c1/inspect";
    let failed = host.server.call("GET", path, &host.admin, None);
    assert_eq!(failed.status, 500);
    assert_eq!(failed.body["message"], "Connection timeout (300s)");
}
