//! The actor of one agent connection.
//!
//! ```text
//!   hello ──login──> admitted ──attach──> counts (plugged) ── master_info, node_info ── frames both ways
//!      └── refused: close code and reason                          └── keepalive, calls, reports
//! ```
//!
//! It takes frames from anyone who hands them over (`socket` does in a running master, a story's fake
//! agent in tests) and gives frames to a recipient; no socket is known here. Frames that arrive before
//! the admission wait for it. Requests of one agent are handled one after the other, in order. Every
//! state has a deadline, and what waits in either direction is bounded.

mod admission;
mod answer;
mod calls;
mod exec;
pub mod exec_socket;
mod intake;
mod keepalive;
mod outflow;
mod outlet;
mod queue;
pub mod socket;
mod sparse;

use std::{cell::Cell, rc::Rc, time::Duration};

use actix::prelude::*;
use actix_web::web::Bytes;
use chrono::TimeDelta;
use kontena_core::{
    domain::{EngineId, GridId, NodeId, Time},
    keepalive::Keepalive,
    presence::{self, Connected, Verdict},
};
use kontena_protocol::agent::{Hello, Message, truncate_reason};
use rmpv::Value;
use tokio::sync::oneshot;

use super::{
    Registry, Tools,
    grid::{CallFailed, Probed, SessionEnd},
    lifeline::Lifeline,
    pulse::Pulse,
    registry::Counted,
};
use calls::Calls;
use exec::Execs;
use queue::Queue;
use sparse::Sparse;

pub use exec::{ExecLine, ExecTold, OpenExec, TellExec};
pub use outflow::Outflow;

/// How long an agent may wait between its upgrade and the moment its connection counts; a database that
/// is away for longer sends it round again.
const ADMISSION_LIMIT: Duration = Duration::from_secs(60);

/// What a session hands to its socket.
#[derive(Message, Debug, Clone, PartialEq, Eq)]
#[rtype(result = "()")]
pub enum Outgoing {
    /// A binary message.
    Frame(Vec<u8>),
    /// A ping without payload.
    Ping,
    /// A close frame; nothing follows.
    Close(u16, String),
    /// The session was admitted: larger messages may be accepted.
    Admitted,
}

/// A binary message from the agent.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub struct Incoming {
    /// The message.
    pub bytes: Bytes,
    /// Told, or dropped, when the message has been handled: the socket may read on.
    pub done: oneshot::Sender<()>,
}

/// The agent answered a ping.
#[derive(Message, Debug, Clone, Copy)]
#[rtype(result = "()")]
pub struct PongReceived;

/// The socket reads again after it did not.
#[derive(Message, Debug, Clone, Copy)]
#[rtype(result = "()")]
pub struct HeardAgain;

/// The socket is gone.
#[derive(Message, Debug, Clone)]
#[rtype(result = "()")]
pub struct SocketClosed {
    /// Code in the agent's close frame, or 1006.
    pub code: u16,
    /// Its reason.
    pub reason: String,
}

/// A newer connection has taken the node.
#[derive(Message, Debug, Clone, Copy)]
#[rtype(result = "()")]
pub struct Superseded {
    /// The newer connection.
    pub newer: Time,
}

/// The node was removed.
#[derive(Message, Debug, Clone, Copy)]
#[rtype(result = "()")]
pub struct NodeGone;

/// The node's record says it is not connected.
#[derive(Message, Debug, Clone, Copy)]
#[rtype(result = "()")]
pub struct Disconnected;

/// End the session with this code and reason.
#[derive(Message, Debug, Clone)]
#[rtype(result = "()")]
pub struct Close {
    /// Code and reason.
    pub verdict: Verdict,
}

/// Ping the agent now; answered with whether it pongs within the time-out.
#[derive(Message, Debug, Clone, Copy)]
#[rtype(result = "Probed")]
pub struct ProbeAgent;

/// Call the agent and wait for its answer.
#[derive(Message, Debug, Clone)]
#[rtype(result = "Result<Value, CallFailed>")]
pub struct CallAgent {
    /// Method.
    pub method: &'static str,
    /// Positional arguments.
    pub params: Vec<Value>,
    /// How long to wait.
    pub timeout: std::time::Duration,
}

/// Tell the agent something.
#[derive(Message, Debug, Clone)]
#[rtype(result = "()")]
pub struct NotifyAgent {
    /// Method.
    pub method: &'static str,
    /// Positional arguments.
    pub params: Vec<Value>,
}

/// The actor of one agent connection.
pub struct SessionActor {
    registry: Registry,
    hello: Hello,
    socket: Recipient<Outgoing>,
    outflow: Outflow,
    /// When the agent came.
    arrived_at: Time,
    /// How long it may have waited before.
    kept_waiting: TimeDelta,
    node: Option<Admitted>,
    /// Whether the connection counts as the node's: calls go both ways.
    counts: bool,
    introducing: Introducing,
    lifeline: Option<Lifeline<SessionEnd>>,
    queue: Queue,
    /// Frames that could not be read.
    unreadable: Sparse,
    /// Notifications that came to nothing, and pongs that could not be recorded.
    complaints: Sparse,
    /// Whether it waits for the database to log the agent in.
    is_waiting: bool,
    closing: bool,
    pulse: Rc<Pulse>,
    /// When the connection began to count, in the thread's lived time.
    accepted_at: Duration,
    keepalive: Keepalive,
    calls: Calls,
    execs: Execs,
    probes: Vec<keepalive::Probing>,
    deaf: Rc<Cell<bool>>,
    /// Tells the socket when this session is lost: a panic must not leave a connection behind that
    /// nobody serves.
    to_socket: Lifeline<()>,
    _counted: Counted,
}

/// Whether the agent is about to be told who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Introducing {
    No,
    Once,
    /// There is news meanwhile.
    Again,
}

/// How a session reaches its socket.
pub struct Line {
    /// Takes what is to be sent.
    pub out: Recipient<Outgoing>,
    /// Counts what waits to be sent; the socket gives back what it has passed on.
    pub outflow: Outflow,
    /// Whether the socket has stopped reading because too much waits to be handled: what the agent sends
    /// then, its pongs too, is not heard.
    pub deaf: Rc<Cell<bool>>,
    /// Tells the socket when the session is lost.
    pub to_socket: Lifeline<()>,
}

/// Who the agent is.
#[derive(Debug, Clone)]
struct Admitted {
    grid: GridId,
    node: NodeId,
    engine_id: EngineId,
    name: String,
    connected_at: Time,
}

impl Admitted {
    fn connected(&self) -> Connected<'_> {
        Connected {
            engine_id: self.engine_id.as_str(),
            name: &self.name,
            connected_at: self.connected_at,
        }
    }
}

impl SessionActor {
    /// Makes a session for an agent that has said hello, on the thread it will run on.
    #[must_use]
    pub fn new(registry: Registry, hello: Hello, line: Line) -> Self {
        let pulse = Pulse::here(&registry.tools().metrics);
        let most = TimeDelta::hours(1);
        let kept_waiting = registry.tools().attendance.kept_waiting().min(most);
        let arrived_at = registry.tools().clock.now();
        let keepalive = Keepalive::new(
            registry.tools().rules.keepalive,
            keepalive::first_ping(registry.tools()),
        );
        Self {
            _counted: registry.count_session(),
            registry,
            hello,
            socket: line.out,
            outflow: line.outflow,
            arrived_at,
            kept_waiting,
            node: None,
            counts: false,
            introducing: Introducing::No,
            lifeline: None,
            queue: Queue::default(),
            unreadable: Sparse::default(),
            complaints: Sparse::default(),
            is_waiting: false,
            closing: false,
            accepted_at: pulse.lived(),
            pulse,
            keepalive,
            calls: Calls::default(),
            execs: Execs::default(),
            probes: Vec::new(),
            deaf: line.deaf,
            to_socket: line.to_socket,
        }
    }

    fn tools(&self) -> &Tools {
        self.registry.tools()
    }

    fn send(&self, outgoing: Outgoing) {
        // A socket that is gone has said so, or will.
        self.socket.do_send(outgoing);
    }

    /// Sends a message, or ends the session of an agent that does not read what it is sent.
    fn send_message(&mut self, message: Message, ctx: &mut Context<Self>) {
        let bytes = message.encode();
        if self.closing {
            return;
        }
        if self.outflow.take(socket::encoded_length(bytes.len())) {
            self.send(Outgoing::Frame(bytes));
        } else {
            let waiting = self.outflow.waiting();
            let reason = format!("{waiting} bytes wait for this agent to read them");
            self.close(1008, &reason, ctx);
        }
    }

    /// Ends the session from the master's side.
    fn close(&mut self, code: u16, reason: &str, ctx: &mut Context<Self>) {
        if self.closing {
            return;
        }
        let reason = truncate_reason(reason);
        self.send(Outgoing::Close(code, reason.to_owned()));
        self.end(code, reason.to_owned(), ctx);
    }

    /// Ends the session, whoever closed it.
    fn end(&mut self, code: u16, reason: String, ctx: &mut Context<Self>) {
        self.closing = true;
        // Clients of its exec sessions hear of it at once.
        self.execs = Execs::default();
        if let Some(node) = &self.node {
            log::info!("node {} connection closed with code {code}: {reason}", node.engine_id);
        }
        self.to_socket.end(());
        if let Some(mut lifeline) = self.lifeline.take() {
            lifeline.end((code, reason));
        }
        ctx.stop();
    }

    fn close_with(&mut self, verdict: &Verdict, ctx: &mut Context<Self>) {
        self.close(verdict.code, &verdict.reason, ctx);
    }
}

impl Actor for SessionActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_later(ADMISSION_LIMIT, |actor, ctx| {
            if !actor.counts {
                log::error!("session of node {}: not admitted in time", actor.hello.node_id);
                actor.close(1011, "Internal server error", ctx);
            }
        });
        self.begin_login(ctx);
    }
}

impl Handler<SocketClosed> for SessionActor {
    type Result = ();

    fn handle(&mut self, closed: SocketClosed, ctx: &mut Self::Context) {
        if self.closing {
            return;
        }
        let SocketClosed { code, reason } = closed;
        self.end(code, reason, ctx);
    }
}

impl Handler<Superseded> for SessionActor {
    type Result = ();

    fn handle(&mut self, superseded: Superseded, ctx: &mut Self::Context) {
        let Some(node) = &self.node else { return };
        let verdict = presence::conflict(&node.name, superseded.newer);
        self.close_with(&verdict, ctx);
    }
}

impl Handler<NodeGone> for SessionActor {
    type Result = ();

    fn handle(&mut self, _: NodeGone, ctx: &mut Self::Context) {
        let Some(node) = &self.node else { return };
        let verdict = presence::removed(node.engine_id.as_str());
        self.close_with(&verdict, ctx);
    }
}

impl Handler<Disconnected> for SessionActor {
    type Result = ();

    fn handle(&mut self, _: Disconnected, ctx: &mut Self::Context) {
        let Some(node) = &self.node else { return };
        let verdict = presence::disconnected(&node.name);
        self.close_with(&verdict, ctx);
    }
}

impl Handler<Close> for SessionActor {
    type Result = ();

    fn handle(&mut self, close: Close, ctx: &mut Self::Context) {
        self.close_with(&close.verdict, ctx);
    }
}
