//! What may be asked of a grid actor.

use std::time::Duration;

use actix::prelude::*;
use kontena_core::{
    domain::{EngineId, NodeId, Time},
    presence::Verdict,
};
use kontena_protocol::agent::RpcError;
use rmpv::Value;

use super::SessionEnd;
use crate::actors::{
    lifeline::Death,
    session::{ExecLine, OpenExec, SessionActor},
};

/// An admitted session wants to count as its node's connection.
#[derive(Message)]
#[rtype(result = "Result<Attached, Verdict>")]
pub struct Attach {
    /// The node.
    pub node: NodeId,
    /// The node's name.
    pub name: String,
    /// The engine.
    pub engine_id: EngineId,
    /// Identity of the connection.
    pub connected_at: Time,
    /// Whether this connection has counted already and only its grid actor is new.
    pub again: bool,
    /// The session.
    pub session: Addr<SessionActor>,
    /// Tells of the session's end.
    pub death: Death<SessionEnd>,
}

/// A session counts from now on.
pub struct Attached {
    /// Closed when the grid actor is gone: attach to its successor then.
    pub alive: tokio::sync::watch::Receiver<()>,
}

/// Calls a node and waits for its answer.
#[derive(Message, Debug, Clone)]
#[rtype(result = "Result<Value, CallFailed>")]
pub struct Call {
    /// The node.
    pub node: NodeId,
    /// Method.
    pub method: &'static str,
    /// Positional arguments.
    pub params: Vec<Value>,
    /// How long to wait.
    pub timeout: Duration,
}

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFailed {
    /// The node is not connected here.
    #[error("the node is not connected")]
    NotConnected,
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// The agent answered with an error.
    #[error("the agent answered: {0}")]
    Refused(RpcError),
}

/// Tells a node something; lost where it is not connected.
#[derive(Message, Debug, Clone)]
#[rtype(result = "()")]
pub struct Notify {
    /// The node.
    pub node: NodeId,
    /// Method.
    pub method: &'static str,
    /// Positional arguments.
    pub params: Vec<Value>,
}

/// Opens an exec session in a container of a node.
#[derive(Message)]
#[rtype(result = "Result<ExecLine, CallFailed>")]
pub struct Exec {
    /// The node.
    pub node: NodeId,
    /// What is opened there.
    pub open: OpenExec,
}

/// Which nodes have a session here.
#[derive(Message, Debug, Clone, Copy)]
#[rtype(result = "Vec<NodeId>")]
pub struct ListConnected;

/// Whether a node's agent answers a ping within the websocket time-out. The connection of one that does
/// not is closed.
#[derive(Message, Debug, Clone, Copy)]
#[rtype(result = "Probed")]
pub struct Probe {
    /// The node.
    pub node: NodeId,
}

/// What a probe found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, MessageResponse)]
pub enum Probed {
    /// The agent lives.
    Answers,
    /// It does not; its connection is closed.
    Silent,
    /// There is no connection of it here, or not yet.
    NoSession,
}

/// The master stops: closes every session with 1001 and takes no more. Nodes stay recorded as connected,
/// so that their grace begins when a master listens again.
#[derive(Message, Debug, Clone, Copy)]
#[rtype(result = "()")]
pub struct Drain;
