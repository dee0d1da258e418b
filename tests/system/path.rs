//! The whole path, with real processes, real SQLite and real Docker: a master, two agents on two engines,
//! services of every strategy, a node that dies and returns, a master that is killed in between.

use std::time::Duration;

use crate::{
    support::{Dockerd, Program},
    world::{LIMIT, World, environment, now, program, until},
};

/// The grace of every strategy in this story.
const GRACE: Duration = Duration::from_secs(3);

struct Node {
    engine: Dockerd,
    environment: Vec<(String, String)>,
}

impl Node {
    fn new(name: &str, environment: Vec<(String, String)>) -> Self {
        let engine = Dockerd::start(name);
        engine.import_busybox();
        Self { engine, environment }
    }

    fn start_agent(&self) -> Program {
        let host = self.engine.host();
        let mut all: Vec<(&str, &str)> =
            self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.push(("DOCKER_HOST", &host));
        let agent = Program::start(&program("kontena-agent"), &[], &all);
        agent.wait_for_line("connected to master version", LIMIT);
        agent
    }

    /// Names of the running service containers, sorted.
    fn running(&self) -> Vec<String> {
        let containers = self.engine.containers();
        let mut names: Vec<String> = containers
            .into_iter()
            .filter(|container| container.state == "running")
            .map(|container| container.name)
            .collect();
        names.sort();
        names
    }
}

fn names(expected: &[&str]) -> Vec<String> {
    expected.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn from_an_empty_database_to_a_service_that_survives_its_node_and_its_master() {
    // 1. A master on an empty database.
    let grace = GRACE.as_secs().to_string();
    let world = World::new(&[
        ("KONTENA_GRACE_DAEMON", &grace),
        ("KONTENA_GRACE_HA", &grace),
        ("KONTENA_GRACE_RANDOM", &grace),
    ]);
    let mut master = world.master();
    let code = master.wait_for_line("initial admin code: ", LIMIT);
    let code = code.rsplit(' ').next().expect("a code").to_owned();

    // 2. The first administrator, a grid, a node.
    world.ok(&["master", "login", "--code", &code, "--name", "test", &world.url]);
    world.ok(&["grid", "create", "--initial-size", "1", "test"]);
    assert_eq!(
        world.ok(&["node", "create", "core-01"]).trim_end(),
        " [done] Creating core-01 node"
    );
    let env = environment(&world.ok(&["node", "env", "core-01"]));
    assert_eq!(env[0].0, "KONTENA_URI");
    assert_eq!(env[1].0, "KONTENA_NODE_TOKEN");

    // 3. A real agent on a real engine.
    let first = Node::new("core-01", env);
    let first_agent = first.start_agent();
    world.until_node("core-01", "online", LIMIT);
    let list = world.ok(&["node", "list"]);
    let mut lines = list.lines();
    let header: Vec<&str> = lines.next().expect("a header").split_whitespace().collect();
    assert_eq!(header, ["NAME", "VERSION", "STATUS", "INITIAL", "LABELS"]);
    let line: Vec<&str> = lines.next().expect("a node").split_whitespace().collect();
    assert_eq!(line, ["⊛", "core-01", "1.5.4", "online", "1", "/", "1", "-"]);

    // 4. A service with two real containers.
    let sleep = "sleep 86400";
    world.ok(&["service", "create", "--instances", "2", "web", "busybox:latest", "--cmd", sleep]);
    let shown = world.ok(&["service", "deploy", "web"]);
    assert!(shown.contains("[done] Deploying service web"), "{shown}");
    assert!(shown.contains("Deployed instance test/null/web-2 to node core-01"), "{shown}");
    assert_eq!(first.running(), names(&["web-1", "web-2"]));
    let containers = first.engine.containers();
    let web = containers.iter().find(|container| container.name == "web-1").expect("web-1");
    for (label, value) in [
        ("io.kontena.service.name", "web"),
        ("io.kontena.stack.name", "null"),
        ("io.kontena.grid.name", "test"),
        ("io.kontena.container.name", "web-1"),
        ("io.kontena.container.type", "container"),
        ("io.kontena.container.service_revision", "1"),
        ("io.kontena.service.instance_number", "1"),
    ] {
        assert_eq!(web.labels.get(label).map(String::as_str), Some(value), "{label}");
    }
    let shown = world.ok(&["service", "show", "web"]);
    assert!(shown.contains("scheduled_to: core-01"), "{shown}");
    // What the agent tells of its machine and its containers arrives within seconds.
    until("the containers are known", LIMIT, || {
        let shown = world.ok(&["service", "containers", "web"]);
        shown.contains("web-1:") && shown.contains("web-2:") && shown.contains("status: running")
    });
    until("the node has figures", LIMIT, || {
        let shown = world.ok(&["node", "show", "core-01"]);
        shown.contains(" GB\n") && !shown.contains("memory: 0.0 of 0.0 GB")
    });
    let health = world.ok(&["node", "health", "core-01"]);
    assert!(health.contains("⊛ Node core-01 etcd is healthy"), "{health}");

    // 7, first time: the master is killed between two steps.
    master.kill9();
    let mut master = world.master();
    world.until_node("core-01", "online", LIMIT);
    assert_eq!(first.running(), names(&["web-1", "web-2"]), "nothing moved");

    // 5. A second agent on a second engine joins with the grid token.
    world.ok(&[
        "service",
        "create",
        "--deploy-strategy",
        "daemon",
        "mon",
        "busybox:latest",
        "--cmd",
        sleep,
    ]);
    world.ok(&["service", "deploy", "mon"]);
    let env = environment(&world.ok(&["grid", "env", "test"]));
    let second = Node::new("core-02", env.clone());
    let mut named = env;
    named.push(("KONTENA_NODE_NAME".to_owned(), "core-02".to_owned()));
    let second = Node { environment: named, ..second };
    let mut second_agent = second.start_agent();
    world.until_node("core-02", "online", LIMIT);
    until("the daemon runs on the new node by itself", LIMIT, || {
        second.running().contains(&"mon-2".to_owned())
    });
    // What is rebalanced is the contract's; this one is spread because its zones and nodes are equal.
    world.ok(&[
        "service",
        "create",
        "--instances",
        "2",
        "spread",
        "busybox:latest",
        "--cmd",
        sleep,
    ]);
    world.ok(&["service", "deploy", "spread"]);
    let on = |node: &Node| {
        node.running().into_iter().filter(|name| name.starts_with("spread")).collect::<Vec<_>>()
    };
    assert_eq!((on(&first).len(), on(&second).len()), (1, 1));
    let moved = on(&second)[0].clone();

    // 6. The second agent dies; after the grace its stateless instance runs on the first node.
    let killed_at = now();
    second_agent.kill9();
    world.until_node("core-02", "offline", LIMIT);
    until("the instance runs on the first node", LIMIT, || first.running().contains(&moved));
    let took = killed_at.elapsed();
    assert!(took >= GRACE, "moved after {took:?}");
    assert!(second.running().contains(&moved), "its container lives on until the agent is back");

    // 7, second time.
    master.kill9();
    let _master = world.master();
    world.until_node("core-01", "online", LIMIT);

    // The agent returns: online again, and the surplus container is gone.
    let _second_agent = second.start_agent();
    world.until_node("core-02", "online", LIMIT);
    until("there are two copies and no more", Duration::from_secs(60), || {
        on(&first).len() + on(&second).len() == 2
    });
    assert_eq!(
        first.running().iter().filter(|name| name.starts_with("web")).count()
            + second.running().iter().filter(|name| name.starts_with("web")).count(),
        2
    );
    drop(first_agent);
}
