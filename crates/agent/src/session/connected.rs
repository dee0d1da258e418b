//! One open connection: frames to the handler, answers to who waits, pings both ways, until it ends.

use std::time::Duration;

use futures_util::StreamExt;
use kontena_protocol::agent::{CloseCode, Decoded, Message, RpcError, method};
use rmpv::Value;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until, timeout},
};

use super::{
    End, Handler, Link, Session,
    calls::Calls,
    keepalive::{Keepalive, Tick},
    master::Command,
    outbox::Outbox,
    stopped,
    transport::{Connection, Frame, FrameStream, TransportError},
};

/// How long the master may take from the open websocket to its `master_info`. A master that keeps a
/// socket open without admitting it would otherwise hold the agent for ever.
const GREETING_LIMIT: Duration = Duration::from_secs(120);
/// How long the close frame may take to leave.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// What belongs to one connection and dies with it.
struct Wire {
    outbox: Outbox,
    stream: FrameStream,
    calls: Calls,
    keepalive: Keepalive,
    greeting_due: Option<Instant>,
}

impl Wire {
    fn deadline(&self) -> Instant {
        let keepalive = self.keepalive.deadline();
        self.greeting_due.map_or(keepalive, |due| keepalive.min(due))
    }
}

impl<H: Handler> Session<H> {
    /// Runs an open connection to its end.
    pub(super) async fn serve(
        &mut self,
        connection: Connection,
        dialed_at: Instant,
        stop: &mut watch::Receiver<bool>,
    ) -> End {
        let profile = &self.profile;
        let mut wire = Wire {
            outbox: Outbox::new(connection.sink),
            stream: connection.stream,
            calls: Calls::default(),
            keepalive: Keepalive::new(profile.ping_interval, profile.ping_timeout, dialed_at),
            greeting_due: Some(self.clock.instant() + GREETING_LIMIT),
        };
        loop {
            let deadline = wire.deadline();
            // In this order, so that a run can be repeated; what comes seldom comes first and starves nobody.
            let end = tokio::select! {
                biased;
                () = stopped(stop) => {
                    leave(&mut wire.outbox).await;
                    Some(End::Shutdown)
                }
                () = sleep_until(deadline) => self.tick(&mut wire),
                sent = wire.outbox.drive(), if wire.outbox.busy() => sent.err().map(broken),
                command = self.desk.commands.recv(), if wire.outbox.has_room() => {
                    self.send(&mut wire, command);
                    None
                }
                frame = wire.stream.next(), if wire.outbox.has_room() =>
                    self.take(&mut wire, frame),
            };
            if let Some(end) = end {
                return end;
            }
            if let Some(end) = self.closing(&mut wire).await {
                return end;
            }
        }
    }

    /// Answers a close frame that [`Self::take`] has queued, and ends.
    async fn closing(&mut self, wire: &mut Wire) -> Option<End> {
        let (code, reason) = wire.outbox.closing()?;
        let answered = timeout(CLOSE_LIMIT, wire.outbox.close()).await;
        log::debug!("close frame answered: {answered:?}");
        Some(End::Closed(code, reason))
    }

    fn take(
        &mut self,
        wire: &mut Wire,
        frame: Option<Result<Frame, TransportError>>,
    ) -> Option<End> {
        match frame {
            None => return Some(End::Closed(CloseCode::ABNORMAL, String::new())),
            Some(Err(error)) => return Some(broken(error)),
            Some(Ok(Frame::Binary(bytes))) => self.message(wire, &bytes),
            Some(Ok(Frame::Text(_))) => log::warn!("ignored a text frame from the master"),
            Some(Ok(Frame::Ping(payload))) => wire.outbox.urgent(Frame::Pong(payload)),
            Some(Ok(Frame::Pong(payload))) => self.pong(wire, &payload),
            Some(Ok(Frame::Close(code, reason))) => wire.outbox.note_close(code, reason),
        }
        None
    }

    fn message(&mut self, wire: &mut Wire, bytes: &[u8]) {
        match Message::decode(bytes) {
            Ok(Decoded::Message(Message::Request { id, method, params })) => {
                let outcome = self.call(wire, &method, &params);
                wire.outbox.data(Message::Response { id, outcome }.encode());
            }
            Ok(Decoded::Message(Message::Notification { method, params })) => {
                if let Err(error) = self.call(wire, &method, &params) {
                    log::warn!("notification {method} failed: {error}");
                }
            }
            Ok(Decoded::Message(Message::Response { id, outcome })) => {
                if !wire.calls.close(id, outcome) {
                    log::warn!("unknown response with id={id}");
                }
            }
            Ok(Decoded::BadRequest { id }) => {
                let outcome = Err(RpcError::runtime("method is not a string"));
                wire.outbox.data(Message::Response { id, outcome }.encode());
            }
            Ok(Decoded::Ignored) => log::debug!("ignored a value that is no message"),
            Err(error) => log::warn!("cannot unpack message, reason {error}"),
        }
    }

    fn call(&mut self, wire: &mut Wire, called: &str, params: &[Value]) -> Result<Value, RpcError> {
        let outcome = self.handler.call(called, params);
        if called == method::MASTER_INFO && wire.greeting_due.take().is_some() {
            self.established += 1;
            self.desk.link.send_replace(Link::Established(self.established));
        }
        outcome
    }

    fn send(&mut self, wire: &mut Wire, command: Option<Command>) {
        let message = match command {
            Some(Command::Request { method, params, answer }) => Message::Request {
                id: wire.calls.open(answer, &self.clock),
                method: method.to_owned(),
                params,
            },
            Some(Command::Notification { method, params }) => {
                Message::Notification { method: method.to_owned(), params }
            }
            // Only where every handle is gone, and with them all that could be said.
            None => return,
        };
        wire.outbox.data(message.encode());
    }

    fn pong(&mut self, wire: &mut Wire, payload: &[u8]) {
        let Some(delay) = wire.keepalive.pong(payload, self.clock.instant()) else {
            log::debug!("ignored a pong that answers no ping");
            return;
        };
        let (delay, limit) = (delay.as_secs_f64(), self.profile.ping_timeout.as_secs_f64());
        let level = if delay > limit / 2.0 { log::Level::Warn } else { log::Level::Debug };
        log::log!(level, "server ping {delay:.2}s of {limit:.2}s timeout");
    }

    fn tick(&mut self, wire: &mut Wire) -> Option<End> {
        let now = self.clock.instant();
        if wire.greeting_due.is_some_and(|due| now >= due) {
            let limit = GREETING_LIMIT.as_secs();
            log::error!("websocket error: the master did not greet within {limit}s");
            return Some(End::Closed(CloseCode::ABNORMAL, String::new()));
        }
        match wire.keepalive.tick(now, self.clock.now()) {
            Tick::Wait => None,
            Tick::Ping(payload) => {
                wire.outbox.urgent(Frame::Ping(payload));
                None
            }
            Tick::GiveUp => {
                let limit = self.profile.ping_timeout.as_secs_f64();
                log::error!("websocket error: timeout while waiting {limit:?}s for pong");
                Some(End::Closed(CloseCode::ABNORMAL, String::new()))
            }
        }
    }
}

fn broken(error: TransportError) -> End {
    log::error!("websocket error: {error}");
    End::Closed(CloseCode::ABNORMAL, String::new())
}

/// Tells the master that this agent goes away on purpose.
async fn leave(outbox: &mut Outbox) {
    outbox.urgent(Frame::Close(CloseCode::GOING_AWAY, "agent is shutting down".into()));
    let sent = timeout(CLOSE_LIMIT, async {
        outbox.drive().await?;
        outbox.close().await
    })
    .await;
    log::debug!("close frame sent: {sent:?}");
}
