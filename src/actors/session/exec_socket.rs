//! The websocket of a client that runs a command in a container.
//!
//! It ends when the command does, when the client leaves or may not any more, and when the agent's
//! connection or the master goes; dropping its [`ExecLine`] ends the command on the node. Nothing is read while much waits for the
//! agent, and the output of a client that does not read ends its session (`exec`).

use std::time::Duration;

use actix::prelude::*;
use actix_http::ws::{Codec, Item};
use actix_web::{HttpRequest, HttpResponse, web};
use actix_web_actors::ws::{self, CloseCode, CloseReason, WebsocketContext};
use futures_util::future::LocalBoxFuture;
use kontena_protocol::agent::{method, truncate_reason};
use rmpv::Value;
use tokio::time::Instant;

use super::{ExecLine, ExecTold, Outflow, TellExec, outlet::Outlet};
use crate::{
    clock,
    wire::{ExecAsked, ExecMode, exec_error, read_exec},
};

/// Largest message of a client.
const MOST_OF_MESSAGE: usize = 1024 * 1024;
/// Between two pings to the client.
const PING: Duration = Duration::from_secs(30);
/// A client that has said nothing for so long, not even a pong, has left.
const SILENCE: Duration = Duration::from_secs(90);
/// How long the client may take to answer a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);
/// The pause before it is looked again whether the agent reads what it is sent.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// The code of an end that the client did not ask for.
const FAILED: u16 = 4000;

/// Tells whether the client still may, and how often to ask.
pub struct Leave {
    /// Asks.
    pub ask: Box<dyn Fn() -> LocalBoxFuture<'static, bool>>,
    /// From one time to the next.
    pub beat: Duration,
}

/// The actor of one client.
struct ExecSocket {
    leave: Leave,
    /// None once the session is over: the command does not wait for the client to hang up.
    line: Option<ExecLine>,
    mode: ExecMode,
    running: bool,
    closed: bool,
    heard_at: Instant,
    fragments: Option<web::BytesMut>,
}

type Ctx = WebsocketContext<ExecSocket>;

/// Answers an upgrade that was looked at before ([`ws::handshake`]), and serves the session behind it.
pub fn serve(
    mut upgraded: actix_web::HttpResponseBuilder,
    payload: web::Payload,
    line: ExecLine,
    mode: ExecMode,
    outflow: Outflow,
    leave: Leave,
) -> HttpResponse {
    let socket = ExecSocket {
        leave,
        line: Some(line),
        mode,
        running: false,
        closed: false,
        heard_at: clock::instant(),
        fragments: None,
    };
    let codec = Codec::new().max_size(MOST_OF_MESSAGE);
    let frames = WebsocketContext::with_codec(socket, payload, codec);
    upgraded.streaming(Outlet::new(frames, outflow))
}

/// Begins the answer to an upgrade.
///
/// # Errors
/// Where the request is no proper websocket upgrade.
pub fn handshake(
    request: &HttpRequest,
) -> Result<actix_web::HttpResponseBuilder, actix_web::error::Error> {
    Ok(ws::handshake(request)?)
}

impl Actor for ExecSocket {
    type Context = Ctx;

    fn started(&mut self, ctx: &mut Ctx) {
        let Some(line) = &mut self.line else { return };
        let (_, none) = tokio::sync::mpsc::unbounded_channel();
        let told = std::mem::replace(&mut line.told, none);
        let told = futures_util::stream::unfold(told, |mut told| async move {
            told.recv().await.map(|said| (said, told))
        });
        ctx.add_stream(told);
        ctx.run_interval(PING, |socket, ctx| {
            if socket.heard_at.elapsed() > SILENCE {
                ctx.stop();
            } else if !socket.closed {
                ctx.ping(b"");
            }
        });
        ctx.run_interval(self.leave.beat, |socket, ctx| {
            let asked = (socket.leave.ask)().into_actor(socket);
            ctx.spawn(asked.map(|may, socket, ctx| {
                if !may {
                    socket.close(FAILED, "access was taken away", ctx);
                }
            }));
        });
    }
}

impl StreamHandler<ExecTold> for ExecSocket {
    fn handle(&mut self, told: ExecTold, ctx: &mut Ctx) {
        if self.closed {
            return;
        }
        match told {
            ExecTold::Text(text) => ctx.text(text),
            ExecTold::Ended => self.close(1000, "", ctx),
            ExecTold::Failed(reason) => self.close(FAILED, &reason, ctx),
        }
    }

    /// The agent's connection is gone, and the session with it.
    fn finished(&mut self, ctx: &mut Ctx) {
        if !self.closed {
            let text = "the node has disconnected";
            ctx.text(exec_error(text));
            self.close(FAILED, text, ctx);
        }
    }
}

impl ExecSocket {
    fn close(&mut self, code: u16, reason: &str, ctx: &mut Ctx) {
        if self.closed {
            return;
        }
        self.closed = true;
        self.line = None;
        let reason = truncate_reason(reason);
        let description = (!reason.is_empty()).then(|| reason.to_owned());
        ctx.close(Some(CloseReason { code: CloseCode::from(code), description }));
        ctx.run_later(CLOSE_TIMEOUT, |_, ctx| ctx.stop());
    }

    fn received(&mut self, text: &str, ctx: &mut Ctx) {
        let Some(line) = &self.line else { return };
        let (name, session) = (line.id.clone(), line.session.clone());
        let id = || Value::from(name.as_str());
        let (method, params) = match read_exec(text, self.mode, self.running) {
            Err(reason) => {
                self.close(FAILED, reason, ctx);
                return;
            }
            Ok(ExecAsked::Run(cmd)) => {
                let cmd = cmd.into_iter().map(Value::from).collect();
                let (tty, stdin) = (self.mode.tty.into(), self.mode.interactive.into());
                let params = vec![id(), Value::Array(cmd), tty, stdin];
                self.running = true;
                (method::RUN_EXEC, params)
            }
            Ok(ExecAsked::Input(text)) => {
                (method::TTY_INPUT, vec![id(), text.map_or(Value::Nil, Value::from)])
            }
            Ok(ExecAsked::Resize(width, height)) => {
                let side = |name: &str, side: u16| (Value::from(name), Value::from(side));
                let size = Value::Map(vec![side("width", width), side("height", height)]);
                (method::TTY_RESIZE, vec![id(), size])
            }
        };
        let (agent, node) = (session.clone(), session);
        // Nothing more is read from the client until the agent has room for it.
        let passed = async move {
            let mut has_room = agent.send(TellExec { method, params }).await.unwrap_or(true);
            while !has_room {
                tokio::time::sleep(LOOK_AGAIN).await;
                has_room = node.send(super::exec::HasRoom).await.unwrap_or(true);
            }
        };
        ctx.wait(passed.into_actor(self));
    }

    fn fragment(&mut self, item: Item, ctx: &mut Ctx) {
        let (bytes, last) = match item {
            Item::FirstText(bytes) => {
                self.fragments = Some(web::BytesMut::new());
                (bytes, false)
            }
            Item::FirstBinary(_) => return self.close(FAILED, "messages must be text", ctx),
            Item::Continue(bytes) => (bytes, false),
            Item::Last(bytes) => (bytes, true),
        };
        let Some(joined) = &mut self.fragments else { return };
        if joined.len() + bytes.len() > MOST_OF_MESSAGE {
            return self.close(FAILED, "the message is too large", ctx);
        }
        joined.extend_from_slice(&bytes);
        if last && let Some(joined) = self.fragments.take() {
            match std::str::from_utf8(&joined) {
                Ok(text) => self.received(text, ctx),
                Err(_) => self.close(FAILED, "the message is no text", ctx),
            }
        }
    }
}

impl StreamHandler<Result<ws::Message, ws::ProtocolError>> for ExecSocket {
    fn handle(&mut self, message: Result<ws::Message, ws::ProtocolError>, ctx: &mut Ctx) {
        self.heard_at = clock::instant();
        match message {
            Ok(ws::Message::Close(_)) => {
                self.close(1000, "", ctx);
                ctx.stop();
            }
            Ok(ws::Message::Ping(payload)) => ctx.pong(&payload),
            _ if self.closed => {}
            Ok(ws::Message::Text(text)) => self.received(&text, ctx),
            Ok(ws::Message::Continuation(item)) => self.fragment(item, ctx),
            Ok(ws::Message::Binary(_)) => self.close(FAILED, "messages must be text", ctx),
            Ok(ws::Message::Pong(_) | ws::Message::Nop) => {}
            Err(ws::ProtocolError::Overflow) => {
                self.close(FAILED, "the message is too large", ctx);
            }
            Err(ws::ProtocolError::Io(_)) => ctx.stop(),
            Err(error) => {
                self.close(FAILED, &format!("protocol error: {error}"), ctx);
                ctx.stop();
            }
        }
    }

    /// The client has hung up.
    fn finished(&mut self, ctx: &mut Ctx) {
        ctx.stop();
    }
}
