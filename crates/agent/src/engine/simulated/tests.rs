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
    engine.start(&id).await.expect("starts");
    let pod = events.next().await.expect("an event").expect("no error");
    let seen = engine.find(&pod).await.expect("answers").expect("is there");
    assert!(seen.running && seen.name == "redis-1");
    engine.crash("redis-1").expect("runs");
    assert_eq!(engine.wait(&id).await, Ok(137));
    engine.remove(&id).await.expect("goes");
    engine.remove(&id).await.expect("is gone, which is fine");
    assert_eq!(engine.find(&pod).await, Ok(None));
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
