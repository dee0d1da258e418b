//! The websocket of a session: the only file that knows it.
//!
//! It turns websocket messages into the session's own and back, answers pings by itself, joins
//! fragments, and reads no further while many frames wait to be handled. `actix-web-actors` is marked
//! deprecated by its authors in favour of a plain stream; exchanging it touches this file alone.

use std::{cell::Cell, rc::Rc, time::Duration};

use actix::prelude::*;
use actix_http::ws::Codec;
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{HeaderName, HeaderValue},
    web,
};
use actix_web_actors::ws::{self, CloseCode as WsCloseCode, CloseReason, WebsocketContext};
use kontena_protocol::agent::{Hello, header, hello};
use tokio::sync::oneshot;

use super::{
    HeardAgain, Incoming, Line, Outflow, Outgoing, PongReceived, SessionActor, SocketClosed,
    intake::{Gauge, Intake},
    outlet::Outlet,
    sparse::Sparse,
};
use crate::actors::{
    Registry,
    lifeline::{End, lifeline},
    registry::Counted,
};

/// Largest message before the agent is admitted (`operations.md`, "Frames and memory").
const BEFORE_ADMISSION: usize = 64 * 1024;
/// Largest message afterwards.
const AFTER_ADMISSION: usize = 16 * 1024 * 1024;
/// Frames handed over and not handled yet; beyond it nothing more is read.
const MOST_IN_HAND: usize = 256;
/// Their bytes, likewise.
const MOST_BYTES_IN_HAND: usize = 4 * 1024 * 1024;
/// How long the agent may take to answer a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// The actor of one websocket.
struct Socket {
    registry: Registry,
    hello: Option<Hello>,
    session: Option<Addr<SessionActor>>,
    admitted: bool,
    fragments: Option<web::BytesMut>,
    in_hand: usize,
    bytes_in_hand: usize,
    closed: bool,
    gauge: Rc<Gauge>,
    outflow: Outflow,
    texts: Sparse,
    /// Whether nothing is read at present.
    deaf: Rc<Cell<bool>>,
    _slot: Counted,
}

/// Upgrades a request to the agent websocket. Refusals come as close frames after the upgrade.
///
/// # Errors
/// Where the request is no proper websocket upgrade.
pub fn upgrade(
    request: &HttpRequest,
    payload: web::Payload,
    registry: Registry,
    slot: Counted,
) -> Result<HttpResponse, actix_web::Error> {
    // Before there is an actor: one that is dropped unused still starts, and would log the agent in.
    let mut upgraded = ws::handshake(request)?;
    let headers = request.headers();
    let hello = Hello::read(|name| {
        // Names and labels are free text; header values need not be ASCII.
        headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
    });
    let tools = registry.tools();
    let version = tools.rules.login.version.clone();
    let now = hello::format_connected_at(tools.clock.now());
    let gauge = Gauge::new(BEFORE_ADMISSION, registry.unfinished());
    let outflow = registry.outflow();
    let socket = Socket {
        registry,
        hello: Some(hello),
        session: None,
        admitted: false,
        fragments: None,
        in_hand: 0,
        bytes_in_hand: 0,
        closed: false,
        gauge: Rc::clone(&gauge),
        outflow: outflow.clone(),
        texts: Sparse::default(),
        deaf: Rc::default(),
        _slot: slot,
    };
    let codec = Codec::new().max_size(AFTER_ADMISSION);
    let frames = WebsocketContext::with_codec(socket, Intake::new(payload, gauge), codec);
    let mut response = upgraded.streaming(Outlet::new(frames, outflow));
    for (name, value) in [(header::VERSION, version), (header::CONNECTED_AT, now)] {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(actix_web::error::ErrorInternalServerError)?;
        let value =
            HeaderValue::from_str(&value).map_err(actix_web::error::ErrorInternalServerError)?;
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

/// The length of a message with its frame's head, as the master sends it: unmasked, in one piece.
#[must_use]
pub fn encoded_length(payload: usize) -> usize {
    let head = match payload {
        ..126 => 2,
        126..=0xffff => 4,
        _ => 10,
    };
    head + payload
}

type Ctx = WebsocketContext<Socket>;

impl Actor for Socket {
    type Context = Ctx;

    fn started(&mut self, ctx: &mut Ctx) {
        if let Some(hello) = self.hello.take() {
            let out = ctx.address().recipient();
            let (to_socket, death) = lifeline();
            let (outflow, deaf) = (self.outflow.clone(), Rc::clone(&self.deaf));
            let line = Line { out, outflow, deaf, to_socket };
            let session = SessionActor::new(self.registry.clone(), hello, line);
            self.session = Some(session.start());
            ctx.spawn(death.wait().into_actor(self).map(|end, socket, ctx| {
                if let End::Lost = end {
                    socket.session = None;
                    socket.close(1011, "Internal server error".to_owned(), ctx);
                }
            }));
        }
    }

    fn stopped(&mut self, _: &mut Ctx) {
        self.tell_closed(1006, String::new());
    }
}

impl Socket {
    /// Tells the session, once, that and how the socket ended.
    fn tell_closed(&mut self, code: u16, reason: String) {
        if let Some(session) = self.session.take() {
            session.do_send(SocketClosed { code, reason });
        }
    }

    fn close(&mut self, code: u16, reason: String, ctx: &mut Ctx) {
        if self.closed {
            return;
        }
        self.closed = true;
        self.gauge.close();
        let description = (!reason.is_empty()).then_some(reason);
        ctx.close(Some(CloseReason { code: WsCloseCode::from(code), description }));
        ctx.run_later(CLOSE_TIMEOUT, |_, ctx| ctx.stop());
    }

    fn received(&mut self, bytes: web::Bytes, ctx: &mut Ctx) {
        if self.closed {
            return;
        }
        if !self.admitted && bytes.len() > BEFORE_ADMISSION {
            self.too_big(ctx);
            return;
        }
        let Some(session) = &self.session else { return };
        let length = bytes.len();
        if self.gauge.hold(length) {
            self.too_big(ctx);
            return;
        }
        self.in_hand += 1;
        self.bytes_in_hand += length;
        // Not `send`: beyond the mailbox's capacity it would hand frames over in another order.
        let (done, handled) = oneshot::channel();
        session.do_send(Incoming { bytes, done });
        let handled = handled.into_actor(self).map(move |_, actor, _| {
            actor.in_hand -= 1;
            actor.bytes_in_hand -= length;
            actor.gauge.release(length);
            if actor.deaf.replace(false)
                && let Some(session) = &actor.session
            {
                session.do_send(HeardAgain);
            }
        });
        if self.in_hand >= MOST_IN_HAND || self.bytes_in_hand >= MOST_BYTES_IN_HAND {
            // Nothing is read until this frame, and so all before it, has been handled.
            self.deaf.set(true);
            ctx.wait(handled);
        } else {
            ctx.spawn(handled);
        }
    }

    fn too_big(&mut self, ctx: &mut Ctx) {
        let reason = "message is too big".to_owned();
        self.tell_closed(1009, reason.clone());
        self.close(1009, reason, ctx);
    }

    fn fragment(&mut self, item: actix_http::ws::Item, ctx: &mut Ctx) {
        use actix_http::ws::Item;
        let (bytes, last) = match item {
            // A fragmented text message is dropped like a whole one: its first part starts nothing.
            Item::FirstText(_) => return,
            Item::FirstBinary(bytes) => {
                self.fragments = Some(web::BytesMut::new());
                (bytes, false)
            }
            Item::Continue(bytes) => (bytes, false),
            Item::Last(bytes) => (bytes, true),
        };
        let limit = if self.admitted { AFTER_ADMISSION } else { BEFORE_ADMISSION };
        let Some(joined) = &mut self.fragments else {
            return;
        };
        if self.gauge.hold(bytes.len()) || joined.len() + bytes.len() > limit {
            self.fragments = None;
            self.too_big(ctx);
            return;
        }
        joined.extend_from_slice(&bytes);
        if last && let Some(joined) = self.fragments.take() {
            self.gauge.release(joined.len());
            self.received(joined.freeze(), ctx);
        }
    }
}

impl StreamHandler<Result<ws::Message, ws::ProtocolError>> for Socket {
    fn handle(&mut self, message: Result<ws::Message, ws::ProtocolError>, ctx: &mut Ctx) {
        if message.is_ok() {
            self.gauge.decoded();
        }
        match message {
            Ok(ws::Message::Binary(bytes)) => self.received(bytes, ctx),
            Ok(ws::Message::Continuation(item)) => self.fragment(item, ctx),
            Ok(ws::Message::Ping(payload)) => ctx.pong(&payload),
            Ok(ws::Message::Pong(_)) => {
                if let Some(session) = &self.session {
                    session.do_send(PongReceived);
                }
            }
            Ok(ws::Message::Text(_)) => {
                if let Some(times) = self.texts.tells() {
                    log::warn!("Cannot unpack message, reason a text frame ({times})");
                }
            }
            Ok(ws::Message::Close(reason)) => {
                let (code, text) = reason.map_or((1000, String::new()), |reason| {
                    (reason.code.into(), reason.description.unwrap_or_default())
                });
                self.tell_closed(code, text);
                self.close(code, String::new(), ctx);
                ctx.stop();
            }
            Ok(ws::Message::Nop) => {}
            Err(_) if self.closed => ctx.stop(),
            Err(_) if self.gauge.has_overflowed() => self.too_big(ctx),
            Err(ws::ProtocolError::Overflow) => self.too_big(ctx),
            // Ended without a word.
            Err(ws::ProtocolError::Io(_)) => {
                self.tell_closed(1006, String::new());
                ctx.stop();
            }
            Err(error) => {
                let reason = format!("protocol error: {error}");
                self.tell_closed(1002, reason.clone());
                self.close(1002, reason, ctx);
                ctx.stop();
            }
        }
    }

    fn finished(&mut self, ctx: &mut Ctx) {
        ctx.stop();
    }
}

impl Handler<Outgoing> for Socket {
    type Result = ();

    fn handle(&mut self, outgoing: Outgoing, ctx: &mut Ctx) {
        if self.closed {
            return;
        }
        match outgoing {
            Outgoing::Frame(bytes) => ctx.binary(bytes),
            Outgoing::Ping => ctx.ping(b""),
            Outgoing::Admitted => {
                self.admitted = true;
                self.gauge.raise(AFTER_ADMISSION);
            }
            Outgoing::Close(code, reason) => {
                self.session = None;
                self.close(code, reason, ctx);
            }
        }
    }
}
