//! Volumes that the master lists, reports of them, and pods that wait for them (agent-protocol 6.12).

use std::time::Duration;

use kontena_protocol::agent::RpcError;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{master::Master, *};
use crate::engine::{Engine, Volume, VolumeSpec, label};

const LIST: &str = "/node_volumes/list";
const SET_STATE: &str = "/node_volumes/set_state";

fn listed(id: &str, name: &str) -> Value {
    json!({
        "volume_id": "v1", "volume_instance_id": id, "name": name, "driver": "local",
        "driver_opts": {"size": "5"},
    })
}

/// What the engine has, by name.
async fn present(engine: &SimulatedEngine) -> Vec<Volume> {
    engine.volumes().await.expect("answers")
}

async fn names(engine: &SimulatedEngine) -> Vec<String> {
    present(engine).await.into_iter().map(|volume| volume.name).collect()
}

/// Puts a volume there that an agent has made before.
async fn leave_behind(engine: &SimulatedEngine, id: &str, name: &str) {
    let labels = [(label::VOLUME_INSTANCE_ID, id), (label::VOLUME_ID, "v1")];
    let spec = VolumeSpec {
        name: name.into(),
        driver: "local".into(),
        labels: labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..VolumeSpec::default()
    };
    engine.create_volume(&spec).await.expect("creates");
}

fn told(master: &Master) -> Vec<Value> {
    master.calls(SET_STATE).into_iter().map(|(_, params)| params[1].clone()).collect()
}

fn state(id: &str, name: &str) -> Value {
    json!({"name": name, "volume_instance_id": id, "volume_id": "v1"})
}

/// The pod with a named volume.
fn with_volume(driver: &str) -> ServicePod {
    let mut pod = pod();
    let mount = json!({"name": "redis.data-1", "path": "/data", "flags": null, "driver": driver});
    pod.volumes = serde_json::from_value(json!([mount])).expect("mounts");
    pod
}

#[tokio::test(start_paused = true)]
async fn case_138_volumes_are_listed_from_the_first_node_info_on_every_30_seconds() {
    let master = Master::new();
    master.plan().node_info = false;
    let agent = start(&master);
    sleep(Duration::from_secs(40)).await;
    let answer = master.call(1, "/volumes/notify_update", json!([[]])).await;
    assert_eq!(answer, Ok(json!({})), "answered, but there is nothing to list yet");
    sleep(Duration::from_secs(40)).await;
    assert!(master.calls(LIST).is_empty());
    master.send_node_info();
    master.until_called(LIST, 5).await;
    let at: Vec<_> = master.calls(LIST).iter().map(|(at, _)| at.as_secs()).collect();
    assert!(at[0] <= 82, "{at:?}");
    let pauses: Vec<_> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.iter().skip(1).all(|pause| *pause == 30), "{at:?}");
    let asked_at = master.start_elapsed();
    master.call(2, "/volumes/notify_update", json!([[]])).await.expect("answered");
    master.until_called(LIST, 6).await;
    assert!(master.calls(LIST)[5].0 - asked_at < Duration::from_secs(1), "at once");
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_listed_volume_is_created_with_its_labels_and_reported() {
    let master = Master::new();
    master.plan().volumes = Ok(json!([listed("i1", "redis.data-1")]));
    let agent = start(&master);
    master.until_called(SET_STATE, 1).await;
    let labels = [("io.kontena.volume_instance.id", "i1"), ("io.kontena.volume.id", "v1")];
    let expected = Volume {
        name: "redis.data-1".into(),
        driver: "local".into(),
        labels: labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    };
    assert_eq!(present(&agent.engine).await, [expected]);
    assert_eq!(told(&master), [state("i1", "redis.data-1")]);
    sleep(Duration::from_secs(100)).await;
    assert_eq!(told(&master).len(), 1, "nothing new to say");

    // Not listed any more: gone. What nobody made for the master stays.
    let own = VolumeSpec { name: "own".into(), driver: "local".into(), ..VolumeSpec::default() };
    agent.engine.create_volume(&own).await.expect("creates");
    master.plan().volumes = Ok(json!([]));
    master.notify("/volumes/notify_update", json!(["remove"]));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(names(&agent.engine).await, ["own"]);
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_list_that_failed_changes_nothing() {
    let master = Master::new();
    master.plan().volumes = Ok(json!([listed("i1", "redis.data-1")]));
    let agent = start(&master);
    master.until_called(SET_STATE, 1).await;
    for volumes in [
        Err(RpcError::runtime("Node not found")),
        Ok(json!("x")),
        Ok(json!(null)),
        Ok(json!([{"volume_id": "v1"}])),
    ] {
        master.plan().volumes = volumes;
        let lists = master.calls(LIST).len();
        master.until_called(LIST, lists + 2).await;
        assert_eq!(names(&agent.engine).await, ["redis.data-1"]);
    }
    assert!(is_logged("WARN cannot manage volumes, leaving all as they are: "), "{:?}", logged());
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_there_at_the_start_is_reported_before_anything_is_removed() {
    let master = Master::new();
    let engine = shared(SimulatedOptions::default(), master.clock());
    for (id, name) in [("i1", "kept"), ("i2", "surplus"), ("i3", "refused")] {
        leave_behind(&engine, id, name).await;
    }
    master.plan().volumes = Ok(json!([listed("i1", "kept")]));
    // A master that cannot take reports has not heard of the volumes: nothing may go.
    let away = RpcError::new(500, "RuntimeError: the database is away");
    master.plan().refuses = vec![(SET_STATE, away)];
    let agent = start_on(&master, engine, |config| config);
    master.until_called(LIST, 3).await;
    assert_eq!(names(&agent.engine).await, ["kept", "refused", "surplus"]);
    let unknown = RpcError::runtime("Could not find volume with id: v1");
    master.plan().refuses = vec![(SET_STATE, unknown)];
    let reports = told(&master).len();
    master.until_called(SET_STATE, reports + 3).await;
    assert_eq!(
        told(&master)[reports..],
        [state("i1", "kept"), state("i3", "refused"), state("i2", "surplus")]
    );
    sleep(Duration::from_secs(1)).await;
    assert_eq!(names(&agent.engine).await, ["kept"]);
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_is_told_again_before_anything_is_removed() {
    let master = Master::new();
    master.plan().volumes = Ok(json!([listed("i1", "redis.data-1")]));
    let agent = start(&master);
    master.until_called(SET_STATE, 1).await;
    // Comes back with a database that has lost the volume on this node, and lists nothing.
    master.plan().volumes = Err(RpcError::runtime("Node not found"));
    master.plan().silent = vec![SET_STATE];
    master.hang_up();
    sleep(Duration::from_secs(20)).await;
    master.plan().volumes = Ok(json!([]));
    sleep(Duration::from_secs(200)).await;
    assert_eq!(names(&agent.engine).await, ["redis.data-1"], "the report was not answered");
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_volume_listed_under_another_identity_is_kept() {
    let master = Master::new();
    let engine = shared(SimulatedOptions::default(), master.clock());
    leave_behind(&engine, "old", "redis.data-1").await;
    master.plan().volumes = Ok(json!([listed("new", "redis.data-1")]));
    let agent = start_on(&master, engine, |config| config);
    master.until_called(LIST, 4).await;
    let labels: Vec<_> =
        present(&agent.engine).await.iter().map(|found| found.labels.clone()).collect();
    assert_eq!(labels[0].get(label::VOLUME_INSTANCE_ID).map(String::as_str), Some("old"));
    assert_eq!(told(&master), [state("old", "redis.data-1")]);
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn another_driver_and_a_volume_in_use_are_left_alone() {
    let master = Master::new();
    let engine = shared(SimulatedOptions::default(), master.clock());
    let foreign =
        VolumeSpec { name: "other".into(), driver: "nfs".into(), ..VolumeSpec::default() };
    engine.create_volume(&foreign).await.expect("creates");
    master.plan().volumes = Ok(json!([listed("i1", "redis.data-1"), listed("i2", "other")]));
    master.lists(&[with_volume("local")]);
    let agent = start_on(&master, engine, |config| config);
    master.until_called("/node_service_pods/set_state", 1).await;
    assert!(
        is_logged("ERROR volume other has driver nfs, not local: left alone"),
        "{:?}",
        logged()
    );
    master.plan().volumes = Ok(json!([]));
    let lists = master.calls(LIST).len();
    master.until_called(LIST, lists + 2).await;
    assert_eq!(names(&agent.engine).await, ["other", "redis.data-1"]);
    assert!(is_logged("WARN cannot remove volume redis.data-1: "), "{:?}", logged());
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_pod_waits_for_its_volume() {
    let master = Master::new();
    master.lists(&[with_volume("local")]);
    let agent = start(&master);
    sleep(Duration::from_secs(10)).await;
    assert!(agent.engine.containers().is_empty());
    master.plan().volumes = Ok(json!([listed("i1", "redis.data-1")]));
    master.notify("/volumes/notify_update", json!([[]]));
    master.until_called("/node_service_pods/set_state", 1).await;
    assert_eq!(master.states()[0]["state"], "running");
    let spec = agent.engine.spec_of("redis-1").expect("created");
    assert_eq!(spec.binds, ["redis.data-1:/data"]);
    let journal = agent.engine.journal();
    assert_eq!(
        journal,
        ["pull redis:3.0", "create volume redis.data-1", "create redis-1", "start redis-1"]
    );
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_pod_gives_its_volume_30_seconds_and_another_driver_none() {
    let master = Master::new();
    master.lists(&[with_volume("local")]);
    let agent = start(&master);
    master.until_called("/node_service_pods/set_state", 1).await;
    let (at, params) = master.calls("/node_service_pods/set_state")[0].clone();
    assert!((31..=33).contains(&at.as_secs()), "{at:?}");
    let error = "RuntimeError: Timeout after waiting 30s until: volume redis.data-1 exists";
    assert_eq!((&params[1]["state"], &params[1]["error"]), (&json!("missing"), &json!(error)));

    let mut again = with_volume("nfs");
    again.deploy_rev = Some("2017-08-01 12:40:00.5 UTC".into());
    master.plan().volumes = Ok(json!([listed("i1", "redis.data-1")]));
    master.until_called(LIST, 4).await;
    master.lists(&[again]);
    master.until_called("/node_service_pods/set_state", 2).await;
    let error = "RuntimeError: volume redis.data-1 has driver local, not nfs";
    master
        .until("the driver is told", |master| {
            master.states().iter().any(|state| state["error"] == json!(error))
        })
        .await;
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn service_containers_tell_every_minute_what_memory_they_take() {
    let master = Master::new();
    master.lists(&[pod()]);
    let agent = start(&master);
    master.until_called("/containers/stat", 3).await;
    let calls = master.calls("/containers/stat");
    let at: Vec<_> = calls.iter().map(|(at, _)| at.as_secs()).collect();
    assert!(at.windows(2).all(|pair| pair[1] - pair[0] == 60), "{at:?}");
    let body = &calls[0].1[0];
    let id = agent.engine.containers()[0].id.clone();
    assert_eq!(body["id"], json!(id));
    assert_eq!(body["memory"], json!({"usage": 16 << 20}));
    assert_eq!(body["time"], "2017-08-01 12:35:57 UTC");
    agent.stop().await;
}
