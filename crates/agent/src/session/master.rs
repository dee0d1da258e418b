//! The handle by which the rest of the agent talks to the master, connected or not.

use std::time::Duration;

use kontena_protocol::agent::json;
use rmpv::Value;
use serde::de::DeserializeOwned;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};

use super::calls::{Answer, CallError};

/// How long a request waits for a connection, and then for its answer.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);
/// How many messages may wait for the session.
const QUEUE: usize = 256;

/// Where the connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// There is no connection.
    Down,
    /// The websocket is open, the master has not greeted yet.
    Open,
    /// The master has sent its info; counts connections from 1.
    Established(u64),
}

/// What the session is asked to send.
pub(super) enum Command {
    Request { method: &'static str, params: Vec<Value>, answer: Answer },
    Notification { method: &'static str, params: Vec<Value> },
}

/// Sends requests and notifications to the master. Cheap to clone.
#[derive(Clone)]
pub struct Master {
    commands: mpsc::Sender<Command>,
    link: watch::Receiver<Link>,
}

/// The session's end of the handles.
pub(super) struct Desk {
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) link: watch::Sender<Link>,
    /// Keeps the queue open however many other handles are left.
    _own: Master,
}

pub(super) fn desk() -> (Master, Desk) {
    let (sender, commands) = mpsc::channel(QUEUE);
    let (link, watched) = watch::channel(Link::Down);
    let master = Master { commands: sender, link: watched };
    let desk = Desk { commands, link, _own: master.clone() };
    (master, desk)
}

impl Master {
    /// Sends a request and reads its result. Waits up to 30 s for a connection that the master has
    /// greeted, then up to 30 s for the answer. It is never repeated.
    ///
    /// # Errors
    /// Where the master answers with an error, or not at all.
    pub async fn request(
        &self,
        method: &'static str,
        params: Vec<Value>,
    ) -> Result<Value, CallError> {
        let mut link = self.link.clone();
        timeout(REQUEST_LIMIT, link.wait_for(|link| matches!(link, Link::Established(_))))
            .await
            .map_err(|_| CallError::NotConnected)?
            .map_err(|_| CallError::NotConnected)?;
        let (answer, result) = oneshot::channel();
        let command = Command::Request { method, params, answer };
        timeout(REQUEST_LIMIT, async {
            let sent = self.commands.send(command).await;
            sent.map_err(|_| CallError::NotConnected)?;
            result.await.map_err(|_| CallError::Interrupted)?
        })
        .await
        .map_err(|_| CallError::TimedOut)?
    }

    /// Sends a request and reads its result as a body of the protocol.
    ///
    /// # Errors
    /// As [`Self::request`], and where the result has another shape.
    pub async fn fetch<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Vec<Value>,
    ) -> Result<T, CallError> {
        let result = self.request(method, params).await?;
        json::decode(&result).map_err(|error| {
            CallError::Rpc(kontena_protocol::agent::RpcError::new(
                500,
                format!("malformed answer: {error}"),
            ))
        })
    }

    /// Sends a notification; it is lost where there is no connection or the queue is full.
    pub fn notify(&self, method: &'static str, params: Vec<Value>) {
        let connected = matches!(*self.link.borrow(), Link::Established(_));
        let command = Command::Notification { method, params };
        if !connected || self.commands.try_send(command).is_err() {
            log::debug!("{method} is lost: no connection");
        }
    }

    /// Follows the connection.
    #[must_use]
    pub fn link(&self) -> watch::Receiver<Link> {
        self.link.clone()
    }
}
