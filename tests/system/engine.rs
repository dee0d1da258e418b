//! A Docker engine that vanishes under a running agent, and returns.

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
