//! The simulated engine against the promises of the trait.

use std::time::Duration;

use chrono::DateTime;

use super::*;

fn engine(options: SimulatedOptions) -> SimulatedEngine {
    SimulatedEngine::new(options, Clock::following(DateTime::UNIX_EPOCH, 1))
}

fn spec() -> ContainerSpec {
    ContainerSpec {
        image: "redis:3.0".into(),
        labels: [
            ("io.kontena.container.type", "container"),
            ("io.kontena.service.id", "s"),
            ("io.kontena.service.instance_number", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
        ..ContainerSpec::default()
    }
}

#[test]
fn engine_ids_have_dockers_shape_and_follow_from_the_seed() {
    let id = engine_id(1);
    assert_eq!(id.len(), 59);
    assert_eq!(id.split(':').count(), 12);
    assert!(
        id.split(':')
            .all(|group| group.len() == 4 && group.chars().all(|c| c.is_ascii_alphanumeric()))
    );
    assert_eq!(id, engine_id(1));
    assert_ne!(id, engine_id(2));
}

#[tokio::test(start_paused = true)]
async fn a_container_lives_crashes_and_goes() {
    let engine = engine(SimulatedOptions {
        start_takes: Duration::from_secs(1),
        ..SimulatedOptions::default()
    });
    let mut events = engine.events();
    assert!(matches!(engine.create("redis-1", &spec()).await, Err(EngineError::NotFound(_))));
    engine.pull("redis:3.0", None).await.expect("pulls");
    let id = engine.create("redis-1", &spec()).await.expect("creates");
    let created = events.next().await.expect("an event").expect("no error");
    assert_eq!((created.action.as_str(), &created.container_id), ("create", &id));
    engine.start(&id).await.expect("starts");
    let started = events.next().await.expect("an event").expect("no error");
    assert_eq!((started.action.as_str(), started.at), ("start", 1));
    let pod = started.pod.expect("it is a service's");
    let seen = engine.find(&pod).await.expect("answers").expect("is there");
    assert!(seen.running && seen.name == "redis-1");
    engine.crash("redis-1").expect("runs");
    assert_eq!(engine.wait(&id).await, Ok(137));
    let document = engine.document(&id).await.expect("answers").expect("is there");
    assert_eq!(document["Name"], "/redis-1");
    assert_eq!(document["Config"]["Image"], "redis:3.0");
    assert_eq!(document["Config"]["Labels"]["io.kontena.service.id"], "s");
    assert_eq!(document["State"]["ExitCode"], 137);
    assert_eq!(document["State"]["StartedAt"], "1970-01-01T00:00:01.000000000Z");
    assert_eq!(document["NetworkSettings"]["Ports"], serde_json::json!({}));
    engine.remove(&id).await.expect("goes");
    engine.remove(&id).await.expect("is gone, which is fine");
    assert_eq!(engine.find(&pod).await, Ok(None));
    assert_eq!(engine.document(&id).await, Ok(None));
    let ends = [events.next().await, events.next().await];
    let actions = ends.map(|event| event.expect("an event").expect("no error").action);
    assert_eq!(actions, ["die", "destroy"]);
}

#[tokio::test(start_paused = true)]
async fn a_vanished_engine_fails_calls_and_ends_events() {
    let engine = engine(SimulatedOptions::default());
    let mut events = engine.events();
    engine.vanish();
    assert!(matches!(engine.describe().await, Err(EngineError::Unavailable(_))));
    assert!(matches!(events.next().await, Some(Err(EngineError::Unavailable(_)))));
    assert!(events.next().await.is_none());
    engine.reappear();
    assert!(engine.describe().await.is_ok());
}
