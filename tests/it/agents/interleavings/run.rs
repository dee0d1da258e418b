//! One run: its connections, how a step is taken, and what is wrong afterwards.

use std::{collections::HashSet, time::Duration};

use chrono::TimeDelta;
use kontena_core::{
    domain::{Node, Time},
    login::to_millis,
};
use kontena_master::actors::{grid::ListConnected, session::Outgoing};
use kontena_protocol::agent::Message;
use serde_json::json;

use super::{
    super::{
        master::RawAgent,
        support::{Scene, pings},
    },
    AGENTS, Login, Step,
};

/// Whatever is under way ends within this: no time passes while anybody works.
const SETTLING: Duration = Duration::from_millis(15);

/// One connection of a run.
pub(super) struct Seen {
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

pub(super) struct Run {
    scene: Scene,
    pub(super) seen: Vec<Seen>,
    /// The latest token of the node `core`.
    token: String,
    /// Nothing is under way: time has passed since somebody connected or an administrator did something.
    settled: bool,
}

impl Run {
    pub(super) async fn new() -> Self {
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

    pub(super) async fn take(&mut self, step: &Step) {
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
    pub(super) async fn pause(&mut self, span: Duration) {
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
    pub(super) async fn violations(&self) -> Vec<String> {
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
