//! Container records (agent-protocol 4.2, 6.3, 6.6, 6.12), case 137 among them.

use std::time::Duration;

use kontena_protocol::agent::RpcError;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{master::Master, *};
use crate::engine::{ContainerSpec, Engine};

const SAVE: &str = "/containers/save";
const EVENT: &str = "/containers/event";
const CLEANUP: &str = "/containers/cleanup";

/// A machine with containers nobody but its owner knows of.
async fn machine(master: &Master, names: &[&str]) -> Arc<SimulatedEngine> {
    let engine = shared(SimulatedOptions::default(), master.clock());
    engine.pull("nginx", None).await.expect("pulls");
    for name in names {
        create(&engine, name, &[]).await;
    }
    engine
}

async fn create(engine: &SimulatedEngine, name: &str, labels: &[(&str, &str)]) -> String {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let image = "nginx".to_owned();
    let spec = ContainerSpec { image, labels: labels.collect(), ..ContainerSpec::default() };
    engine.create(name, &spec).await.expect("creates")
}

fn run(master: &Arc<Master>, engine: &Arc<SimulatedEngine>) -> Running {
    start_on(master, Arc::clone(engine), |config| config)
}

/// The saves so far: moment in milliseconds, and the container's name.
fn saves(master: &Master) -> Vec<(u128, String)> {
    let calls = master.calls(SAVE).into_iter();
    let name = |params: &Value| params[0]["container"]["Name"].as_str().map(str::to_owned);
    calls.map(|(at, params)| (at.as_millis(), name(&params).expect("a name"))).collect()
}

fn statuses(master: &Master) -> Vec<String> {
    let calls = master.calls(EVENT).into_iter();
    calls.map(|(_, params)| params[0]["status"].as_str().expect("a word").to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn case_137_every_container_is_saved_once_per_connection_50_ms_apart() {
    let master = Master::new();
    let engine = machine(&master, &["a", "b", "c"]).await;
    create(&engine, "helper", &[("io.kontena.container.skip_logs", "")]).await;
    let agent = run(&master, &engine);
    master.until_called(SAVE, 3).await;
    sleep(Duration::from_secs(60)).await;
    let told = saves(&master);
    let mut names: Vec<_> = told.iter().map(|(_, name)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["/a", "/b", "/c"], "and not the helper");
    let at: Vec<_> = told.iter().map(|(at, _)| *at).collect();
    assert!(at[0] < 1100 && at.windows(2).all(|pair| pair[1] - pair[0] >= 50), "{at:?}");
    let (_, params) = &master.calls(SAVE)[0];
    assert_eq!(params[0]["node"], crate::engine::simulated::engine_id(0));
    master.hang_up();
    master.until_called(SAVE, 6).await;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(saves(&master).len(), 6);
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_service_container_is_saved_when_it_is_created_and_when_it_ends() {
    let master = Master::new();
    master.lists(&[pod()]);
    let agent = start(&master);
    master.until_called(SAVE, 1).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(statuses(&master), ["create", "start"]);
    let container = master.calls(SAVE).pop().expect("saved").1[0]["container"].clone();
    assert_eq!(container["Config"]["Labels"]["io.kontena.container.name"], "redis-1");
    assert_eq!(container["State"]["Running"], true);
    let before = saves(&master).len();
    agent.engine.crash("redis-1").expect("runs");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(statuses(&master)[2..], ["die", "start"]);
    assert!(saves(&master).len() > before);
    master.lists(&[]);
    master.until("destroyed", |master| statuses(master).len() >= 6).await;
    assert_eq!(statuses(&master)[4..], ["die", "destroy"]);
    let (_, last) = master.calls(EVENT).pop().expect("an event");
    assert_eq!(last[0]["id"], container["Id"]);
    assert_eq!(last[0]["from"], "redis:3.0");
    assert!(last[0]["time"].as_i64().is_some_and(|time| time > 1_501_590_896));
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_container_that_vanished_between_two_lists_is_cleaned_up() {
    let master = Master::new();
    let engine = machine(&master, &["a", "b"]).await;
    let gone = engine.inspect("a").await.expect("answers").expect("is there").id;
    let agent = run(&master, &engine);
    master.until_called(SAVE, 2).await;
    let at = master.start_elapsed();
    engine.remove("a").await.expect("goes");
    master.until_called(CLEANUP, 1).await;
    let (then, params) = master.calls(CLEANUP).remove(0);
    assert_eq!(params[1], json!([gone]));
    assert!(then - at <= Duration::from_secs(20), "{:?}", then - at);
    sleep(Duration::from_secs(100)).await;
    assert_eq!(master.calls(CLEANUP).len(), 1);
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_vanishes_while_the_master_is_away_is_cleaned_up_later() {
    let master = Master::new();
    let engine = machine(&master, &["a", "b"]).await;
    let agent = run(&master, &engine);
    master.until_called(SAVE, 2).await;
    master.plan().unreachable = true;
    master.hang_up();
    sleep(Duration::from_secs(5)).await;
    engine.remove("a").await.expect("goes");
    sleep(Duration::from_secs(300)).await;
    assert!(master.calls(CLEANUP).is_empty());
    master.plan().unreachable = false;
    master.until_called(CLEANUP, 1).await;
    master.until_called(SAVE, 3).await;
    assert_eq!(saves(&master).pop().expect("saved").1, "/b");
    assert!(statuses(&master).is_empty(), "nobody listened");
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_master_that_knows_no_records_is_asked_once_per_connection() {
    let master = Master::new();
    let unknown = RpcError::not_implemented();
    master.plan().refuses = vec![(SAVE, unknown.clone()), (EVENT, unknown.clone())];
    master.plan().refuses.push((CLEANUP, unknown));
    master.lists(&[pod()]);
    let engine = machine(&master, &["a", "b", "c"]).await;
    let agent = run(&master, &engine);
    master.until_called("/node_service_pods/set_state", 1).await;
    sleep(Duration::from_secs(100)).await;
    assert_eq!((saves(&master).len(), statuses(&master).len()), (1, 1));
    let told = |level: &str| {
        let lines = logged().into_iter().filter(|line| line.starts_with(level));
        lines.filter(|line| line.contains(SAVE)).count()
    };
    assert_eq!((told("DEBUG"), told("WARN")), (1, 0));
    master.hang_up();
    master.until_called(SAVE, 2).await;
    sleep(Duration::from_secs(100)).await;
    assert_eq!(saves(&master).len(), 2);
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failing_save_is_said_once_and_holds_up_nothing() {
    let master = Master::new();
    master.plan().refuses = vec![(SAVE, RpcError::runtime("out of disk"))];
    let engine = machine(&master, &["a", "b", "c"]).await;
    let agent = run(&master, &engine);
    master.until_called(SAVE, 3).await;
    sleep(Duration::from_secs(1)).await;
    let lines = logged();
    let told: Vec<_> = lines.iter().filter(|line| line.contains(SAVE)).collect();
    assert_eq!(told.iter().filter(|line| line.starts_with("WARN")).count(), 1, "{told:?}");
    // Now the master says nothing at all: pods are none the worse for it.
    master.plan().silent = vec![SAVE];
    engine.crash("a").expect_err("never started");
    create(&engine, "d", &[]).await;
    master.lists(&[pod()]);
    master.notify("/service_pods/notify_update", json!(["update"]));
    let asked = master.start_elapsed();
    master.until_called("/node_service_pods/set_state", 1).await;
    let took = master.start_elapsed() - asked;
    assert!(took < Duration::from_secs(1), "{took:?}");
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_save_that_failed_is_tried_again_with_the_next_list() {
    let master = Master::new();
    master.plan().refuses = vec![(SAVE, RpcError::runtime("out of disk"))];
    let engine = machine(&master, &["a", "b"]).await;
    let agent = run(&master, &engine);
    master.until_called(SAVE, 2).await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!(saves(&master).len(), 2, "not at once");
    master.plan().refuses.clear();
    master.until_called(SAVE, 4).await;
    let at: Vec<_> = saves(&master).into_iter().map(|(at, _)| at).collect();
    assert!(at[2] - at[1] <= 21_000, "{at:?}");
    sleep(Duration::from_secs(100)).await;
    assert_eq!(saves(&master).len(), 4, "once it is taken, that is all");
    agent.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_was_away_is_recorded_anew() {
    let master = Master::new();
    let engine = machine(&master, &["a"]).await;
    let agent = run(&master, &engine);
    master.until_called(SAVE, 1).await;
    engine.vanish();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(saves(&master).len(), 1);
    engine.reappear();
    master.until_called(SAVE, 2).await;
    assert!(master.calls(CLEANUP).is_empty(), "a list that failed says nothing");
    agent.stop().await;
}
