//! The agent's side of the websocket: dial, greet, keep alive, pass calls both ways, come back.
//!
//! ```text
//!   start --1 s--> dial --open--> (master_info) --> established
//!                   ^ |              |                  |
//!                   | +--failed--+   +---- closed ------+
//!                   |            v            |
//!                   +------ wait, full jitter-+--- final code ---> the agent ends
//! ```
//!
//! Every state has a deadline: dialing 20 s, the master's greeting 120 s, a ping its timeout. What a
//! call means is the business of the [`Handler`]; what a connection is, of the [`transport`].

mod backoff;
mod calls;
mod connected;
mod keepalive;
mod master;
mod outbox;
pub mod socket;
pub mod transport;
pub mod verifier;

use std::{sync::Arc, time::Duration};

pub use backoff::delay;
pub use calls::CallError;
use chrono::{DateTime, TimeDelta, Utc};
use kontena_protocol::{
    COMPAT_VERSION,
    agent::{CloseCode, RpcError, Token, header, hello::format_connected_at},
};
pub use master::{Link, Master};
use rmpv::Value;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use transport::{Dialer, Upgrade};

use crate::{clock::Clock, error::AgentError};

/// How long name resolution, TCP, TLS and the upgrade may take together.
const DIAL_LIMIT: Duration = Duration::from_secs(20);

/// Answers what the master calls. Runs between two frames, so it must return at once and leave work
/// that takes time to others.
pub trait Handler: Send {
    /// Handles one request or notification; the result of a notification is only logged.
    ///
    /// # Errors
    /// Where the method is unknown or its arguments make no sense.
    fn call(&mut self, method: &str, params: &[Value]) -> Result<Value, RpcError>;
}

/// Who this agent says it is, and how patient it is.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The engine's id.
    pub node_id: String,
    /// The name of a node that the grid token creates.
    pub node_name: String,
    /// `name` or `name=value`.
    pub labels: Vec<String>,
    /// What opens the door.
    pub token: Token,
    /// The wait before the first attempt.
    pub first_connect_delay: Duration,
    /// From one ping to the next.
    pub ping_interval: Duration,
    /// How long a ping may stay unanswered.
    pub ping_timeout: Duration,
}

impl Profile {
    /// Builds the headers of one upgrade request.
    #[must_use]
    pub fn upgrade(&self, connected_at: DateTime<Utc>) -> Upgrade {
        let mut headers = vec![
            (header::VERSION, COMPAT_VERSION.to_owned()),
            (header::NODE_ID, self.node_id.clone()),
            (header::NODE_NAME, self.node_name.clone()),
            (header::NODE_LABELS, self.labels.join(",")),
            (header::CONNECTED_AT, format_connected_at(connected_at)),
        ];
        match &self.token {
            Token::Grid(token) => headers.push((header::GRID_TOKEN, token.clone())),
            Token::Node(token) => headers.push((header::NODE_TOKEN, token.clone())),
            Token::Missing => {}
        }
        Upgrade { headers }
    }
}

/// Keeps one agent connected to its master.
pub struct Session<H> {
    profile: Profile,
    dialer: Arc<dyn Dialer>,
    handler: H,
    clock: Clock,
    desk: master::Desk,
    established: u64,
    last_connected_at: Option<DateTime<Utc>>,
}

/// How a connection ended.
#[derive(Debug)]
enum End {
    /// With a close frame, or without one as code 1006.
    Closed(CloseCode, String),
    /// The agent is shutting down.
    Shutdown,
}

impl<H: Handler> Session<H> {
    /// Makes a session and the handle by which others use it. `handler` is built with that handle.
    pub fn new(
        profile: Profile,
        dialer: Arc<dyn Dialer>,
        clock: Clock,
        handler: impl FnOnce(&Master) -> H,
    ) -> (Self, Master) {
        let (master, desk) = master::desk();
        let session = Self {
            handler: handler(&master),
            profile,
            dialer,
            clock,
            desk,
            established: 0,
            last_connected_at: None,
        };
        (session, master)
    }

    /// Connects, and connects again, until `shutdown` turns true.
    ///
    /// # Errors
    /// [`AgentError::Refused`] where the master says not to come back.
    pub async fn run(mut self, mut shutdown: watch::Receiver<bool>) -> Result<(), AgentError> {
        let mut wait = self.profile.first_connect_delay;
        let mut attempts = 0;
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut shutdown) => return Ok(()),
                () = sleep(wait) => {}
            }
            let end = self.attempt(&mut attempts, &mut shutdown).await;
            self.go_down();
            match end {
                Some(End::Shutdown) => return Ok(()),
                Some(End::Closed(code, reason)) => judge(code, reason)?,
                None => {}
            }
            wait = delay(attempts, self.clock.fraction());
            attempts = attempts.saturating_add(1);
            log::info!("reconnect attempt {attempts} in {:.2}s...", wait.as_secs_f64());
        }
    }

    /// Dials once and stays until the connection ends; `None` where it never opened.
    async fn attempt(
        &mut self,
        attempts: &mut u32,
        stop: &mut watch::Receiver<bool>,
    ) -> Option<End> {
        let connected_at = self.connected_at();
        let dialed_at = self.clock.instant();
        let dial = self.dialer.dial(self.profile.upgrade(connected_at));
        let dialed = tokio::select! {
            biased;
            () = stopped(stop) => return Some(End::Shutdown),
            dialed = timeout(DIAL_LIMIT, dial) => dialed,
        };
        let connection = match dialed {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => {
                log::error!("websocket error: {error}");
                return None;
            }
            Err(_) => {
                let limit = DIAL_LIMIT.as_secs();
                log::error!("websocket error: no connection within {limit}s");
                return None;
            }
        };
        *attempts = 0;
        self.desk.link.send_replace(Link::Open);
        Some(self.serve(connection, dialed_at, stop).await)
    }

    /// Each attempt carries a later moment than the one before: the master tells connections apart by
    /// it, and keeps less than nine digits of it.
    fn connected_at(&mut self) -> DateTime<Utc> {
        let mut at = self.clock.now();
        if let Some(last) = self.last_connected_at
            && at > last - TimeDelta::seconds(1)
        {
            at = at.max(last + TimeDelta::milliseconds(1));
        }
        self.last_connected_at = Some(at);
        at
    }

    /// Fails what was queued for a connection that is gone.
    fn go_down(&mut self) {
        self.desk.link.send_replace(Link::Down);
        while let Ok(command) = self.desk.commands.try_recv() {
            if let master::Command::Request { answer, .. } = command {
                let _ = answer.send(Err(CallError::Interrupted));
            }
        }
    }
}

/// Returns once the agent is to stop, also where nobody is left who could say so.
async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|stop| *stop).await;
}

/// Logs a close the way operators look for it, and ends the agent after a final code.
fn judge(code: CloseCode, reason: String) -> Result<(), AgentError> {
    log::warn!("connection closed with code {code}: {reason}");
    if !code.is_final() {
        return Ok(());
    }
    if code == CloseCode::INVALID_GRID_TOKEN {
        log::error!("master does not accept our token, shutting down ...");
    } else if code == CloseCode::VERSION {
        log::error!("master does not accept our version ({COMPAT_VERSION}): {reason}");
    } else {
        log::error!("master indicates that this agent should not reconnect: {reason}");
    }
    Err(AgentError::Refused { code, reason })
}
