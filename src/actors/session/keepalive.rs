//! Pings, pongs, and what each pong is checked for.

use std::time::Duration;

use actix::prelude::*;
use kontena_core::{
    domain::Change,
    keepalive::Act,
    presence::{self, Verdict},
};
use kontena_store::{StoreError, nodes};
use tokio::sync::oneshot;

use super::{Admitted, HeardAgain, Outgoing, PongReceived, ProbeAgent, SessionActor};
use crate::actors::{Tools, grid::Probed};

/// The pause before an agent that is not heard at present is judged again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Somebody who wants to know whether the agent answers a ping.
pub(super) struct Probing {
    /// In the connection's lived time.
    asked_at: Duration,
    answer: oneshot::Sender<Probed>,
}

/// A first ping at a random moment of the first interval, so that agents that came together are not
/// pinged in step for ever.
pub(super) fn first_ping(tools: &Tools) -> Duration {
    let interval = tools.rules.keepalive.interval;
    let millis = usize::try_from(interval.as_millis()).unwrap_or(usize::MAX);
    let drawn = tools.clock.moment().below(millis);
    Duration::from_millis(u64::try_from(drawn).unwrap_or(0))
}

impl SessionActor {
    pub(super) fn begin_keepalive(&mut self, ctx: &mut Context<Self>) {
        self.accepted_at = self.pulse.lived();
        self.keep_alive(ctx);
    }

    /// Time since the connection began to count, as far as this thread was there.
    fn lived(&self) -> Duration {
        self.pulse.lived().saturating_sub(self.accepted_at)
    }

    fn keep_alive(&mut self, ctx: &mut Context<Self>) {
        if self.closing {
            return;
        }
        let now = self.lived();
        match self.keepalive.act(now) {
            Act::Wait(until) => {
                ctx.run_later(until.saturating_sub(now), Self::keep_alive);
            }
            Act::Ping => {
                self.send(Outgoing::Ping);
                self.keepalive.ping_sent(now);
                self.keep_alive(ctx);
            }
            // The agent's frames wait for the master, and its pong is behind them.
            Act::Close(_) if self.deaf.get() => {
                log::warn!("node {}: the master is behind with its frames", self.hello.node_id);
                self.keepalive.excuse(self.tools().rules.keepalive.timeout);
                self.keep_alive(ctx);
            }
            Act::Close(silent) => {
                let silent = silent.as_secs_f64();
                log::warn!(
                    "Close node {} connection after {silent:.2}s timeout",
                    self.hello.node_id
                );
                self.close(4030, &format!("ping timeout after {silent:.2}s"), ctx);
            }
        }
    }

    fn check(&mut self, ctx: &mut Context<Self>) {
        let Some(node) = self.node.clone() else {
            return;
        };
        let tools = self.tools().clone();
        let check = async move { check(&tools, &node).await };
        ctx.spawn(check.into_actor(self).map(|checked, actor, ctx| match checked {
            Ok(Ok(())) => {}
            Ok(Err(verdict)) => actor.close_with(&verdict, ctx),
            // The master is about to stop.
            Err(error) if error.is_fenced() => {}
            // A database that is away delays what is written about the node, not its life.
            Err(error) => {
                if let Some(times) = actor.complaints.tells() {
                    let node = &actor.hello.node_id;
                    log::warn!("node {node}: cannot record its pong: {error} ({times})");
                }
            }
        }));
    }
}

/// Records a sign of life, if the node's record still says that this is its connection; otherwise says
/// how the connection must end.
async fn check(tools: &Tools, node: &Admitted) -> Result<Result<(), Verdict>, StoreError> {
    let (id, connected_at, at) = (node.node, node.connected_at, tools.clock.now());
    let seen = Change::NodeSeen { node: id, connected_at, at };
    match tools.store.change(node.grid, seen).await {
        Ok(()) => Ok(Ok(())),
        Err(StoreError::Conflict(_)) => {
            let record = tools.store.read(move |conn| nodes::by_id(conn, id)).await?;
            Ok(presence::check(node.connected(), record.as_ref()))
        }
        Err(error) => Err(error),
    }
}

impl Handler<PongReceived> for SessionActor {
    type Result = ();

    fn handle(&mut self, _: PongReceived, ctx: &mut Self::Context) {
        for probe in self.probes.drain(..) {
            // Who asked may have given up.
            probe.answer.send(Probed::Answers).ok();
        }
        let timeout = self.tools().rules.keepalive.timeout.as_secs_f64();
        let Some(pong) = self.keepalive.pong_received(self.lived()) else {
            return;
        };
        let level = if pong.is_late { log::Level::Warn } else { log::Level::Debug };
        log::log!(
            level,
            "keepalive ping {:.2}s of {timeout:.2}s timeout from client {}",
            pong.delay.as_secs_f64(),
            self.hello.node_id
        );
        self.check(ctx);
    }
}

impl Handler<HeardAgain> for SessionActor {
    type Result = ();

    fn handle(&mut self, _: HeardAgain, _: &mut Self::Context) {
        let now = self.lived();
        self.keepalive.heard_again(now);
        for probe in &mut self.probes {
            probe.asked_at = now;
        }
    }
}

impl Handler<ProbeAgent> for SessionActor {
    type Result = ResponseFuture<Probed>;

    fn handle(&mut self, _: ProbeAgent, ctx: &mut Self::Context) -> Self::Result {
        let (answer, answered) = oneshot::channel();
        self.probes.push(Probing { asked_at: self.lived(), answer });
        self.send(Outgoing::Ping);
        self.judge_probes_later(ctx);
        Box::pin(async move { answered.await.unwrap_or(Probed::Silent) })
    }
}

impl SessionActor {
    fn judge_probes_later(&self, ctx: &mut Context<Self>) {
        let (now, timeout) = (self.lived(), self.tools().rules.keepalive.timeout);
        let waited = |probe: &Probing| now.saturating_sub(probe.asked_at);
        if let Some(longest) = self.probes.iter().map(waited).max() {
            // While nothing is heard, time does not count: looked at again in a moment.
            let rest = timeout.saturating_sub(longest).max(LOOK_AGAIN);
            ctx.run_later(rest, Self::judge_probes);
        }
    }

    /// A probe has the whole time-out, as far as the master was there and heard.
    fn judge_probes(&mut self, ctx: &mut Context<Self>) {
        let (now, timeout) = (self.lived(), self.tools().rules.keepalive.timeout);
        let is_over = |probe: &Probing| now.saturating_sub(probe.asked_at) >= timeout;
        if self.deaf.get() || !self.probes.iter().any(is_over) {
            self.judge_probes_later(ctx);
            return;
        }
        for probe in self.probes.drain(..) {
            probe.answer.send(Probed::Silent).ok();
        }
        self.close(4030, &format!("ping timeout after {:.2}s", timeout.as_secs_f64()), ctx);
    }
}
