//! Cases 138 to 148: what the master lists, and what becomes of it.

use std::time::Duration;

use kontena_protocol::agent::RpcError;
use serde_json::json;
use tokio::time::sleep;

use super::{master::Master, *};
use crate::engine::Container;

const LIST: &str = "/node_service_pods/list";
const SET_STATE: &str = "/node_service_pods/set_state";

fn container(agent: &Running, name: &str) -> Option<Container> {
    let found = agent.engine.containers().into_iter();
    found.into_iter().find(|container| container.name == name)
}

fn is_running(agent: &Running, name: &str) -> bool {
    container(agent, name).is_some_and(|container| container.running)
}

fn state(rev: &str, state: &str, error: Option<&str>) -> serde_json::Value {
    json!({"service_id": "5f", "instance_number": 1, "rev": rev, "state": state, "error": error})
}

/// A master that lists one pod, and an agent that runs it.
async fn running_pod() -> (Arc<Master>, Running) {
    let master = Master::new();
    master.lists(&[pod()]);
    let agent = start(&master);
    master.until_called(SET_STATE, 1).await;
    assert_eq!(master.states(), [state("2017-08-01 12:34:56 UTC", "running", None)]);
    (master, agent)
}

fn events(master: &Master, kind: &str) -> Vec<(u64, u64)> {
    let calls = master.calls("/node_service_pods/event").into_iter();
    calls
        .filter(|(_, params)| params[1]["type"] == json!(kind))
        .map(|(at, params)| (at.as_secs(), params[1]["severity"].as_u64().expect("a number")))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn case_138_pods_are_listed_from_the_first_node_info_on_every_30_seconds() {
    let master = Master::new();
    master.plan().node_info = false;
    let agent = start(&master);
    sleep(Duration::from_secs(40)).await;
    let answer = master.call(1, "/service_pods/notify_update", json!([[]])).await;
    assert_eq!(answer, Ok(json!({})), "answered, but there is nothing to list yet");
    sleep(Duration::from_secs(40)).await;
    assert!(master.calls(LIST).is_empty());
    master.send_node_info();
    master.until_called(LIST, 4).await;
    let at: Vec<_> = master.calls(LIST).iter().map(|(at, _)| at.as_secs()).collect();
    assert!(at[0] <= 82, "{at:?}");
    let pauses: Vec<_> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.iter().skip(1).all(|pause| *pause == 30), "{at:?}");
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_listed_pod_is_created_with_its_name_and_labels_and_told_in_events() {
    let (master, agent) = running_pod().await;
    let container = container(&agent, "redis-1").expect("created");
    assert!(container.running);
    assert_eq!(container.label("io.kontena.container.service_revision"), Some("1"));
    assert_eq!(agent.engine.journal(), ["pull redis:3.0", "create redis-1", "start redis-1"]);
    let created = events(&master, "service:create_instance");
    assert_eq!(created, [(1, 1), (1, 1)]);
    sleep(Duration::from_secs(300)).await;
    assert_eq!(master.states().len(), 1, "nothing new to say");
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_139_a_list_that_failed_changes_nothing() {
    let (master, agent) = running_pod().await;
    for list in [
        Err(RpcError::runtime("Migration not done")),
        Ok(json!("x")),
        Ok(json!(null)),
        Ok(json!([{"id": "5f/1"}])),
    ] {
        master.plan().list = list;
        let lists = master.calls(LIST).len();
        master.until_called(LIST, lists + 2).await;
        assert!(is_running(&agent, "redis-1"));
    }
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_140_a_pod_that_is_not_listed_any_more_goes_with_its_data() {
    let master = Master::new();
    let mut stateful = pod();
    stateful.stateful = true;
    stateful.hooks = serde_json::from_value(json!([
        {"id": "h1", "type": "pre_stop", "cmd": "flush", "oneshot": false},
    ]))
    .expect("hooks");
    master.lists(&[stateful]);
    let agent = start(&master);
    master.until_called(SET_STATE, 1).await;
    let spec = agent.engine.spec_of("redis-1").expect("created");
    assert_eq!(spec.volumes_from, ["redis-1-volumes"]);
    assert!(container(&agent, "redis-1-volumes").is_some());
    master.lists(&[]);
    master.until("all gone", |_| agent.engine.containers().is_empty()).await;
    let journal = agent.engine.journal();
    let end = &journal[journal.len() - 4..];
    assert_eq!(
        end,
        [
            "exec redis-1 /bin/sh -c flush",
            "stop redis-1",
            "remove redis-1",
            "remove redis-1-volumes"
        ]
    );
    sleep(Duration::from_secs(100)).await;
    assert_eq!(master.states().len(), 1, "no set_state for a pod that is gone");
    assert_eq!(events(&master, "service:remove_instance").len(), 2);
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_143_a_new_deploy_of_the_same_thing_leaves_the_container_alone() {
    let (master, agent) = running_pod().await;
    let before = container(&agent, "redis-1");
    let mut again = pod();
    again.deploy_rev = Some("2017-08-01 12:40:00.5 UTC".into());
    master.lists(&[again]);
    master.until_called(SET_STATE, 2).await;
    assert_eq!(master.states()[1], state("2017-08-01 12:40:00.5 UTC", "running", None));
    assert_eq!(container(&agent, "redis-1"), before);
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_143_a_changed_image_replaces_the_container_with_the_next_deploy_only() {
    let (master, agent) = running_pod().await;
    let before = container(&agent, "redis-1").expect("runs").id;
    agent.engine.publish_image("redis:3.0");
    sleep(Duration::from_secs(700)).await;
    assert_eq!(container(&agent, "redis-1").expect("runs").id, before);
    let mut again = pod();
    again.deploy_rev = Some("2017-08-01 12:50:00 UTC".into());
    master.lists(&[again]);
    master.until_called(SET_STATE, 2).await;
    assert_ne!(container(&agent, "redis-1").expect("runs").id, before);
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_144_a_higher_revision_replaces_the_container() {
    let (master, agent) = running_pod().await;
    let before = container(&agent, "redis-1").expect("runs").id;
    let mut changed = pod();
    changed.service_revision = 2;
    changed.deploy_rev = Some("2017-08-01 12:50:00 UTC".into());
    master.lists(&[changed]);
    master.until_called(SET_STATE, 2).await;
    let after = container(&agent, "redis-1").expect("runs");
    assert_ne!(after.id, before);
    assert_eq!(after.label("io.kontena.container.service_revision"), Some("2"));
    assert_eq!(after.label("io.kontena.container.deploy_rev"), Some("2017-08-01 12:50:00 UTC"));
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_145_a_crashing_container_is_restarted_after_0_1_and_4_seconds() {
    let (master, agent) = running_pod().await;
    let mut waits = Vec::new();
    for _ in 0..3 {
        sleep(Duration::from_secs(1)).await;
        agent.engine.crash("redis-1").expect("runs");
        let crashed_at = master.start_elapsed();
        master.until("running again", |_| is_running(&agent, "redis-1")).await;
        waits.push((master.start_elapsed() - crashed_at).as_secs());
    }
    assert_eq!(waits, [0, 1, 4]);
    let crashes = events(&master, "service:instance_crash");
    assert_eq!(crashes.iter().map(|(_, severity)| *severity).collect::<Vec<_>>(), [2, 2, 2]);
    sleep(Duration::from_secs(60)).await;
    agent.engine.crash("redis-1").expect("runs");
    sleep(Duration::from_millis(500)).await;
    assert!(is_running(&agent, "redis-1"), "a calm minute forgives");
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_146_a_lost_report_is_repeated_after_the_reconnect() {
    let master = Master::new();
    master.lists(&[pod()]);
    master.plan().answers_set_state = false;
    let agent = start(&master);
    master.until_called(SET_STATE, 1).await;
    master.plan().answers_set_state = true;
    master.hang_up();
    master.until_called(SET_STATE, 2).await;
    assert_eq!(master.states()[0], master.states()[1]);
    let (at, _) = master.calls(SET_STATE)[1];
    assert!(at < Duration::from_secs(4), "with the reconnect, not with a later list: {at:?}");
    sleep(Duration::from_secs(100)).await;
    assert_eq!(master.states().len(), 2);
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_147_a_pod_with_a_port_is_reported_once_the_port_answers() {
    let master = Master::new();
    let mut waiting = pod();
    waiting.wait_for_port = Some(6379);
    let mut other = pod();
    other.service_id = "6a".into();
    other.service_name = "web".into();
    master.lists(&[waiting, other]);
    let options = SimulatedOptions {
        ports_open_after: Duration::from_secs(3),
        ..SimulatedOptions::default()
    };
    let agent = start_with(&master, options, |config| config);
    master.until_called(SET_STATE, 2).await;
    let reports = master.calls(SET_STATE);
    assert_eq!(reports[0].1[1]["service_id"], json!("6a"), "nobody else waits");
    assert_eq!(reports[0].0.as_secs(), 1);
    assert_eq!(reports[1].1[1]["service_id"], json!("5f"));
    assert_eq!(reports[1].0.as_secs(), 4);
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_147_a_stop_ends_the_wait_for_a_port() {
    let master = Master::new();
    let mut waiting = pod();
    waiting.wait_for_port = Some(6379);
    master.lists(std::slice::from_ref(&waiting));
    let options = SimulatedOptions {
        ports_open_after: Duration::from_secs(100_000),
        ..SimulatedOptions::default()
    };
    let agent = start_with(&master, options, |config| config);
    master.until("running", |_| is_running(&agent, "redis-1")).await;
    waiting.desired_state = "stopped".into();
    master.lists(&[waiting]);
    master.notify("/service_pods/notify_update", json!(["stop"]));
    master.until_called(SET_STATE, 1).await;
    assert_eq!(master.states(), [state("2017-08-01 12:34:56 UTC", "stopped", None)]);
    assert!(master.start_elapsed() < Duration::from_secs(10));
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn case_148_a_missing_image_is_reported_and_tried_again() {
    let master = Master::new();
    master.lists(&[pod()]);
    let engine = shared(SimulatedOptions::default(), master.clock());
    engine.lose_image("redis:3.0");
    let agent = start_on(&master, engine, |config| config);
    master.until_called(SET_STATE, 1).await;
    let error = "Docker::Error::NotFoundError: No such image: redis:3.0";
    let missing = state("2017-08-01 12:34:56 UTC", "missing", Some(error));
    assert_eq!(master.states(), [missing]);
    let failed = events(&master, "service:create_instance");
    assert_eq!(failed.last().map(|(_, severity)| *severity), Some(3));
    agent.engine.publish_image("redis:3.0");
    master.until_called(SET_STATE, 2).await;
    assert_eq!(master.states()[1], state("2017-08-01 12:34:56 UTC", "running", None));
    assert!(master.start_elapsed() < Duration::from_secs(35), "with the next list");
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_is_carried_out_once_and_an_unknown_pod_ignored() {
    let (master, agent) = running_pod().await;
    let before = container(&agent, "redis-1").expect("runs");
    sleep(Duration::from_secs(5)).await;
    master.notify("/service_pods/restart", json!(["5f", 1]));
    master.notify("/service_pods/restart", json!(["5f", 2]));
    master
        .until("restarted", |_| {
            container(&agent, "redis-1").is_some_and(|found| found.started_at != before.started_at)
        })
        .await;
    sleep(Duration::from_secs(100)).await;
    let after = container(&agent, "redis-1").expect("runs");
    assert_eq!(after.id, before.id);
    let restarts = agent.engine.journal().iter().filter(|line| *line == "start redis-1").count();
    assert_eq!(restarts, 2);
    assert_eq!(events(&master, "service:restart_instance").len(), 2);
    assert!(events(&master, "service:instance_crash").is_empty(), "a restart is no crash");
    assert!(is_logged("asked to restart a pod that is not here"));
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn containers_of_an_agent_before_are_adopted_without_a_touch() {
    let (master, agent) = running_pod().await;
    let engine = agent.engine.clone();
    let before = engine.containers();
    agent.stop().await;

    master.plan().list = Err(RpcError::runtime("Node not found"));
    let agent = start_on(&master, engine, |config| config);
    let mut adopted = state("", "running", None);
    adopted["rev"] = json!(null);
    master.until_called(SET_STATE, 2).await;
    assert_eq!(master.states()[1], adopted);
    sleep(Duration::from_secs(100)).await;
    master.lists(&[pod()]);
    master.until_called(SET_STATE, 3).await;
    assert_eq!(master.states()[2], state("2017-08-01 12:34:56 UTC", "running", None));
    assert_eq!(agent.engine.containers(), before);
    master.lists(&[]);
    master.until("gone", |_| agent.engine.containers().is_empty()).await;
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_and_a_start_keep_the_container() {
    let (master, agent) = running_pod().await;
    let id = container(&agent, "redis-1").expect("runs").id;
    let mut stopped = pod();
    stopped.desired_state = "stopped".into();
    master.lists(&[stopped]);
    master.notify("/service_pods/notify_update", json!(["stop"]));
    master.until_called(SET_STATE, 2).await;
    assert_eq!(master.states()[1]["state"], json!("stopped"));
    sleep(Duration::from_secs(60)).await;
    assert!(!is_running(&agent, "redis-1"));
    master.lists(&[pod()]);
    master.notify("/service_pods/notify_update", json!(["start"]));
    master.until_called(SET_STATE, 3).await;
    assert_eq!(container(&agent, "redis-1").expect("runs").id, id);
    assert!(is_running(&agent, "redis-1"));
    assert!(events(&master, "service:instance_crash").is_empty(), "a stop is no crash");
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn hooks_run_around_the_start_and_one_shot_ones_are_announced_first() {
    let master = Master::new();
    let mut hooked = pod();
    hooked.hooks = serde_json::from_value(json!([
        {"id": "h1", "type": "pre_start", "cmd": "migrate", "oneshot": true},
        {"id": "h2", "type": "post_start", "cmd": "warm", "oneshot": false},
    ]))
    .expect("hooks");
    master.lists(&[hooked]);
    let agent = start(&master);
    master.until_called(SET_STATE, 1).await;
    let marks = master.calls("/node_service_pods/mark_oneshot_hook");
    assert_eq!(marks.len(), 1);
    assert_eq!(marks[0].1[1], json!({"service_id": "5f", "instance_number": 1}));
    assert_eq!(marks[0].1[2]["id"], json!("h1"));
    let journal = agent.engine.journal();
    let kinds: Vec<_> =
        journal.iter().map(|line| line.split(' ').next().expect("a word")).collect();
    assert_eq!(kinds, ["pull", "create", "start", "remove", "create", "start", "exec"]);
    assert_eq!(journal[6], "exec redis-1 /bin/sh -c warm");
    assert_eq!(agent.engine.containers().len(), 1, "the hook's container is gone");
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failing_pre_start_hook_fails_the_apply() {
    let master = Master::new();
    let mut hooked = pod();
    hooked.hooks = serde_json::from_value(json!([
        {"id": "h1", "type": "pre_start", "cmd": "migrate", "oneshot": false},
    ]))
    .expect("hooks");
    master.lists(&[hooked]);
    let engine = shared(SimulatedOptions::default(), master.clock());
    engine.fail_commands_with(3);
    let agent = start_on(&master, engine, |config| config);
    master.until_called(SET_STATE, 1).await;
    let error = master.states()[0]["error"].as_str().map(str::to_owned).expect("an error");
    assert!(error.contains("pre_start hook failed with exit code 3: migrate"), "{error}");
    assert!(agent.engine.containers().is_empty());
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_vanished_engine_is_reported_and_all_is_well_when_it_returns() {
    let (master, agent) = running_pod().await;
    agent.engine.vanish();
    let mut again = pod();
    again.deploy_rev = Some("2017-08-01 12:40:00 UTC".into());
    master.lists(std::slice::from_ref(&again));
    master.until_called(SET_STATE, 2).await;
    let failed = &master.states()[1];
    assert_eq!(failed["state"], json!("missing"));
    let error = failed["error"].as_str().expect("an error");
    assert!(error.contains("has vanished"), "{error}");
    sleep(Duration::from_secs(100)).await;
    let returned_at = master.start_elapsed();
    agent.engine.reappear();
    master.until("running", |_| is_running(&agent, "redis-1")).await;
    assert!(master.start_elapsed() - returned_at < Duration::from_secs(4));
    master.until_called(SET_STATE, 3).await;
    assert_eq!(master.states()[2], state("2017-08-01 12:40:00 UTC", "running", None));
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_container_that_somebody_removed_is_made_again() {
    let (master, agent) = running_pod().await;
    sleep(Duration::from_secs(5)).await;
    let id = container(&agent, "redis-1").expect("runs").id;
    crate::engine::Engine::remove(agent.engine.as_ref(), &id).await.expect("removed");
    master.until("running", |_| is_running(&agent, "redis-1")).await;
    assert!(master.start_elapsed() < Duration::from_secs(8));
    assert_eq!(events(&master, "service:instance_crash").len(), 1);
    agent.stop().await;
}
