//! What a node costs that comes, goes, or flaps, with real processes and short graces.

use std::time::{Duration, Instant};

use crate::{
    support::Program,
    world::{LIMIT, World, now, program, until},
};

/// The grace of `ha` here.
const GRACE: Duration = Duration::from_secs(4);
/// What looking through the command line, and a busy machine, may add to any measured time.
const SLACK: Duration = Duration::from_secs(3);

/// A grid with simulated nodes.
struct Grid {
    world: World,
    uri: String,
    token: String,
    _master: Program,
}

impl Grid {
    fn start() -> Self {
        let grace = GRACE.as_secs().to_string();
        let world =
            World::new(&[("KONTENA_GRACE_HA", &grace), ("INITIAL_ADMIN_CODE", "first-code")]);
        let master = world.master();
        world.ok(&["master", "login", "--code", "first-code", "--name", "test", &world.url]);
        world.ok(&["grid", "create", "--initial-size", "1", "test"]);
        let env = world.ok(&["grid", "env", "test"]);
        let token = env.lines().find_map(|line| line.strip_prefix("KONTENA_TOKEN="));
        let token = token.expect("a token").to_owned();
        let uri = world.url.replacen("http", "ws", 1);
        Self { world, uri, token, _master: master }
    }

    fn agent(&self, number: u8) -> Program {
        let id = format!("{}AAA{number}", "AAAA:".repeat(11));
        let name = format!("node-{number}");
        let settings: [(&str, &str); 5] = [
            ("KONTENA_URI", &self.uri),
            ("KONTENA_TOKEN", &self.token),
            ("KONTENA_RUNTIME", "simulated"),
            ("KONTENA_NODE_ID", &id),
            ("KONTENA_NODE_NAME", &name),
        ];
        let agent = Program::start(&program("kontena-agent"), &[], &settings);
        agent.wait_for_line("connected to master version", LIMIT);
        agent
    }

    fn service(&self, strategy: &str, instances: &str, name: &str) {
        let strategy = ["--deploy-strategy", strategy, "--instances", instances];
        self.world.ok(&[&["service", "create"], &strategy[..], &[name, "nginx"]].concat());
        self.world.ok(&["service", "deploy", name]);
    }

    /// Where instances are, and which deploy put them there.
    fn placed(&self, service: &str) -> Vec<String> {
        let shown = self.world.ok(&["service", "show", service]);
        let facts = shown
            .lines()
            .filter(|line| line.contains("scheduled_to") || line.contains(" deploy_rev"));
        facts.map(|line| line.trim().to_owned()).collect()
    }

    fn is_on(&self, service: &str, node: &str) -> bool {
        self.placed(service).contains(&format!("scheduled_to: {node}"))
    }
}

fn pass(began: Instant, span: Duration) {
    until("time passes", LIMIT, || began.elapsed() > span);
}

#[test]
fn a_nodes_death_costs_its_grace_a_newcomer_is_used_at_once_and_flapping_costs_nothing() {
    let grid = Grid::start();
    let world = &grid.world;
    let mut agents: Vec<Program> = [1, 2].map(|number| grid.agent(number)).into();
    for name in ["node-1", "node-2"] {
        world.until_node(name, "online", LIMIT);
    }
    grid.service("ha", "2", "web");
    grid.service("daemon", "1", "mon");
    assert!(grid.is_on("web", "node-1") && grid.is_on("web", "node-2"));

    // A newcomer: the daemon is there at once, the others stay where they are.
    let web = grid.placed("web");
    agents.push(grid.agent(3));
    let took = until("the daemon is on the new node", LIMIT, || grid.is_on("mon", "node-3"));
    assert!(took < Duration::from_secs(1) + SLACK, "after {took:?}");
    let plan = world.ok(&["service", "plan", "web"]);
    assert!(plan.contains("keep"), "{plan}");
    assert_eq!(grid.placed("web"), web);

    // Every agent is killed, and back within the grace: nothing moves, nothing is deployed.
    let (web, mon) = (grid.placed("web"), grid.placed("mon"));
    let killed_at = now();
    agents.iter_mut().for_each(Program::kill9);
    world.until_node("node-3", "offline", LIMIT);
    let mut agents: Vec<Program> = [1, 2, 3].map(|number| grid.agent(number)).into();
    assert!(killed_at.elapsed() < GRACE, "back after {:?}", killed_at.elapsed());
    for name in ["node-1", "node-2", "node-3"] {
        world.until_node(name, "online", LIMIT);
    }
    pass(killed_at, GRACE + Duration::from_secs(1));
    assert_eq!((grid.placed("web"), grid.placed("mon")), (web, mon));

    // One dies for good: its instance moves after the grace, not before, and the decision says why.
    let killed_at = now();
    agents[1].kill9();
    world.until_node("node-2", "offline", LIMIT);
    let explained = world.ok(&["service", "explain", "web"]);
    assert!(explained.contains("node-2 is offline and has until"), "{explained}");
    until("web has left node-2", LIMIT, || !grid.is_on("web", "node-2"));
    let took = killed_at.elapsed();
    assert!(took >= GRACE && took < GRACE + Duration::from_secs(1) + SLACK, "after {took:?}");
    assert!(grid.is_on("mon", "node-2"), "the grace of daemon is not over");
}
