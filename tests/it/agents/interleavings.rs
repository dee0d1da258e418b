//! Whatever agents and administrators do, in whatever order: once all is quiet for a keepalive interval,
//! the records and the connections agree. The actors are the real ones.
//!
//! | name | invariant |
//! | --- | --- |
//! | N1 | a node is recorded as connected exactly if one session that nobody closed counts as its connection; the record carries that session's `connected_at` |
//! | N2 | the grid actor holds no node without a session that nobody closed, and every node with one |
//! | N3 | no session of a node that is gone is open; one that was open when its node was removed, with nothing else under way, was closed with 4040 |
//! | N4 | no two nodes share an engine id, a name or a number |
//! | N5 | a session whose node has a newer one was closed, with 4041 unless its node was removed or reset meanwhile |
//! | N6 | the record of a connected node is not older than any session that is still open |

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use chrono::TimeDelta;
use kontena_core::{
    domain::{Node, Time},
    login::to_millis,
};
use kontena_master::actors::{grid::ListConnected, session::Outgoing};
use proptest::{collection::vec, prelude::*};
use serde_json::json;

use super::{
    master::{RawAgent, story},
    support::{Scene, pings},
};

/// Agents of a run; the first two share an engine, as copies of a machine do.
const AGENTS: [(&str, Login); 4] =
    [("E0", Login::Grid), ("E0", Login::Grid), ("E1", Login::Node), ("E2", Login::Node)];

/// Whatever is under way ends within this: no time passes while anybody works.
const SETTLING: Duration = Duration::from_millis(15);

/// Which token an agent of a run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Login {
    Grid,
    /// The token of the node `core`, which the first agent takes.
    Node,
}

/// One step of a run. Agents, connections and nodes are picked by a number, modulo how many there are.
#[derive(Debug, Clone)]
enum Step {
    /// An agent dials; its clock is off by so many milliseconds.
    Connect {
        agent: usize,
        clock: i64,
    },
    /// A connection's end is heard of; also of one that has ended already.
    HangUp {
        connection: usize,
        code: u16,
    },
    /// A pong that nobody asked for.
    Pong {
        connection: usize,
    },
    /// A connection goes on without answering pings.
    Mute {
        connection: usize,
    },
    Report {
        connection: usize,
    },
    ResetToken {
        node: usize,
        disconnect: bool,
    },
    EditLabels {
        node: usize,
    },
    Remove {
        node: usize,
    },
    Pause {
        millis: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let agent = 0..AGENTS.len();
    let clock = prop_oneof![
        6 => Just(0_i64),
        2 => -3_000_i64..900,
        1 => Just(-10_000_i64),
        1 => Just(5_000_i64),
    ];
    let code = prop_oneof![Just(1000_u16), Just(1006)];
    let connection = 0..64_usize;
    let node = 0..8_usize;
    let connect = (agent, clock).prop_map(|(agent, clock)| Step::Connect { agent, clock });
    let hang_up =
        (connection.clone(), code).prop_map(|(connection, code)| Step::HangUp { connection, code });
    let reset = (node.clone(), any::<bool>())
        .prop_map(|(node, disconnect)| Step::ResetToken { node, disconnect });
    let pause = prop_oneof![4 => 0..20_u64, 2 => 20..2_000_u64, 1 => 2_000..40_000_u64];
    prop_oneof![
        8 => connect,
        3 => hang_up,
        2 => connection.clone().prop_map(|connection| Step::Pong { connection }),
        1 => connection.clone().prop_map(|connection| Step::Mute { connection }),
        3 => connection.prop_map(|connection| Step::Report { connection }),
        1 => reset,
        1 => node.clone().prop_map(|node| Step::EditLabels { node }),
        1 => node.prop_map(|node| Step::Remove { node }),
        6 => pause.prop_map(|millis| Step::Pause { millis }),
    ]
}

/// One connection of a run.
struct Seen {
    engine: &'static str,
    connected_at: Time,
    agent: RawAgent,
    answered: usize,
    hung_up: bool,
    muted: bool,
    /// Its node was removed while it was open and nothing else was under way: it must hear of it.
    removed: bool,
    /// Its node was removed or reset while it was not closed: it may end for that.
    disturbed: bool,
    /// A node of its engine was removed after it dialled: it may be another node's than those after it.
    of_another_node: bool,
}

impl Seen {
    fn counts(&self) -> bool {
        self.agent.heard().contains(&Outgoing::Admitted)
    }

    fn closed(&self) -> Option<u16> {
        self.agent.heard().iter().find_map(|heard| match heard {
            Outgoing::Close(code, _) => Some(*code),
            _ => None,
        })
    }

    /// Counted, and nobody has closed it.
    fn is_open(&self) -> bool {
        self.counts() && !self.hung_up && self.closed().is_none()
    }
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} at {} (counted {}, closed {:?}, hung up {}, muted {}, removed {}, disturbed {})",
            self.engine,
            self.connected_at.format("%H:%M:%S%.3f"),
            self.counts(),
            self.closed(),
            self.hung_up,
            self.muted,
            self.removed,
            self.disturbed,
        )
    }
}

struct Run {
    scene: Scene,
    seen: Vec<Seen>,
    /// The latest token of the node `core`.
    token: String,
    /// Nothing is under way: time has passed since somebody connected or an administrator did something.
    settled: bool,
}

impl Run {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let token = scene.master.node_token(&scene.grid, "core").await;
        Self { scene, seen: Vec::new(), token, settled: true }
    }

    fn pick(&self, connection: usize) -> Option<usize> {
        connection.checked_rem(self.seen.len())
    }

    async fn pick_node(&self, node: usize) -> Option<Node> {
        let nodes = self.scene.everything().await;
        nodes.get(node.checked_rem(nodes.len())?).cloned()
    }

    async fn take(&mut self, step: &Step) {
        match *step {
            Step::Connect { agent, clock } => self.dial(agent, clock),
            Step::HangUp { connection, code } => {
                if let Some(at) = self.pick(connection) {
                    self.seen[at].hung_up = true;
                    self.seen[at].agent.hang_up(code, "");
                }
            }
            Step::Pong { connection } => {
                if let Some(at) = self.pick(connection) {
                    self.seen[at].agent.pong();
                }
            }
            Step::Mute { connection } => {
                if let Some(at) = self.pick(connection) {
                    self.seen[at].muted = true;
                }
            }
            Step::Report { connection } => {
                if let Some(at) = self.pick(connection) {
                    self.report(at);
                }
            }
            Step::ResetToken { node, disconnect } => {
                if let Some(node) = self.pick_node(node).await {
                    self.disturb(&node);
                    self.settled = false;
                    let token = self.scene.reset_token(&node.name, disconnect).await;
                    if node.name == "core" {
                        self.token = token;
                    }
                }
            }
            Step::EditLabels { node } => {
                if let Some(node) = self.pick_node(node).await {
                    self.scene.edit(&node.name, json!({ "labels": ["edited"] })).await;
                }
            }
            Step::Remove { node } => {
                if let Some(node) = self.pick_node(node).await {
                    self.disturb(&node);
                    for seen in &mut self.seen {
                        let ours = is_engine(&node, seen.engine) && seen.is_open();
                        seen.removed |= ours && self.settled;
                        seen.of_another_node |= is_engine(&node, seen.engine) || !seen.counts();
                    }
                    self.settled = false;
                    self.scene.remove(&node.name).await;
                }
            }
            Step::Pause { millis } => self.pause(Duration::from_millis(millis)).await,
        }
    }

    fn dial(&mut self, agent: usize, clock: i64) {
        self.settled = false;
        let (engine, login) = AGENTS[agent];
        let at = self.scene.master.clock.now() + TimeDelta::milliseconds(clock);
        let headers = self.scene.a().id(engine).name(engine).connected_at(at);
        let headers = match login {
            Login::Grid => headers,
            Login::Node => headers.node_token(&self.token),
        };
        self.seen.push(Seen {
            engine,
            connected_at: to_millis(at),
            agent: self.scene.connect(&headers),
            answered: 0,
            hung_up: false,
            muted: false,
            removed: false,
            disturbed: false,
            of_another_node: false,
        });
    }

    fn report(&self, at: usize) {
        use kontena_protocol::agent::Message;
        let params = vec![rmpv::Value::from(self.seen[at].engine), rmpv::Value::Map(vec![])];
        let method = "/nodes/update".to_owned();
        self.seen[at].agent.send(Message::Request { id: 1, method, params }.encode());
    }

    /// An administrator does something about a node that may end its connections.
    fn disturb(&mut self, node: &Node) {
        for seen in &mut self.seen {
            let may_hear = !seen.hung_up && seen.closed().is_none();
            // One that does not count yet may become the node's any moment.
            seen.disturbed |= may_hear && (is_engine(node, seen.engine) || !seen.counts());
        }
    }

    /// Lets time pass while everybody answers pings who has not hung up or gone silent.
    async fn pause(&mut self, span: Duration) {
        let ends = self.scene.master.clock.now() + TimeDelta::from_std(span).expect("a span");
        loop {
            for seen in self.seen.iter_mut().filter(|seen| !seen.hung_up && !seen.muted) {
                while seen.answered < pings(&seen.agent) {
                    seen.agent.pong();
                    seen.answered += 1;
                }
            }
            let left = (ends - self.scene.master.clock.now()).to_std().unwrap_or_default();
            if left.is_zero() {
                self.settled |= span >= SETTLING;
                return;
            }
            tokio::time::sleep(left.min(Duration::from_millis(100))).await;
        }
    }

    /// What is not as it must be, by the names of the invariants.
    async fn violations(&self) -> Vec<String> {
        let nodes = self.scene.everything().await;
        let actor = self.scene.master.registry().grid(self.scene.grid.id);
        let held = actor.send(ListConnected).await.expect("lives");
        let mut wrong = Vec::new();
        let mut check = |holds: bool, name: &str, what: String| {
            if !holds {
                wrong.push(format!("{name}: {what}"));
            }
        };
        for node in &nodes {
            let open: Vec<Time> = self.open_of(node).map(|seen| seen.connected_at).collect();
            let agrees = match open.as_slice() {
                [] => !node.connected,
                [only] => node.connected && node.connected_at == Some(*only),
                _ => false,
            };
            let recorded = (node.connected, node.connected_at);
            check(agrees, "N1", format!("{}: recorded {recorded:?}, open {open:?}", node.name));
            let newer = open.iter().all(|at| node.connected_at >= Some(*at));
            check(newer || !node.connected, "N6", format!("{}: {recorded:?}", node.name));
        }
        let known: Vec<_> = nodes.iter().map(|node| node.id).collect();
        check(held.iter().all(|id| known.contains(id)), "N2", "a node that is gone".to_owned());
        for node in &nodes {
            let lives = self.open_of(node).next().is_some();
            let is_held = held.contains(&node.id);
            check(lives == is_held, "N2", format!("{}: lives {lives}, held {is_held}", node.name));
        }
        for seen in &self.seen {
            let told = seen.hung_up || seen.closed() == Some(4040);
            check(!seen.removed || told, "N3", format!("{seen:?}"));
            let homeless = !nodes.iter().any(|node| is_engine(node, seen.engine));
            check(!(homeless && seen.is_open()), "N3", format!("without a node: {seen:?}"));
        }
        let shared = |what: &str, all: Vec<String>| {
            let distinct: HashSet<&String> = all.iter().collect();
            (distinct.len() == all.len(), format!("{what}: {all:?}"))
        };
        let engines = nodes.iter().filter_map(|node| node.engine_id.as_ref());
        for (holds, what) in [
            shared("engine ids", engines.map(ToString::to_string).collect()),
            shared("names", nodes.iter().map(|node| node.name.clone()).collect()),
            shared("numbers", nodes.iter().map(|node| node.number.to_string()).collect()),
        ] {
            check(holds, "N4", what);
        }
        for older in self.seen.iter().filter(|seen| seen.counts() && !seen.hung_up) {
            let newer = self.seen.iter().filter(|seen| seen.counts()).any(|seen| {
                !seen.of_another_node
                    && seen.engine == older.engine
                    && seen.connected_at > older.connected_at
            });
            let code = older.closed();
            // One that went silent may have been found out before.
            let fits = match code {
                Some(4041) => true,
                Some(4030) => older.muted,
                Some(_) => older.disturbed,
                None => false,
            };
            check(!newer || fits, "N5", format!("{older:?}"));
        }
        wrong
    }

    fn open_of<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = &'a Seen> {
        self.seen.iter().filter(move |seen| is_engine(node, seen.engine) && seen.is_open())
    }
}

fn is_engine(node: &Node, engine: &str) -> bool {
    node.engine_id.as_ref().is_some_and(|id| id.as_str() == engine)
}

/// Runs the steps and then lets all be quiet for longer than a keepalive interval and its time-out.
fn run(steps: Vec<Step>) -> (Vec<String>, String) {
    let (sender, receiver) = std::sync::mpsc::channel();
    story(async move {
        let mut run = Run::new().await;
        for step in &steps {
            run.take(step).await;
        }
        run.pause(Duration::from_secs(40)).await;
        sender.send((run.violations().await, format!("{:#?}", run.seen))).expect("awaited");
    });
    receiver.recv().expect("the story ended")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_and_connections_agree_once_all_is_quiet(steps in vec(step(), 1..40)) {
        let (violations, seen) = run(steps);
        prop_assert!(violations.is_empty(), "{:#?}\n{}", violations, seen);
    }
}

/// The steps reach what the invariants speak of: every close code is among them.
#[test]
fn the_steps_reach_every_end_of_a_connection() {
    let connect = |agent, clock| Step::Connect { agent, clock };
    let steps = vec![
        connect(0, 0),
        Step::Pause { millis: 50 },
        connect(1, 0),
        Step::Pause { millis: 50 },
        connect(2, 0),
        Step::Pause { millis: 50 },
        connect(3, 0),
        connect(2, -10_000),
        Step::Pause { millis: 50 },
        Step::Remove { node: 0 },
        Step::Pause { millis: 50 },
        Step::ResetToken { node: 0, disconnect: true },
        connect(0, 0),
        Step::Mute { connection: 5 },
    ];
    let (violations, seen) = run(steps);
    assert_eq!(violations, Vec::<String>::new(), "{seen}");
    let reached: BTreeSet<u16> = [4003, 4005, 4020, 4030, 4031, 4040, 4041]
        .into_iter()
        .filter(|code| seen.contains(&format!("closed Some({code})")))
        .collect();
    assert!(reached.len() >= 5, "{reached:?} in {seen}");
}
