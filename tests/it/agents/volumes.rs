//! Volumes between master and agent, cases 120 to 123: made for a deploy, listed, reported, removed.

use std::time::Duration;

use kontena_core::domain::{Service, Volume};
use kontena_master::commands;
use kontena_protocol::agent::{Message, json::lossy};
use serde_json::{Value, json};

use super::{
    master::{RawAgent, story},
    support::{Scene, ask, report},
};

const ADOPTED: &str = "5981a0b1c2d3e4f5a6b7c8d9";

/// Agent `A`, whose engine has these volume drivers.
async fn agent(scene: &Scene, drivers: Value) -> RawAgent {
    let agent = scene.accepted(&scene.a()).await;
    report(&agent, "ID1", json!({ "Drivers": { "Volume": drivers, "Network": [] } })).await;
    agent
}

async fn volume(scene: &Scene, name: &str, scope: &str, driver: &str) -> Volume {
    let body = json!({
        "name": name, "scope": scope, "driver": driver, "driver_opts": { "size": "5" },
    });
    let draft = kontena_core::validate::volume::create(&body).expect("valid");
    let caller = scene.master.caller().await;
    commands::volumes::create(scene.master.means(), &caller, &scene.grid, draft)
        .await
        .expect("creates")
}

async fn service(scene: &Scene, volume: &str) -> Service {
    let body = json!({
        "name": "db", "image": "redis:3", "stateful": false, "volumes": [format!("{volume}:/data")],
    });
    scene.master.service(&scene.grid, body).await
}

async fn listed(agent: &RawAgent) -> Value {
    ask(agent, "/node_volumes/list", vec![json!("ID1")]).await.expect("a list")["volumes"].clone()
}

async fn set_state(agent: &RawAgent, state: Value) -> Result<Value, (i64, String)> {
    ask(agent, "/node_volumes/set_state", vec![json!("ID1"), state]).await
}

/// The next request of this method that has not been answered, with its parameters.
async fn request(agent: &RawAgent, wanted: &str) -> (u64, Vec<Value>) {
    for _ in 0..1000 {
        let found = agent.messages().into_iter().find_map(|message| match message {
            Message::Request { id, method, params } if method == wanted => {
                Some((id, params.iter().map(lossy).collect()))
            }
            _ => None,
        });
        if let Some(found) = found {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no {wanted}: {:?}", agent.methods());
}

fn answer(agent: &RawAgent, id: u64) {
    let outcome = Ok(rmpv::Value::Map(vec![]));
    agent.send(Message::Response { id, outcome }.encode());
}

fn asks(agent: &RawAgent, wanted: &str) -> bool {
    agent.methods().iter().any(|method| method == wanted)
}

/// Does what a stock agent does about the one pod of a deploy.
async fn run_pod(agent: &RawAgent) {
    let (id, params) = request(agent, "/service_pods/notify_update").await;
    assert_eq!(params, [json!([])]);
    answer(agent, id);
    let pods = ask(agent, "/node_service_pods/list", vec![json!("ID1")]).await.expect("a list");
    let pod = &pods["service_pods"][0];
    let mount = json!({
        "name": "db.data-1", "bind_mount": null, "path": "/data", "flags": null,
        "driver": "local", "driver_opts": { "size": "5" },
    });
    assert_eq!(pod["volumes"], json!([mount]));
    let state = json!({
        "service_id": pod["service_id"], "instance_number": 1, "rev": pod["deploy_rev"],
        "state": "running", "error": null,
    });
    let told = ask(agent, "/node_service_pods/set_state", vec![json!("ID1"), state]).await;
    assert_eq!(told, Ok(json!({})));
}

#[test]
fn case_120_a_node_hears_of_the_volume_before_the_pod() {
    story(async {
        let scene = Scene::new().await;
        let agent = agent(&scene, json!([{ "name": "local" }])).await;
        let data = volume(&scene, "data", "instance", "local").await;
        let db = service(&scene, "data").await;
        assert_eq!(listed(&agent).await, json!([]), "not before it is needed");
        let agents_part = async {
            let (id, params) = request(&agent, "/volumes/notify_update").await;
            assert_eq!(params, [json!([])]);
            scene.pass(Duration::from_secs(3)).await;
            assert!(!asks(&agent, "/service_pods/notify_update"), "{:?}", agent.methods());
            let pods = ask(&agent, "/node_service_pods/list", vec![json!("ID1")]).await;
            assert_eq!(pods, Ok(json!({ "service_pods": [] })));
            let volumes = listed(&agent).await;
            let instance_id = volumes[0]["volume_instance_id"].as_str().expect("an id");
            assert_eq!(instance_id.len(), 24, "{volumes}");
            let expected = json!([{
                "volume_id": data.id.to_string(), "volume_instance_id": instance_id,
                "name": "db.data-1", "driver": "local", "driver_opts": { "size": "5" },
            }]);
            assert_eq!(volumes, expected);
            answer(&agent, id);
            run_pod(&agent).await;
        };
        let (ended, ()) = tokio::join!(scene.master.deploy(&scene.grid, &db), agents_part);
        assert_eq!(ended, ("success".to_owned(), None));
    });
}

/// `agent-protocol.md` 3.6: the master gives up after five seconds, in these words.
#[test]
fn case_120_a_node_that_does_not_hear_of_the_volume_fails_the_instance() {
    story(async {
        let scene = Scene::new().await;
        let agent = agent(&scene, json!([{ "name": "local" }])).await;
        volume(&scene, "data", "instance", "local").await;
        let db = service(&scene, "data").await;
        let (state, reason) = scene.master.deploy(&scene.grid, &db).await;
        assert_eq!(state, "error");
        assert!(reason.expect("a reason").contains("one or more instances failed"));
        let events = scene.master.events(&scene.grid).await;
        let text = "Failed to deploy service instance test/null/db-1 to node node-1: \
                    RpcClient::TimeoutError: Connection timeout (5s)";
        assert!(events.iter().any(|event| event == text), "{events:?}");
        assert!(!asks(&agent, "/service_pods/notify_update"), "{:?}", agent.methods());
    });
}

/// An agent that goes away instead of answering lists its volumes when it comes back.
#[test]
fn case_120_a_node_that_comes_back_is_not_waited_for() {
    story(async {
        let scene = Scene::new().await;
        let first = agent(&scene, json!([{ "name": "local" }])).await;
        volume(&scene, "data", "instance", "local").await;
        let db = service(&scene, "data").await;
        let agents_part = async {
            request(&first, "/volumes/notify_update").await;
            first.hang_up(1006, "");
            scene.pass(Duration::from_secs(8)).await;
            let again = scene.accepted(&scene.a()).await;
            report(&again, "ID1", json!({ "Drivers": { "Volume": [{ "name": "local" }] } })).await;
            assert_eq!(listed(&again).await[0]["name"], "db.data-1");
            let pods = ask(&again, "/node_service_pods/list", vec![json!("ID1")]).await;
            let pods = pods.expect("a list");
            let pod = &pods["service_pods"][0];
            let state = json!({
                "service_id": pod["service_id"], "instance_number": 1, "rev": pod["deploy_rev"],
                "state": "running", "error": null,
            });
            let told = ask(&again, "/node_service_pods/set_state", vec![json!("ID1"), state]).await;
            assert_eq!(told, Ok(json!({})));
        };
        let (ended, ()) = tokio::join!(scene.master.deploy(&scene.grid, &db), agents_part);
        assert_eq!(ended, ("success".to_owned(), None));
    });
}

#[test]
fn case_121_a_driver_is_listed_with_the_version_of_the_node() {
    story(async {
        let scene = Scene::new().await;
        let drivers = json!([{ "name": "rexray/ebs", "version": "latest" }, { "name": "local" }]);
        let agent = agent(&scene, drivers).await;
        let ebs = volume(&scene, "ebs", "grid", "rexray/ebs").await;
        let plain = volume(&scene, "plain", "grid", "local").await;
        for (volume, name) in [(&ebs, "ebs"), (&plain, "plain")] {
            let state = json!({
                "name": name, "volume_instance_id": null, "volume_id": volume.id.to_string(),
            });
            assert_eq!(set_state(&agent, state).await, Ok(json!({})));
        }
        let volumes = listed(&agent).await;
        let drivers: Vec<_> = volumes
            .as_array()
            .expect("a list")
            .iter()
            .map(|volume| {
                (
                    volume["name"].as_str().expect("a name"),
                    volume["driver"].as_str().expect("a driver"),
                )
            })
            .collect();
        assert_eq!(drivers, [("ebs", "rexray/ebs:latest"), ("plain", "local")]);
    });
}

#[test]
fn case_122_a_reported_volume_is_adopted_under_its_identity_once() {
    story(async {
        let scene = Scene::new().await;
        let agent = agent(&scene, json!([])).await;
        let data = volume(&scene, "data", "instance", "local").await;
        let nothing = json!({
            "name": "db.data-1", "volume_instance_id": ADOPTED, "volume_id": null,
        });
        assert_eq!(set_state(&agent, nothing).await, Ok(json!({})));
        assert_eq!(listed(&agent).await, json!([]));
        let state = json!({
            "name": "db.data-1", "volume_instance_id": ADOPTED, "volume_id": data.id.to_string(),
        });
        for _ in 0..2 {
            assert_eq!(set_state(&agent, state.clone()).await, Ok(json!({})));
            let volumes = listed(&agent).await;
            assert_eq!(volumes.as_array().map(Vec::len), Some(1), "{volumes}");
            assert_eq!(volumes[0]["volume_instance_id"], ADOPTED);
        }
        // The engine's volume of this name carries another identity: the record follows.
        let other = "5981a0b1c2d3e4f5a6b7c8da";
        let state = json!({
            "name": "db.data-1", "volume_instance_id": other, "volume_id": data.id.to_string(),
        });
        assert_eq!(set_state(&agent, state).await, Ok(json!({})));
        let volumes = listed(&agent).await;
        assert_eq!(volumes.as_array().map(Vec::len), Some(1), "{volumes}");
        assert_eq!(volumes[0]["volume_instance_id"], other);
    });
}

#[test]
fn case_123_an_unknown_volume_is_an_error() {
    story(async {
        let scene = Scene::new().await;
        let agent = agent(&scene, json!([])).await;
        let (elsewhere, _) = scene.master.grid("other").await;
        let draft = json!({ "name": "theirs", "scope": "grid", "driver": "local" });
        let draft = kontena_core::validate::volume::create(&draft).expect("valid");
        let caller = scene.master.caller().await;
        let theirs =
            commands::volumes::create(scene.master.means(), &caller, &elsewhere, draft).await;
        let theirs = theirs.expect("creates").id.to_string();
        for unknown in ["foo", "5980a0b1c2d3e4f5a6b7c8d9", &theirs] {
            let state = json!({ "name": "x", "volume_instance_id": ADOPTED, "volume_id": unknown });
            let text = format!("RuntimeError: Could not find volume with id: {unknown}");
            assert_eq!(set_state(&agent, state).await, Err((500, text)));
        }
        let long = json!({ "name": "x".repeat(300), "volume_id": theirs });
        let text = "ArgumentError: a volume's name has 1 to 255 bytes".to_owned();
        assert_eq!(set_state(&agent, long).await, Err((500, text)));
        let not_a_state = set_state(&agent, json!({ "volume_id": "foo" })).await;
        assert!(matches!(not_a_state, Err((500, _))), "{not_a_state:?}");
        assert_eq!(listed(&agent).await, json!([]));
        for method in ["/node_volumes/list", "/node_volumes/set_state"] {
            let not_found = ask(&agent, method, vec![json!("ID2"), json!({ "name": "x" })]).await;
            assert_eq!(not_found, Err((500, "RuntimeError: Node not found".to_owned())));
        }
    });
}

#[test]
fn a_removed_volume_is_told_to_the_nodes_that_have_it_and_a_used_one_stays() {
    story(async {
        let scene = Scene::new().await;
        let agent = agent(&scene, json!([{ "name": "local" }])).await;
        let id = scene.a().id("ID2").name("node-2");
        let without = scene.accepted(&id).await;
        let data = volume(&scene, "data", "grid", "local").await;
        let state = json!({
            "name": "data", "volume_instance_id": ADOPTED, "volume_id": data.id.to_string(),
        });
        assert_eq!(set_state(&agent, state).await, Ok(json!({})));
        let db = service(&scene, "data").await;
        let (means, caller) = (scene.master.means(), scene.master.caller().await);
        let remove = || commands::volumes::remove(means, &caller, &scene.grid, data.id);
        let used = remove().await.expect_err("in use").to_string();
        assert_eq!(used, r#"{"data":"Volume still in use in services [\"test/null/db\"]"}"#);
        commands::services::remove(means, &caller, &scene.grid, db.id).await.expect("removes");
        remove().await.expect("removes");
        scene.pass(Duration::from_millis(100)).await;
        let told = Message::Notification {
            method: "/volumes/notify_update".to_owned(),
            params: vec![rmpv::Value::from("remove")],
        };
        assert!(agent.messages().contains(&told), "{:?}", agent.messages());
        assert!(!asks(&without, "/volumes/notify_update"));
        assert_eq!(listed(&agent).await, json!([]));
    });
}
