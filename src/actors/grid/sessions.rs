//! Sessions of a grid: attached, called, ended.

use actix::prelude::*;
use kontena_core::{
    domain::{Change, GridId, NodeId, Time},
    presence::{self, Connected, Verdict},
};
use kontena_store::{StoreError, nodes};

use super::{
    AGAIN, Attach, Attached, Call, CallFailed, Drain, Exec, GridActor, ListConnected, Live, Notify,
    Probe, Probed, SessionEnd,
};
use crate::actors::{
    Tools,
    lifeline::End,
    scheduler::Retire,
    session::{self, SessionActor},
};

impl Handler<Attach> for GridActor {
    type Result = ResponseActFuture<Self, Result<Attached, Verdict>>;

    fn handle(&mut self, attach: Attach, _: &mut Self::Context) -> Self::Result {
        self.tools().failpoints.pass("grid: attach");
        if self.draining {
            return Box::pin(fut::ready(Err(stopping())));
        }
        let Attach { node, name, engine_id, connected_at, again, session, death } = attach;
        let (tools, grid, node_name) = (self.tools().clone(), self.grid, name.clone());
        let waiting = session.clone();
        let plug = async move {
            let connection = Connected { engine_id: engine_id.as_str(), name: &name, connected_at };
            plug(&tools, grid, node, connection, again, &waiting).await
        };
        Box::pin(plug.into_actor(self).map(move |plugged, actor, ctx| {
            actor.tools().failpoints.pass("grid: plugged");
            plugged?;
            if actor.draining {
                return Err(stopping());
            }
            // Whoever comes back first: the newest connection has the node.
            if let Err(newer) = actor.register(node, Live { connected_at, session }) {
                return Err(presence::conflict(&node_name, newer));
            }
            if again {
                // What was said while there was no grid actor was not heard.
                actor.tell_everyone_soon(ctx);
            }
            // Watched only now: the end of a connection that never counted unplugs nothing. A session
            // that has ended meanwhile is told of at once.
            let ended = death.wait().into_actor(actor).map(move |end, actor, ctx| {
                actor.session_ended(node, connected_at, end, ctx);
            });
            ctx.spawn(ended);
            Ok(Attached { alive: actor.alive.clone() })
        }))
    }
}

fn stopping() -> Verdict {
    Verdict { code: 1001, reason: "master is shutting down".to_owned() }
}

/// Writes that a connection counts; where a newer one does, says so. A database that is away is waited
/// for: the session has a deadline of its own.
async fn plug(
    tools: &Tools,
    grid: GridId,
    node: NodeId,
    connection: Connected<'_>,
    mut again: bool,
    session: &Addr<SessionActor>,
) -> Result<(), Verdict> {
    loop {
        match try_plug(tools, grid, node, connection, again).await {
            Ok(plugged) => return plugged,
            Err(error) if error.is_unavailable() && session.connected() => {
                tools.attendance.interrupt();
                log::debug!("grid {grid}: the connection of node {node} waits: {error}");
                // It may have been written all the same, and its own record is no other connection.
                again = true;
                tokio::time::sleep(AGAIN).await;
            }
            Err(error) => {
                log::error!("grid {grid}: cannot record the connection of node {node}: {error}");
                return Err(Verdict { code: 1011, reason: "Internal server error".to_owned() });
            }
        }
    }
}

async fn try_plug(
    tools: &Tools,
    grid: GridId,
    node: NodeId,
    connection: Connected<'_>,
    again: bool,
) -> Result<Result<(), Verdict>, StoreError> {
    let connected_at = connection.connected_at;
    let change = presence::plug(node, connected_at, tools.clock.now());
    match tools.store.change(grid, change).await {
        Ok(()) => return Ok(Ok(())),
        Err(StoreError::Conflict(_)) => {}
        Err(error) => return Err(error),
    }
    let record = tools.store.read(move |conn| nodes::by_id(conn, node)).await?;
    Ok(match record {
        Some(record) if again && record.connected_at == Some(connected_at) => Ok(()),
        Some(record) => {
            let newer = record.connected_at.unwrap_or(connected_at);
            Err(presence::conflict(connection.name, newer))
        }
        None => Err(presence::removed(connection.engine_id)),
    })
}

impl GridActor {
    /// Makes a session the node's, and ends the one it replaces; or says which newer one has the node.
    fn register(&mut self, node: NodeId, live: Live) -> Result<(), Time> {
        let newer = live.connected_at;
        if let Some(known) = self.sessions.get(&node)
            && known.connected_at > newer
        {
            return Err(known.connected_at);
        }
        if let Some(older) = self.sessions.insert(node, live)
            && older.connected_at != newer
        {
            older.session.do_send(session::Superseded { newer });
        }
        Ok(())
    }

    fn session_ended(
        &mut self,
        node: NodeId,
        connected_at: Time,
        end: End<SessionEnd>,
        ctx: &mut Context<Self>,
    ) {
        if self.sessions.get(&node).is_some_and(|live| live.connected_at == connected_at) {
            self.sessions.remove(&node);
        }
        if self.draining {
            return;
        }
        let (close_code, close_reason) = match end {
            End::Orderly(end) => end,
            End::Lost => {
                log::error!("grid {}: the session of node {node} was lost", self.grid);
                let labels = "actor=\"session\"".to_owned();
                self.tools().metrics.count(crate::telemetry::metrics::RESTARTS, labels);
                (1011, "Internal server error".to_owned())
            }
        };
        let at = self.tools().clock.now();
        let end = Change::NodeUnplugged { node, connected_at, at, close_code, close_reason };
        self.record_end(node, end, ctx);
    }

    /// Records that a connection has ended, unless another one counts by now. What cannot be written is
    /// tried again until it can, with the moment of the end itself: a node must not stay online without
    /// a connection because the database was away.
    pub(super) fn record_end(&mut self, node: NodeId, end: Change, ctx: &mut Context<Self>) {
        *self.ending.entry(node).or_default() += 1;
        self.try_to_record_end(node, end, 1, ctx);
    }

    /// Whether an end of the node's connection is still to be recorded.
    pub(super) fn is_ending(&self, node: NodeId) -> bool {
        self.ending.contains_key(&node)
    }

    fn try_to_record_end(
        &mut self,
        node: NodeId,
        end: Change,
        attempt: u32,
        ctx: &mut Context<Self>,
    ) {
        let (tools, grid, change) = (self.tools().clone(), self.grid, end.clone());
        let write = async move { tools.store.change(grid, change).await };
        ctx.spawn(write.into_actor(self).map(move |written, actor, ctx| match written {
            // Another connection has taken the node, or it is gone: nothing to be recorded.
            Ok(()) | Err(StoreError::Conflict(_)) => {
                if attempt > 1 {
                    actor.tools().attendance.interrupt();
                }
                actor.has_ended(node);
            }
            // The next master finds it recorded as connected, and knows better.
            Err(error) if error.is_fenced() => actor.has_ended(node),
            Err(error) => {
                if error.is_unavailable() {
                    actor.tools().attendance.interrupt();
                }
                // The log may be on the same full disk.
                if attempt.is_power_of_two() {
                    let grid = actor.grid;
                    log::error!("grid {grid}: cannot record that node {node} is offline: {error}");
                }
                let next = attempt.saturating_add(1);
                ctx.run_later(AGAIN, move |actor, ctx| {
                    actor.try_to_record_end(node, end, next, ctx);
                });
            }
        }));
    }

    fn has_ended(&mut self, node: NodeId) {
        if let Some(count) = self.ending.get_mut(&node) {
            *count -= 1;
            if *count == 0 {
                self.ending.remove(&node);
            }
        }
    }
}

impl Handler<Call> for GridActor {
    type Result = ResponseFuture<Result<rmpv::Value, CallFailed>>;

    fn handle(&mut self, call: Call, _: &mut Self::Context) -> Self::Result {
        let Some(live) = self.sessions.get(&call.node) else {
            return Box::pin(std::future::ready(Err(CallFailed::NotConnected)));
        };
        let Call { method, params, timeout, .. } = call;
        let answer = live.session.send(session::CallAgent { method, params, timeout });
        Box::pin(async move { answer.await.unwrap_or(Err(CallFailed::NotConnected)) })
    }
}

impl Handler<Exec> for GridActor {
    type Result = ResponseFuture<Result<session::ExecLine, CallFailed>>;

    fn handle(&mut self, exec: Exec, _: &mut Self::Context) -> Self::Result {
        let Some(live) = self.sessions.get(&exec.node) else {
            return Box::pin(std::future::ready(Err(CallFailed::NotConnected)));
        };
        let opened = live.session.send(exec.open);
        Box::pin(async move { opened.await.unwrap_or(Err(CallFailed::NotConnected)) })
    }
}

impl Handler<Notify> for GridActor {
    type Result = ();

    fn handle(&mut self, notify: Notify, _: &mut Self::Context) {
        if let Some(live) = self.sessions.get(&notify.node) {
            let Notify { method, params, .. } = notify;
            live.session.do_send(session::NotifyAgent { method, params });
        }
    }
}

impl Handler<Probe> for GridActor {
    type Result = ResponseFuture<Probed>;

    fn handle(&mut self, probe: Probe, _: &mut Self::Context) -> Self::Result {
        let Some(live) = self.sessions.get(&probe.node) else {
            return Box::pin(std::future::ready(Probed::NoSession));
        };
        let answer = live.session.send(session::ProbeAgent);
        Box::pin(async move { answer.await.unwrap_or(Probed::Silent) })
    }
}

impl Handler<ListConnected> for GridActor {
    type Result = MessageResult<ListConnected>;

    fn handle(&mut self, _: ListConnected, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.sessions.keys().copied().collect())
    }
}

impl Handler<Drain> for GridActor {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {
        self.draining = true;
        if let Some(scheduler) = self.scheduler.take() {
            scheduler.do_send(Retire);
        }
        for live in self.sessions.values() {
            live.session.do_send(session::Close { verdict: stopping() });
        }
    }
}
