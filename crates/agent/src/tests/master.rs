//! A scripted master: greets, answers and remembers what it heard, unless its plan says otherwise.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use futures_util::{FutureExt, SinkExt, StreamExt, future::BoxFuture};
use kontena_protocol::agent::{CloseCode, Decoded, Message, RpcError, ServicePod, json};
use rmpv::Value;
use serde_json::json;
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, sleep, timeout},
};

use super::clock;
use crate::{
    Clock,
    session::transport::{Connection, Dialer, Frame, TransportError, Upgrade, memory_pair},
};

/// What the master does.
pub(super) struct Plan {
    pub(super) unreachable: bool,
    pub(super) refuse: Option<(u16, &'static str)>,
    pub(super) greets: bool,
    pub(super) node_info: bool,
    /// How long until a pong; none at all where this is `None`.
    pub(super) pong_after: Option<Duration>,
    pub(super) list: Result<serde_json::Value, RpcError>,
    pub(super) volumes: Result<serde_json::Value, RpcError>,
    pub(super) answers_set_state: bool,
    /// Methods that are answered with an error.
    pub(super) refuses: Vec<(&'static str, RpcError)>,
    /// Methods that are not answered.
    pub(super) silent: Vec<&'static str>,
}

/// Something an agent sent.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) at: Duration,
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    Dialed(Upgrade),
    Called(String, serde_json::Value),
    Answered(u64, Result<serde_json::Value, RpcError>),
    Pinged(Vec<u8>),
    Ponged(Vec<u8>),
    Closed(CloseCode, String),
    Gone,
}

enum Out {
    Frame(Frame),
    Drop,
}

pub(super) struct Master {
    start: Instant,
    clock: Clock,
    plan: Mutex<Plan>,
    heard: Mutex<Vec<Heard>>,
    bell: Notify,
    out: Mutex<Option<mpsc::UnboundedSender<Out>>>,
}

impl Master {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            clock: clock(7),
            plan: Mutex::new(Plan {
                unreachable: false,
                refuse: None,
                greets: true,
                node_info: true,
                pong_after: Some(Duration::ZERO),
                list: Ok(json!([])),
                volumes: Ok(json!([])),
                answers_set_state: true,
                refuses: Vec::new(),
                silent: Vec::new(),
            }),
            heard: Mutex::default(),
            bell: Notify::new(),
            out: Mutex::default(),
        })
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock.clone()
    }

    pub(super) fn dialer(self: &Arc<Self>) -> Arc<dyn Dialer> {
        Arc::new(Line(Arc::clone(self)))
    }

    pub(super) fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().expect("no poison")
    }

    pub(super) fn lists(&self, pods: &[ServicePod]) {
        self.plan().list = Ok(serde_json::to_value(pods).expect("pods"));
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("no poison").clone()
    }

    /// The moment, counted as those of what was heard.
    pub(super) fn start_elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn note(&self, what: What) {
        let at = self.start.elapsed();
        self.heard.lock().expect("no poison").push(Heard { at, what });
        self.bell.notify_waiters();
    }

    /// The calls of a method so far, with their moment.
    pub(super) fn calls(&self, method: &str) -> Vec<(Duration, serde_json::Value)> {
        let heard = self.heard().into_iter();
        heard
            .filter_map(|heard| match heard.what {
                What::Called(called, params) if called == method => Some((heard.at, params)),
                _ => None,
            })
            .collect()
    }

    /// The second parameter of each `set_state`.
    pub(super) fn states(&self) -> Vec<serde_json::Value> {
        let calls = self.calls("/node_service_pods/set_state").into_iter();
        calls.map(|(_, params)| params[1].clone()).collect()
    }

    /// Waits for a condition on what was heard; virtual time, so limits cost nothing.
    pub(super) async fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let waiting = async {
            while !holds(self) {
                tokio::select! {
                    () = self.bell.notified() => {}
                    () = sleep(Duration::from_millis(50)) => {}
                }
            }
        };
        let limit = Duration::from_secs(900);
        if timeout(limit, waiting).await.is_err() {
            panic!("never: {what}; heard {:#?}", self.heard());
        }
    }

    pub(super) async fn until_called(&self, method: &str, times: usize) {
        let what = format!("{method} x {times}");
        self.until(&what, |master| master.calls(method).len() >= times).await;
    }

    pub(super) fn send(&self, frame: Frame) {
        self.push(Out::Frame(frame));
    }

    pub(super) fn close(&self, code: u16, reason: &str) {
        self.send(Frame::Close(CloseCode(code), reason.into()));
    }

    pub(super) fn hang_up(&self) {
        self.push(Out::Drop);
    }

    pub(super) fn notify(&self, method: &str, params: serde_json::Value) {
        let message = Message::Notification { method: method.into(), params: arguments(params) };
        self.send(Frame::Binary(message.encode()));
    }

    /// Calls the agent and waits for its answer.
    pub(super) async fn call(
        &self,
        id: u64,
        method: &str,
        params: serde_json::Value,
    ) -> Result<serde_json::Value, RpcError> {
        let message = Message::Request { id, method: method.into(), params: arguments(params) };
        self.send(Frame::Binary(message.encode()));
        let find = |master: &Self| {
            master.heard().into_iter().find_map(|heard| match heard.what {
                What::Answered(answered, outcome) if answered == id => Some(outcome),
                _ => None,
            })
        };
        self.until(method, |master| find(master).is_some()).await;
        find(self).expect("just seen")
    }

    fn push(&self, out: Out) {
        let sender = self.out.lock().expect("no poison").clone();
        let sent = sender.expect("a connection").send(out);
        assert!(sent.is_ok(), "the connection is gone");
    }

    async fn serve(
        self: Arc<Self>,
        mut connection: Connection,
        mut out: mpsc::UnboundedReceiver<Out>,
    ) {
        let refusal = self.plan().refuse;
        if let Some((code, reason)) = refusal {
            let frame = Frame::Close(CloseCode(code), reason.into());
            let _ = connection.sink.send(frame).await;
        } else if self.plan().greets {
            self.greet();
        }
        loop {
            let frame = tokio::select! {
                frame = connection.stream.next() => frame,
                Some(out) = out.recv() => {
                    match out {
                        Out::Frame(frame) => { let _ = connection.sink.send(frame).await; }
                        Out::Drop => return,
                    }
                    continue;
                }
            };
            match frame {
                Some(Ok(frame)) => self.take(frame),
                _ => {
                    self.note(What::Gone);
                    return;
                }
            }
        }
    }

    fn greet(&self) {
        self.notify("/agent/master_info", json!([{"version": "1.5.4"}]));
        if self.plan().node_info {
            self.send_node_info();
        }
    }

    pub(super) fn send_node_info(&self) {
        self.notify(
            "/agent/node_info",
            json!([{
                "id": "X", "created_at": "", "updated_at": "", "name": "core-01", "labels": null,
                "overlay_ip": "10.81.0.1", "peer_ips": [], "node_number": 1, "initial_member": true,
                "grid": {"id": "test", "name": "test", "initial_size": 1, "trusted_subnets": [],
                         "subnet": "10.81.0.0/16", "supernet": "10.80.0.0/12",
                         "stats": {"statsd": null}, "logs": null},
            }]),
        );
    }

    fn take(self: &Arc<Self>, frame: Frame) {
        match frame {
            Frame::Binary(bytes) => match Message::decode(&bytes) {
                Ok(Decoded::Message(message)) => self.message(message),
                other => panic!("an agent sent {other:?}"),
            },
            Frame::Ping(payload) => {
                self.note(What::Pinged(payload.clone()));
                if let Some(after) = self.plan().pong_after {
                    let master = Arc::clone(self);
                    tokio::spawn(async move {
                        sleep(after).await;
                        master.send(Frame::Pong(payload));
                    });
                }
            }
            Frame::Pong(payload) => self.note(What::Ponged(payload)),
            Frame::Close(code, reason) => self.note(What::Closed(code, reason)),
            Frame::Text(text) => panic!("an agent sent text: {text}"),
        }
    }

    fn message(&self, message: Message) {
        match message {
            Message::Request { id, method, params } => {
                let answer = self.answer(&method);
                self.note(What::Called(method, json::lossy(&Value::Array(params))));
                if let Some(outcome) = answer {
                    let outcome = outcome.map(json::pack);
                    let message = Message::Response { id, outcome };
                    self.send(Frame::Binary(message.encode()));
                }
            }
            Message::Notification { method, params } => {
                self.note(What::Called(method, json::lossy(&Value::Array(params))));
            }
            Message::Response { id, outcome } => {
                self.note(What::Answered(id, outcome.map(|value| json::lossy(&value))));
            }
        }
    }

    fn answer(&self, method: &str) -> Option<Result<serde_json::Value, RpcError>> {
        let plan = self.plan();
        if plan.silent.contains(&method) {
            return None;
        }
        if let Some((_, error)) = plan.refuses.iter().find(|(refused, _)| *refused == method) {
            return Some(Err(error.clone()));
        }
        match method {
            "/nodes/update" => Some(Ok(json!(true))),
            "/node_service_pods/list" => {
                Some(plan.list.clone().map(|pods| json!({"service_pods": pods})))
            }
            "/node_volumes/list" => {
                Some(plan.volumes.clone().map(|volumes| json!({"volumes": volumes})))
            }
            "/node_service_pods/set_state" if !plan.answers_set_state => None,
            _ => Some(Ok(json!({}))),
        }
    }
}

fn arguments(params: serde_json::Value) -> Vec<Value> {
    match json::pack(params) {
        Value::Array(items) => items,
        other => panic!("not a list: {other}"),
    }
}

/// The way to the master.
struct Line(Arc<Master>);

impl Dialer for Line {
    fn dial(&self, upgrade: Upgrade) -> BoxFuture<'_, Result<Connection, TransportError>> {
        async move {
            let master = &self.0;
            master.note(What::Dialed(upgrade));
            if master.plan().unreachable {
                return Err(TransportError::Broken("connection refused".into()));
            }
            let (theirs, ours) = memory_pair(64);
            let (sender, out) = mpsc::unbounded_channel();
            *master.out.lock().expect("no poison") = Some(sender);
            tokio::spawn(Arc::clone(master).serve(ours, out));
            Ok(theirs)
        }
        .boxed()
    }
}
