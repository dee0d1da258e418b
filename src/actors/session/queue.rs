//! An agent's frames: taken up one after the other, so that effects keep the order of sending.
//!
//! Where many wait, statistics and logs are dropped and counted (the next ones say more); everything
//! else waits, and the socket reads no further (`socket`). An answer, an event or a piece of an exec
//! session is never dropped.

use std::collections::VecDeque;

use actix::prelude::*;
use actix_web::web::Bytes;
use kontena_core::domain::text::cut;
use kontena_protocol::agent::{Decoded, Message, RpcError, method};
use rmpv::Value;
use tokio::{sync::oneshot, time::Instant};

use super::{
    Incoming, SessionActor,
    answer::{self, Answer, call},
};
use crate::telemetry::metrics;

/// Bytes that wait for the admission of an agent.
const MOST_WAITING_BYTES: usize = 64 * 1024;

/// Frames waiting from which on what may be dropped is.
const MANY: usize = 64;

/// A frame of the agent.
struct Frame {
    bytes: Bytes,
    arrived: Instant,
    done: oneshot::Sender<()>,
}

/// What waits to be handled.
#[derive(Default)]
pub(super) struct Queue {
    frames: VecDeque<Frame>,
    bytes: usize,
    /// Whether a frame is being handled.
    pub(super) busy: bool,
}

impl Queue {
    /// How many frames wait.
    fn waiting(&self) -> usize {
        self.frames.len()
    }

    fn push(&mut self, bytes: Bytes, done: oneshot::Sender<()>) {
        self.bytes += bytes.len();
        self.frames.push_back(Frame { bytes, arrived: crate::clock::instant(), done });
    }

    fn pop(&mut self) -> Option<Frame> {
        let frame = self.frames.pop_front()?;
        self.bytes = self.bytes.saturating_sub(frame.bytes.len());
        Some(frame)
    }
}

/// A call of the agent; a notification has no id.
struct Called {
    id: Option<u64>,
    method: String,
    params: Vec<Value>,
}

/// The kind that a dropped frame is counted as; none for what is never dropped.
fn droppable(bytes: &[u8]) -> Option<&'static str> {
    match answer::short(Message::notification_method(bytes)?).as_str() {
        method::NODES_STATS => Some("node_stats"),
        method::CONTAINERS_STAT => Some("container_stats"),
        method::CONTAINERS_LOG_BATCH => Some("logs"),
        _ => None,
    }
}

/// As much of a method's name as a log line needs.
fn shown(method: &str) -> &str {
    cut(method, 100)
}

impl Handler<Incoming> for SessionActor {
    type Result = ();

    fn handle(&mut self, incoming: Incoming, ctx: &mut Self::Context) {
        if self.closing {
            return;
        }
        let Incoming { bytes, done } = incoming;
        if let Some(kind) = droppable(&bytes)
            && self.queue.waiting() >= MANY
        {
            self.tools().metrics.count(metrics::DROPPED, format!("kind=\"{kind}\""));
            done.send(()).ok();
            return;
        }
        self.queue.push(bytes, done);
        if self.counts {
            self.handle_next(ctx);
        } else if self.queue.bytes > MOST_WAITING_BYTES {
            self.close(1009, "too much data before the handshake ended", ctx);
        }
    }
}

impl SessionActor {
    /// Takes up the next frame unless one is being handled.
    pub(super) fn handle_next(&mut self, ctx: &mut Context<Self>) {
        while !self.queue.busy && !self.closing {
            let Some(frame) = self.queue.pop() else {
                return;
            };
            match self.decode(&frame.bytes, ctx) {
                Some(called) => self.dispatch(called, frame, ctx),
                None => {
                    frame.done.send(()).ok();
                }
            }
        }
    }

    /// Reads a frame; answers and rubbish are dealt with here.
    fn decode(&mut self, bytes: &Bytes, ctx: &mut Context<Self>) -> Option<Called> {
        match Message::decode_from_agent(bytes) {
            Ok(Decoded::Message(Message::Request { id, method, params })) => {
                Some(Called { id: Some(id), method, params })
            }
            Ok(Decoded::Message(Message::Notification { method, params })) => {
                Some(Called { id: None, method, params })
            }
            Ok(Decoded::Message(Message::Response { id, outcome })) => {
                self.answered(id, outcome);
                None
            }
            Ok(Decoded::BadRequest { id }) => {
                let error = RpcError::new(500, "ArgumentError: the method is not a string");
                self.respond(id, Err(error), ctx);
                None
            }
            Ok(Decoded::Ignored) => None,
            Err(error) => {
                if let Some(times) = self.unreadable.tells() {
                    let node = &self.hello.node_id;
                    log::warn!("node {node}: Cannot unpack message, reason {error} ({times})");
                }
                None
            }
        }
    }

    fn dispatch(&mut self, called: Called, frame: Frame, ctx: &mut Context<Self>) {
        let Called { id, method, params } = called;
        let Frame { arrived, done, .. } = frame;
        let Some(node) = self.node.clone() else {
            return;
        };
        self.tools().failpoints.pass("session: dispatch");
        if id.is_none() && self.exec_said(&method, &params, ctx) {
            done.send(()).ok();
            return;
        }
        let tools = self.tools().clone();
        self.queue.busy = true;
        let call = async move {
            let answer = call(&tools, &node, &method, &params, arrived).await;
            (method, answer)
        };
        ctx.spawn(call.into_actor(self).map(move |(method, answer), actor, ctx| {
            actor.queue.busy = false;
            match (id, answer) {
                (Some(id), answer) => actor.respond(id, answer, ctx),
                (None, Ok(_)) => {}
                (None, Err(error)) => actor.complain(&method, &error),
            }
            done.send(()).ok();
            actor.handle_next(ctx);
        }));
    }

    /// A notification has no answer: what is wrong with it is for the log.
    fn complain(&mut self, method: &str, error: &RpcError) {
        let Some(times) = self.complaints.tells() else {
            return;
        };
        let (node, method) = (&self.hello.node_id, shown(method));
        if *error == RpcError::not_implemented() {
            log::warn!("handler {method} not implemented (node {node}, {times})");
        } else {
            log::warn!("node {node}: notification {method} failed: {error} ({times})");
        }
    }

    fn respond(&mut self, id: u64, outcome: Answer, ctx: &mut Context<Self>) {
        self.send_message(Message::Response { id, outcome }, ctx);
    }
}
