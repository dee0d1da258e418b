//! Exec sessions of an agent's connection: opened for a client, fed with what the agent says of them, ended
//! with the connection.
//!
//! An agent that comes back has forgotten nothing, but its client has been told that it is gone; what it
//! then says of the session is dropped.

use std::collections::HashMap;

use actix::prelude::*;
use kontena_protocol::agent::{RpcError, method};
use rmpv::Value;
use tokio::sync::mpsc;

use super::{CallAgent, Outflow, SessionActor, answer, socket::encoded_length};
use crate::{
    actors::grid::CallFailed,
    wire::{Chunks, chunk_bytes, exec_error, exec_exit, exec_output},
};

/// Exec sessions of one node at a time.
const MOST: usize = 100;
/// Bytes to an agent that wait when input of a client waits too.
const INPUT_WAITS_AT: usize = 1024 * 1024;

/// Opens an exec session in a container.
#[derive(Message)]
#[rtype(result = "Result<ExecLine, CallFailed>")]
pub struct OpenExec {
    /// As the engine knows it.
    pub container_id: String,
    /// Counts what waits for the client.
    pub outflow: Outflow,
    /// How long the agent may take.
    pub timeout: std::time::Duration,
}

/// Passes something on to the agent; answered with whether there is room for more.
#[derive(Message)]
#[rtype(result = "bool")]
pub struct TellExec {
    /// Method.
    pub method: &'static str,
    /// Positional arguments.
    pub params: Vec<Value>,
}

/// Whether there is room for input to the agent.
#[derive(Message)]
#[rtype(result = "bool")]
pub(super) struct HasRoom;

/// The client has left.
#[derive(Message)]
#[rtype(result = "()")]
struct LeaveExec(String);

/// What a client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecTold {
    /// A text frame.
    Text(String),
    /// Nothing follows: the command has ended.
    Ended,
    /// Nothing follows: it failed.
    Failed(String),
}

/// A client's end of an exec session. Dropped, it ends the session on the node.
pub struct ExecLine {
    /// The agent's name for it.
    pub id: String,
    /// Of the agent's connection.
    pub session: Addr<SessionActor>,
    /// What the client is told. Ends without a last word where the connection has ended.
    pub told: mpsc::UnboundedReceiver<ExecTold>,
}

impl Drop for ExecLine {
    fn drop(&mut self) {
        self.session.do_send(LeaveExec(std::mem::take(&mut self.id)));
    }
}

/// The sessions of a connection, by the agent's name for them.
#[derive(Default)]
pub(super) struct Execs {
    open: HashMap<String, Feed>,
}

struct Feed {
    out: mpsc::UnboundedSender<ExecTold>,
    outflow: Outflow,
    stdout: Chunks,
    stderr: Chunks,
}

impl Feed {
    /// Hands a text to the client's socket; says whether there was room for it.
    fn text(&self, text: String) -> bool {
        let fits = self.outflow.take(encoded_length(text.len()));
        if fits {
            self.out.send(ExecTold::Text(text)).ok();
        }
        fits
    }

    /// What the agent has sent of a stream; empty where it is the middle of a character.
    fn output(&mut self, stream: &str, chunk: &[u8]) -> bool {
        let text = match stream {
            "stderr" => self.stderr.push(chunk),
            _ => self.stdout.push(chunk),
        };
        text.is_empty() || self.text(exec_output(stream, &text))
    }

    fn end(mut self, last: String, end: ExecTold) {
        for (stream, rest) in [("stdout", self.stdout.finish()), ("stderr", self.stderr.finish())] {
            if !rest.is_empty() {
                self.text(exec_output(stream, &rest));
            }
        }
        // The last word is small, and counts whatever waits before it.
        self.out.send(ExecTold::Text(last)).ok();
        self.out.send(end).ok();
    }
}

impl SessionActor {
    /// Takes what an agent says of an exec session; false where it is about something else.
    pub(super) fn exec_said(
        &mut self,
        called: &str,
        params: &[Value],
        ctx: &mut Context<Self>,
    ) -> bool {
        let called = answer::short(called);
        let [id, rest @ ..] = params else { return called.starts_with("/container_exec/") };
        let id = id.as_str().unwrap_or_default();
        match called.as_str() {
            method::EXEC_OUTPUT => {
                let [stream, chunk, ..] = rest else { return true };
                let stream = if stream.as_str() == Some("stderr") { "stderr" } else { "stdout" };
                let known = self.execs.open.get_mut(id);
                if known.is_some_and(|feed| !feed.output(stream, chunk_bytes(chunk))) {
                    self.give_up_exec(id, ctx);
                }
            }
            method::EXEC_EXIT => {
                let code = rest.first().and_then(Value::as_i64).unwrap_or(-1);
                if let Some(feed) = self.execs.open.remove(id) {
                    feed.end(exec_exit(code), ExecTold::Ended);
                }
            }
            method::EXEC_ERROR => {
                let text = rest.first().map(chunk_bytes).unwrap_or_default();
                let text = String::from_utf8_lossy(text).into_owned();
                if let Some(feed) = self.execs.open.remove(id) {
                    feed.end(exec_error(&text), ExecTold::Failed(text));
                }
            }
            _ => return false,
        }
        true
    }

    /// A client that does not read what it asked for holds nobody up: its session ends.
    fn give_up_exec(&mut self, id: &str, ctx: &mut Context<Self>) {
        if let Some(feed) = self.execs.open.remove(id) {
            let text = "the output is not read fast enough";
            feed.end(exec_error(text), ExecTold::Failed(text.to_owned()));
            self.notify(method::TERMINATE_EXEC, vec![id.into()], ctx);
        }
    }
}

impl Handler<OpenExec> for SessionActor {
    type Result = ResponseActFuture<Self, Result<ExecLine, CallFailed>>;

    fn handle(&mut self, open: OpenExec, ctx: &mut Self::Context) -> Self::Result {
        let OpenExec { container_id, outflow, timeout } = open;
        if self.execs.open.len() >= MOST {
            let text = format!("the node has {MOST} exec sessions already");
            return Box::pin(fut::ready(Err(CallFailed::Refused(RpcError::new(429, text)))));
        }
        let params = vec![Value::from(container_id)];
        let call = CallAgent { method: method::CREATE_EXEC, params, timeout };
        let answer = Handler::<CallAgent>::handle(self, call, ctx);
        Box::pin(answer.into_actor(self).map(move |answer, actor, ctx| {
            let answer = answer?;
            let id = exec_id(&answer).ok_or_else(|| {
                CallFailed::Refused(RpcError::new(500, "the exec session has no id"))
            })?;
            let (out, told) = mpsc::unbounded_channel();
            let (stdout, stderr) = (Chunks::default(), Chunks::default());
            actor.execs.open.insert(id.clone(), Feed { out, outflow, stdout, stderr });
            Ok(ExecLine { id, session: ctx.address(), told })
        }))
    }
}

fn exec_id(answer: &Value) -> Option<String> {
    let fields = answer.as_map()?;
    let (_, id) = fields.iter().find(|(key, _)| key.as_str() == Some("id"))?;
    id.as_str().filter(|id| !id.is_empty()).map(str::to_owned)
}

impl Handler<TellExec> for SessionActor {
    type Result = bool;

    fn handle(&mut self, tell: TellExec, ctx: &mut Self::Context) -> bool {
        if self.counts {
            self.notify(tell.method, tell.params, ctx);
        }
        self.outflow.waiting() < INPUT_WAITS_AT
    }
}

impl Handler<HasRoom> for SessionActor {
    type Result = bool;

    fn handle(&mut self, _: HasRoom, _: &mut Self::Context) -> bool {
        self.closing || self.outflow.waiting() < INPUT_WAITS_AT
    }
}

impl Handler<LeaveExec> for SessionActor {
    type Result = ();

    fn handle(&mut self, LeaveExec(id): LeaveExec, ctx: &mut Self::Context) {
        if self.execs.open.remove(&id).is_some() && self.counts {
            self.notify(method::TERMINATE_EXEC, vec![id.into()], ctx);
        }
    }
}
