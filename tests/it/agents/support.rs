//! What the conformance cases of the agent protocol share: the contract's set-up and its agent `A`.

use std::time::Duration;

use chrono::TimeDelta;
use kontena_core::domain::{Grid, Node, NodeStatus, Time};
use kontena_master::{
    actors::session::Outgoing,
    commands::{self, CommandError},
};
use kontena_protocol::agent::{
    header::{CONNECTED_AT, GRID_TOKEN, NODE_ID, NODE_LABELS, NODE_NAME, NODE_TOKEN, VERSION},
    hello::format_connected_at,
};
use kontena_store::{grids, nodes};
use serde_json::{Value, json};

use super::master::{RawAgent, TestMaster, raw::headers};

/// The common set-up of the cases: a master with the grid `test`, initial size 1, no nodes.
pub struct Scene {
    pub master: TestMaster,
    pub grid: Grid,
    /// `G`.
    pub token: String,
}

/// The headers an agent connects with.
#[derive(Clone)]
pub struct Headers(pub Vec<(&'static str, String)>);

impl Headers {
    /// With this header instead of any of its name.
    pub fn with(self, name: &'static str, value: &str) -> Self {
        let mut headers = self.without(name);
        headers.0.push((name, value.to_owned()));
        headers
    }

    pub fn without(mut self, name: &'static str) -> Self {
        self.0.retain(|(known, _)| *known != name);
        self
    }

    pub fn id(self, id: &str) -> Self {
        self.with(NODE_ID, id)
    }

    pub fn name(self, name: &str) -> Self {
        self.with(NODE_NAME, name)
    }

    pub fn labels(self, labels: &str) -> Self {
        self.with(NODE_LABELS, labels)
    }

    pub fn version(self, version: &str) -> Self {
        self.with(VERSION, version)
    }

    /// With this node token, and no grid token.
    pub fn node_token(self, token: &str) -> Self {
        self.without(GRID_TOKEN).with(NODE_TOKEN, token)
    }

    pub fn connected_at(self, at: Time) -> Self {
        self.with(CONNECTED_AT, &format_connected_at(at))
    }
}

impl Scene {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let master = TestMaster::start_with(settings).await;
        let (grid, token) = master.grid("test").await;
        Self { master, grid, token }
    }

    /// Agent `A`, as it connects now with the grid token.
    pub fn a(&self) -> Headers {
        Headers(headers(&self.master)).with(GRID_TOKEN, &self.token)
    }

    /// Agent `A`, whose clock differs from the master's by so much, or which dialled so long ago.
    pub fn a_at(&self, offset: TimeDelta) -> Headers {
        self.a().connected_at(self.master.clock.now() + offset)
    }

    pub fn connect(&self, headers: &Headers) -> RawAgent {
        RawAgent::connect(self.master.registry(), &headers.0)
    }

    /// Connects and is accepted: `master_info`, then `node_info`, no close.
    pub async fn accepted(&self, headers: &Headers) -> RawAgent {
        let agent = self.connect(headers);
        agent.accepted().await;
        let methods = agent.methods();
        // An administrator's edit just before may be told of once more.
        let (first, rest) = methods.split_at(2);
        assert_eq!(first, ["/agent/master_info", "/agent/node_info"]);
        assert!(rest.iter().all(|method| method == "/agent/node_info"), "{rest:?}");
        assert!(is_open(&agent), "{:?}", agent.heard());
        agent
    }

    /// Connects and is refused; returns code and reason. Only 4010 comes with `master_info`.
    pub async fn refused(&self, headers: &Headers) -> (u16, String) {
        let agent = self.connect(headers);
        let (code, reason) = agent.closed().await;
        let announced = if code == 4010 { vec!["/agent/master_info"] } else { vec![] };
        assert_eq!(agent.methods(), announced, "{code} {reason}");
        let heard = agent.heard();
        assert_eq!(heard.len(), announced.len() + 1, "nothing else: {heard:?}");
        assert!(matches!(heard.last(), Some(Outgoing::Close(..))), "{heard:?}");
        (code, reason)
    }

    /// As [`Scene::refused`], and nothing is stored: all nodes of all grids are as they were.
    pub async fn refused_without_trace(&self, headers: &Headers) -> (u16, String) {
        let before = self.everything().await;
        let refusal = self.refused(headers).await;
        self.pass(Duration::from_secs(1)).await;
        assert_eq!(self.everything().await, before, "stored by a refusal: {refusal:?}");
        refusal
    }

    /// Every node there is.
    pub async fn everything(&self) -> Vec<Node> {
        let read = self.master.means().store.read(|conn| {
            let mut all = Vec::new();
            for grid in grids::all(conn)? {
                all.extend(nodes::of_grid(conn, grid.id)?);
            }
            Ok(all)
        });
        read.await.expect("reads")
    }

    pub async fn node(&self, name: &str) -> Node {
        self.master.node(&self.grid, name).await
    }

    pub async fn until(&self, name: &str, status: NodeStatus) -> Node {
        self.master.until_status(&self.grid, name, status).await;
        self.node(name).await
    }

    pub async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }

    /// Lets time pass while these agents answer the master's pings.
    pub async fn pass_answering(&self, span: Duration, agents: &[&RawAgent]) {
        let ends = self.master.clock.now() + TimeDelta::from_std(span).expect("a span");
        // Answers may take longer where hours pass, but not as long as a ping may wait.
        let step = (span / 1000).clamp(Duration::from_millis(50), Duration::from_secs(2));
        // A pong too many is ignored; a ping from before the call is answered too.
        let mut answered = vec![0; agents.len()];
        while self.master.clock.now() < ends {
            tokio::time::sleep(step).await;
            for (agent, answered) in agents.iter().zip(&mut answered) {
                while *answered < pings(agent) {
                    agent.pong();
                    *answered += 1;
                }
            }
        }
    }

    /// Removes a node as an administrator would who looks again where it has connected meanwhile.
    pub async fn remove(&self, name: &str) {
        let caller = self.master.caller().await;
        for _ in 0..3 {
            let node = self.node(name).await;
            let means = self.master.means();
            match commands::nodes::remove(means, &caller, &self.grid, &node).await {
                Err(CommandError::Reconnected) => {}
                removed => return removed.expect("removes"),
            }
        }
        panic!("{name} connects again and again");
    }

    /// Edits a node as an administrator would.
    pub async fn edit(&self, name: &str, body: Value) {
        let (node, caller) = (self.node(name).await, self.master.caller().await);
        let edit = kontena_core::validate::node::update(&body).expect("valid");
        commands::nodes::update(self.master.means(), &caller, &self.grid, node.id, edit)
            .await
            .expect("updates");
    }

    /// Resets a node's token as an administrator would; returns the new one.
    pub async fn reset_token(&self, name: &str, reset_connection: bool) -> String {
        let (node, caller) = (self.node(name).await, self.master.caller().await);
        let body = json!({ "token": null, "reset_connection": reset_connection });
        let reset = kontena_core::validate::node::token_reset(&body).expect("valid");
        commands::nodes::reset_token(self.master.means(), &caller, &self.grid, &node, reset)
            .await
            .expect("resets")
    }
}

/// Calls the master with an id that was not used before, and waits for the answer.
pub async fn ask(
    agent: &RawAgent,
    method: &str,
    params: Vec<Value>,
) -> Result<Value, (i64, String)> {
    // Every answer adds to what was heard.
    let id = 900_000 + u64::try_from(agent.heard().len()).expect("fits");
    agent.call(id, method, params).await
}

/// Sends the engine's description and waits for `true`.
pub async fn report(agent: &RawAgent, id: &str, info: Value) {
    let answer = ask(agent, "/nodes/update", vec![json!(id), info]).await;
    assert_eq!(answer, Ok(json!(true)));
}

/// The bodies of all `/agent/node_info` heard so far.
pub fn node_infos(agent: &RawAgent) -> Vec<Value> {
    use kontena_protocol::agent::{Message, json::lossy};
    let infos = agent.messages().into_iter().filter_map(|message| match message {
        Message::Notification { method, params } if method == "/agent/node_info" => {
            params.first().map(lossy)
        }
        _ => None,
    });
    infos.collect()
}

pub fn pings(agent: &RawAgent) -> usize {
    agent.heard().iter().filter(|heard| **heard == Outgoing::Ping).count()
}

/// Whether the master has not closed the connection.
pub fn is_open(agent: &RawAgent) -> bool {
    !agent.heard().iter().any(|heard| matches!(heard, Outgoing::Close(..)))
}

/// The number in a text of the shape `{before}{number with two decimals}{after}`.
pub fn seconds_between(text: &str, before: &str, after: &str) -> Option<f64> {
    let number = text.strip_prefix(before)?.strip_suffix(after)?;
    let (whole, decimals) = number.strip_prefix('-').unwrap_or(number).split_once('.')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(decimals) && decimals.len() == 2).then(|| number.parse().ok())?
}
