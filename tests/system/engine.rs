//! A real Docker engine: what the agent asks of it, and what happens when it vanishes and returns.

use kontena_agent::engine::{ContainerSpec, Engine, EngineError, VolumeSpec, docker::DockerEngine};

use crate::{
    support::{Dockerd, Program},
    world::{LIMIT, World, environment, program, until},
};

#[test]
fn an_engine_that_vanishes_is_told_of_and_used_again_when_it_returns() {
    let world = World::new(&[("INITIAL_ADMIN_CODE", "code")]);
    let _master = world.master();
    world.ok(&["master", "login", "--code", "code", "--name", "test", &world.url]);
    world.ok(&["grid", "create", "--initial-size", "1", "test"]);
    let mut engine = Dockerd::start("vanishing");
    engine.import_busybox();
    let mut settings = environment(&world.ok(&["grid", "env", "test"]));
    settings.push(("DOCKER_HOST".to_owned(), engine.host()));
    settings.push(("KONTENA_NODE_NAME".to_owned(), "core-01".to_owned()));
    let settings: Vec<(&str, &str)> =
        settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let agent = Program::start(&program("kontena-agent"), &[], &settings);
    world.until_node("core-01", "online", LIMIT);

    engine.kill();
    agent.wait_for_line("engine", LIMIT);
    world.ok(&["service", "create", "web", "busybox:latest", "--cmd", "sleep 86400"]);
    let refused = world.kontena(&["service", "deploy", "web"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(world.node_line("core-01").contains("online"), "the agent stays connected");
    assert!(world.ok(&["service", "show", "web"]).contains("error: "));

    engine.start_again();
    until("the deploy succeeds once the engine is back", LIMIT, || {
        world.kontena(&["service", "deploy", "web"]).code == Some(0)
    });
    let running = engine.containers();
    assert!(
        running.iter().any(|container| container.name == "web-1" && container.state == "running")
    );
}

#[test]
fn an_engine_keeps_volumes_with_their_labels_and_measures_memory() {
    let dockerd = Dockerd::start("volumes");
    dockerd.import_busybox();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let engine = DockerEngine::connect(Some(&dockerd.host())).await.expect("connects");
        let label = ("io.kontena.volume_instance.id".to_owned(), "5981".to_owned());
        let wanted = VolumeSpec {
            name: "db.data-1".to_owned(),
            driver: "local".to_owned(),
            labels: [label].into(),
            ..VolumeSpec::default()
        };
        engine.create_volume(&wanted).await.expect("creates");
        engine.create_volume(&wanted).await.expect("is there already");
        let made = engine.volume("db.data-1").await.expect("answers").expect("is there");
        assert_eq!((&made.labels, made.driver.as_str()), (&wanted.labels, "local"));
        assert_eq!(engine.volumes().await.expect("answers"), [made]);
        assert_eq!(engine.volume("none").await, Ok(None));

        let spec = ContainerSpec {
            image: "busybox:latest".to_owned(),
            cmd: Some(vec!["sleep".to_owned(), "86400".to_owned()]),
            binds: vec!["db.data-1:/data".to_owned()],
            network: "host".to_owned(),
            ..ContainerSpec::default()
        };
        let id = engine.create("holder", &spec).await.expect("creates");
        engine.start(&id).await.expect("starts");
        let bytes = engine.memory_of(&id).await.expect("answers").expect("it runs");
        assert!((1..1 << 30).contains(&bytes), "{bytes}");
        assert_eq!(engine.memory_of("none").await, Ok(None));
        let used = engine.remove_volume("db.data-1").await;
        assert!(matches!(used, Err(EngineError::Conflict(_))), "{used:?}");
        engine.remove(&id).await.expect("removes");
        engine.remove_volume("db.data-1").await.expect("removes");
        engine.remove_volume("db.data-1").await.expect("is gone already");
        assert_eq!(engine.volumes().await, Ok(vec![]));
    });
}
