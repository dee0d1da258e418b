//! From hello to counting as the node's connection.

use actix::prelude::*;
use chrono::TimeDelta;
use kontena_core::{
    domain::{EngineId, Time},
    login::{self, Admission, Claim, Facts, Presented, Refusal, Unreadable},
    presence::{self, Verdict},
};
use kontena_protocol::agent::{Hello, MasterInfo, Message, NodeInfo, Token, hello, json, method};
use kontena_store::{Result, StoreError, Tx, grids, nodes};

use super::{Admitted, Introducing, Outgoing, SessionActor};
use crate::{
    actors::{
        Registry, Tools,
        grid::{Attach, Directory, ReadDirectory, Unread},
        lifeline::lifeline,
    },
    vault::Purpose,
    wire,
};

/// How often a login is tried again where another one took the name, number or engine meanwhile.
const TRIES: usize = 3;
/// The pause before a login that the database could not answer is tried again, as long as the session's
/// time for it lasts.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(1);

impl SessionActor {
    pub(super) fn begin_login(&mut self, ctx: &mut Context<Self>) {
        if self.closing {
            return;
        }
        self.tools().failpoints.pass("session: login");
        let (tools, claim) =
            (self.tools().clone(), claim(&self.hello, self.arrived_at, self.kept_waiting));
        let token_hash = hash(&tools, &self.hello.token);
        let login = async move { log_in(&tools, claim, token_hash).await };
        ctx.spawn(login.into_actor(self).map(|outcome, actor, ctx| match outcome {
            Ok(Ok(admission)) => actor.admitted(admission, ctx),
            Ok(Err(refusal)) => actor.refuse(&refusal, ctx),
            // Sending everybody away while the database is would only have them all back at once. Said
            // once for each, and not every second.
            Err(error) if error.is_unavailable() => {
                actor.tools().attendance.interrupt();
                let level = if actor.is_waiting { log::Level::Debug } else { log::Level::Warn };
                actor.is_waiting = true;
                log::log!(
                    level,
                    "session of node {}: waits to log in: {error}",
                    actor.hello.node_id
                );
                ctx.run_later(AGAIN, Self::begin_login);
            }
            Err(error) => {
                log::error!("session of node {}: cannot log in: {error}", actor.hello.node_id);
                actor.close(1011, "Internal server error", ctx);
            }
        }));
    }

    fn refuse(&mut self, refusal: &Refusal, ctx: &mut Context<Self>) {
        let node = match (&refusal.node_name, self.hello.node_id.as_str()) {
            (Some(name), _) => name.as_str(),
            (None, "") => "<nil>",
            (None, engine_id) => engine_id,
        };
        log::warn!("reject websocket connection for node {node}: {}", refusal.reason);
        if refusal.announces_version() {
            self.send_master_info(ctx);
        }
        self.close(refusal.code, &refusal.reason, ctx);
    }

    fn admitted(&mut self, admission: Admission, ctx: &mut Context<Self>) {
        let node = Admitted {
            grid: admission.grid,
            node: admission.node,
            engine_id: admission.engine_id,
            name: admission.name,
            connected_at: admission.connected_at,
        };
        self.node = Some(node.clone());
        self.attach(node, false, ctx);
    }

    /// Makes the grid actor the parent of this session. Again where the grid actor is a new one.
    fn attach(&mut self, node: Admitted, again: bool, ctx: &mut Context<Self>) {
        if self.closing {
            return;
        }
        let (lifeline, death) = lifeline();
        self.lifeline = Some(lifeline);
        let attach = Attach {
            node: node.node,
            name: node.name.clone(),
            engine_id: node.engine_id.clone(),
            connected_at: node.connected_at,
            again,
            session: ctx.address(),
            death,
        };
        let grid = self.registry.grid(node.grid);
        ctx.spawn(grid.send(attach).into_actor(self).map(move |attached, actor, ctx| {
            match attached {
                _ if actor.closing => {}
                Ok(Ok(attached)) => {
                    actor.reattach_when_gone(attached.alive, ctx);
                    if !actor.counts {
                        actor.begin_to_count(ctx);
                    }
                }
                Ok(Err(verdict)) => actor.close_with(&verdict, ctx),
                // The grid actor was lost meanwhile, and the registry starts another. It may have written
                // that this connection counts before it was lost.
                Err(_) => {
                    let pause = std::time::Duration::from_millis(100);
                    ctx.run_later(pause, move |actor, ctx| actor.attach(node, true, ctx));
                }
            }
        }));
    }

    fn reattach_when_gone(
        &mut self,
        mut alive: tokio::sync::watch::Receiver<()>,
        ctx: &mut Context<Self>,
    ) {
        // Nothing is ever sent: the wait ends when the grid actor is dropped.
        let gone = async move { while alive.changed().await.is_ok() {} };
        ctx.spawn(gone.into_actor(self).map(|(), actor, ctx| {
            if let Some(node) = actor.node.clone() {
                actor.attach(node, true, ctx);
            }
        }));
    }

    /// The connection counts: the agent is told who it talks to and who it is.
    fn begin_to_count(&mut self, ctx: &mut Context<Self>) {
        let Some(node) = self.node.clone() else {
            return;
        };
        log::info!("node {} connected to grid {} as {}", node.engine_id, node.grid, node.name);
        self.counts = true;
        self.send(Outgoing::Admitted);
        self.send_master_info(ctx);
        self.begin_keepalive(ctx);
        self.introduce(ctx);
    }

    /// Tells the agent who it is. Frames that came meanwhile wait for it.
    fn introduce(&mut self, ctx: &mut Context<Self>) {
        let Some(node) = self.node.clone() else {
            return;
        };
        self.queue.busy = true;
        self.introducing = Introducing::Once;
        let token = self.hello.token.clone();
        let registry = self.registry.clone();
        let introduce = async move {
            loop {
                match introduce(&registry, &node, &token).await {
                    Err(error) if error.is_unavailable() => tokio::time::sleep(AGAIN).await,
                    other => return other,
                }
            }
        };
        ctx.spawn(introduce.into_actor(self).map(|introduced, actor, ctx| {
            actor.queue.busy = false;
            let introducing = std::mem::replace(&mut actor.introducing, Introducing::No);
            match introduced {
                Ok(Ok(info)) => {
                    actor.notify(method::NODE_INFO, vec![json::encode(&info)], ctx);
                    // What was read may be older than what it was to be told meanwhile: looked at again.
                    if introducing == Introducing::Again {
                        actor.introduce(ctx);
                    }
                }
                Ok(Err(verdict)) => actor.close_with(&verdict, ctx),
                Err(error) => {
                    let node = &actor.hello.node_id;
                    log::error!("session of node {node}: cannot read its grid: {error}");
                    actor.close(1011, "Internal server error", ctx);
                }
            }
            actor.handle_next(ctx);
        }));
    }

    fn send_master_info(&mut self, ctx: &mut Context<Self>) {
        let version = Some(self.tools().rules.login.version.clone());
        self.notify(method::MASTER_INFO, vec![json::encode(&MasterInfo { version })], ctx);
    }

    pub(super) fn notify(
        &mut self,
        method: &str,
        params: Vec<rmpv::Value>,
        ctx: &mut Context<Self>,
    ) {
        let message = Message::Notification { method: method.to_owned(), params };
        self.send_message(message, ctx);
    }
}

/// Who the node is, if its connection still may be: between its login and now the node may have been
/// removed, or its token reset.
async fn introduce(
    registry: &Registry,
    node: &Admitted,
    token: &Token,
) -> Result<std::result::Result<NodeInfo, Verdict>> {
    let (id, tools) = (node.node, registry.tools());
    let opens = match token {
        Token::Node(_) => {
            let token_hash = hash(tools, token);
            let read = tools.store.read(move |conn| nodes::by_token(conn, &token_hash));
            Some(read.await?.is_some_and(|opened| opened.id == id))
        }
        _ => None,
    };
    let removed = presence::removed(node.engine_id.as_str());
    let directory = match registry.grid(node.grid).send(ReadDirectory).await {
        Ok(Ok(Some(directory))) => directory,
        Ok(Ok(None)) => return Ok(Err(removed)),
        // The grid's actor was lost, or ends with its grid.
        Ok(Err(Unread)) | Err(_) => {
            let grid = node.grid;
            let known = tools.store.read(move |conn| grids::by_id(conn, grid)).await?;
            let away = || StoreError::Unavailable("the grid could not be read".to_owned());
            return if known.is_none() { Ok(Err(removed)) } else { Err(away()) };
        }
    };
    let Directory { grid, nodes } = &*directory;
    let Some(record) = nodes.iter().find(|node| node.id == id) else {
        return Ok(Err(removed));
    };
    if !opens.unwrap_or(!record.has_token) {
        return Ok(Err(presence::disconnected(&record.name)));
    }
    if let Err(verdict) = presence::check(node.connected(), Some(record)) {
        return Ok(Err(verdict));
    }
    Ok(Ok(wire::node_info(grid, record, nodes)))
}

/// Decides who an agent is and writes what that changes, in one job.
async fn log_in(
    tools: &Tools,
    claim: Claim,
    token_hash: String,
) -> Result<std::result::Result<Admission, Refusal>> {
    let mut tried = 0;
    loop {
        tried += 1;
        let (tools, claim, token_hash) = (tools.clone(), claim.clone(), token_hash.clone());
        let store = tools.store.clone();
        let outcome = store.write(move |tx| decide(tx, &tools, &claim, &token_hash)).await;
        match outcome {
            Err(StoreError::Taken(_) | StoreError::Conflict(_)) if tried < TRIES => {}
            other => return other,
        }
    }
}

/// What a presented token is found by.
fn hash(tools: &Tools, token: &Token) -> String {
    match token {
        Token::Grid(token) => tools.vault.hash(Purpose::Grid, token),
        Token::Node(token) => tools.vault.hash(Purpose::Node, token),
        Token::Missing => String::new(),
    }
}

fn claim(hello: &Hello, arrived_at: Time, kept_waiting: TimeDelta) -> Claim {
    Claim {
        version: hello.version.clone(),
        engine_id: hello.node_id.clone(),
        name: hello.node_name.clone(),
        labels: hello.labels.clone(),
        connected_at: hello
            .connected_at
            .as_deref()
            .map(|text| hello::parse_connected_at(text).ok_or(Unreadable)),
        token: match hello.token {
            Token::Grid(_) => Presented::Grid,
            Token::Node(_) => Presented::Node,
            Token::Missing => Presented::Nothing,
        },
        arrived_at,
        kept_waiting,
    }
}

fn decide(
    tx: &mut Tx<'_>,
    tools: &Tools,
    claim: &Claim,
    token_hash: &str,
) -> Result<std::result::Result<Admission, Refusal>> {
    let facts = gather(tx, claim, token_hash)?;
    let mut moment = tools.clock.moment();
    let outcome = login::decide(claim, &facts, &tools.rules.login, &mut moment);
    match &outcome {
        Ok(admission) => tx.apply_all(admission.grid, admission.changes.clone())?,
        Err(refusal) => {
            for (grid, change) in refusal.changes.clone() {
                tx.apply(grid, change)?;
            }
        }
    }
    Ok(outcome)
}

fn gather(tx: &mut Tx<'_>, claim: &Claim, token_hash: &str) -> Result<Facts> {
    let mut facts = Facts::default();
    match claim.token {
        Presented::Grid => facts.grid = grids::by_token(tx.conn(), token_hash)?,
        Presented::Node => facts.token_node = nodes::by_token(tx.conn(), token_hash)?,
        Presented::Nothing => return Ok(facts),
    }
    if let Some(engine_id) = EngineId::new(&claim.engine_id) {
        facts.engine_node = nodes::by_engine(tx.conn(), &engine_id)?;
    }
    if let (Some(grid), None) = (&facts.grid, &facts.engine_node) {
        facts.used = nodes::numbers_and_names(tx.conn(), grid.id)?;
    }
    Ok(facts)
}
