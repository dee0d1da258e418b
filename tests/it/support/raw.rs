//! An agent that says exactly what a test wants it to say.

use std::{cell::RefCell, rc::Rc, time::Duration};

use actix::prelude::*;
use actix_web::web::Bytes;
use kontena_master::actors::{
    Registry,
    lifeline::lifeline,
    session::{
        Incoming, Line, Outflow, Outgoing, PongReceived, SessionActor, SocketClosed,
        socket::encoded_length,
    },
};
use kontena_protocol::agent::{Decoded, Hello, Message, header, hello::format_connected_at, json};

use super::TestMaster;

/// One scripted connection and everything the master said on it.
pub struct RawAgent {
    pub session: Addr<SessionActor>,
    heard: Rc<RefCell<Vec<Outgoing>>>,
}

struct Ear {
    heard: Rc<RefCell<Vec<Outgoing>>>,
    outflow: Outflow,
    /// Whether what is sent to the agent is read; where not, it piles up.
    reads: bool,
}

impl Actor for Ear {
    type Context = Context<Self>;
}

impl Handler<Outgoing> for Ear {
    type Result = ();

    fn handle(&mut self, outgoing: Outgoing, _: &mut Self::Context) {
        if let Outgoing::Frame(bytes) = &outgoing
            && self.reads
        {
            self.outflow.give_back(encoded_length(bytes.len()));
        }
        self.heard.borrow_mut().push(outgoing);
    }
}

/// The headers of the contract's test agent: node-1 with id ID1, version 1.5.4, label test=yes.
pub fn headers(master: &TestMaster) -> Vec<(&'static str, String)> {
    vec![
        (header::VERSION, "1.5.4".to_owned()),
        (header::NODE_ID, "ID1".to_owned()),
        (header::NODE_NAME, "node-1".to_owned()),
        (header::NODE_LABELS, "test=yes".to_owned()),
        (header::CONNECTED_AT, format_connected_at(master.clock.now())),
    ]
}

impl RawAgent {
    pub fn connect(registry: &Registry, headers: &[(&str, String)]) -> Self {
        Self::connect_reading(registry, headers, true)
    }

    /// As `connect`; an agent that does not read leaves what it is sent to the master's care.
    pub fn connect_reading(registry: &Registry, headers: &[(&str, String)], reads: bool) -> Self {
        let hello = Hello::read(|name| {
            let found = headers.iter().rev().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        });
        let heard: Rc<RefCell<Vec<Outgoing>>> = Rc::default();
        let outflow = registry.outflow();
        let ear = Ear { heard: Rc::clone(&heard), outflow: outflow.clone(), reads }.start();
        let (to_socket, _) = lifeline();
        let line = Line { out: ear.recipient(), outflow, deaf: Rc::default(), to_socket };
        let session = SessionActor::new(registry.clone(), hello, line).start();
        Self { session, heard }
    }

    /// Everything heard so far.
    pub fn heard(&self) -> Vec<Outgoing> {
        self.heard.borrow().clone()
    }

    /// Methods of the calls heard so far.
    pub fn methods(&self) -> Vec<String> {
        self.messages()
            .into_iter()
            .filter_map(|message| match message {
                Message::Request { method, .. } | Message::Notification { method, .. } => {
                    Some(method)
                }
                Message::Response { .. } => None,
            })
            .collect()
    }

    pub fn messages(&self) -> Vec<Message> {
        self.heard()
            .into_iter()
            .filter_map(|outgoing| match outgoing {
                Outgoing::Frame(bytes) => match Message::decode(&bytes).expect("a message") {
                    Decoded::Message(message) => Some(message),
                    _ => None,
                },
                _ => None,
            })
            .collect()
    }

    /// Waits until the master closed the connection; returns code and reason.
    pub async fn closed(&self) -> (u16, String) {
        self.wait(|heard| match heard {
            Outgoing::Close(code, reason) => Some((*code, reason.clone())),
            _ => None,
        })
        .await
        .expect("closed by the master")
    }

    /// Waits until the master has told who the node is.
    pub async fn accepted(&self) {
        for _ in 0..200 {
            if self.methods().iter().any(|method| method == "/agent/node_info") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not accepted: {:?}", self.heard());
    }

    async fn wait<T>(&self, find: impl Fn(&Outgoing) -> Option<T>) -> Option<T> {
        for _ in 0..6000 {
            if let Some(found) = self.heard().iter().find_map(&find) {
                return Some(found);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        None
    }

    pub fn send(&self, frame: Vec<u8>) {
        let (done, _) = tokio::sync::oneshot::channel();
        self.session.do_send(Incoming { bytes: Bytes::from(frame), done });
    }

    pub fn pong(&self) {
        self.session.do_send(PongReceived);
    }

    pub fn hang_up(&self, code: u16, reason: &str) {
        self.session.do_send(SocketClosed { code, reason: reason.to_owned() });
    }

    /// Sends a request and waits for the answer.
    pub async fn call(
        &self,
        id: u64,
        method: &str,
        params: Vec<serde_json::Value>,
    ) -> Result<serde_json::Value, (i64, String)> {
        let params = params.into_iter().map(json::pack).collect();
        self.send(Message::Request { id, method: method.to_owned(), params }.encode());
        self.answer(id).await
    }

    pub async fn answer(&self, id: u64) -> Result<serde_json::Value, (i64, String)> {
        let outcome = self.wait(|heard| match heard {
            Outgoing::Frame(bytes) => match Message::decode(bytes) {
                Ok(Decoded::Message(Message::Response { id: answered, outcome }))
                    if answered == id =>
                {
                    Some(outcome)
                }
                _ => None,
            },
            _ => None,
        });
        match outcome.await.expect("answered") {
            Ok(value) => Ok(json::lossy(&value)),
            Err(error) => Err((error.code, error.message)),
        }
    }
}
