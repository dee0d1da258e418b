//! Requests of the master that wait for the agent's answer. Bound to their connection: they end with it.

use std::collections::BTreeMap;

use actix::prelude::*;
use kontena_protocol::agent::{Message, RpcError, method};
use rmpv::Value;
use tokio::sync::oneshot;

use super::{CallAgent, Introducing, NotifyAgent, SessionActor};
use crate::actors::grid::CallFailed;

/// Ids the master draws from, as Kontena 1.5's: 0 to 2^31 - 2.
const IDS: u64 = 2_147_483_647;

/// Requests in flight.
#[derive(Default)]
pub(super) struct Calls {
    last_id: u64,
    waiting: BTreeMap<u64, oneshot::Sender<Result<Value, CallFailed>>>,
}

impl Calls {
    fn begin(&mut self) -> (u64, oneshot::Receiver<Result<Value, CallFailed>>) {
        let (sender, receiver) = oneshot::channel();
        self.last_id = (self.last_id + 1) % IDS;
        self.waiting.insert(self.last_id, sender);
        (self.last_id, receiver)
    }

    fn end(&mut self, id: u64, outcome: Result<Value, CallFailed>) -> bool {
        match self.waiting.remove(&id) {
            Some(sender) => {
                // Who asked may have given up.
                drop(sender.send(outcome));
                true
            }
            None => false,
        }
    }
}

impl SessionActor {
    /// An answer has arrived. One that nobody waits for is late, and ignored.
    pub(super) fn answered(&mut self, id: u64, outcome: Result<Value, RpcError>) {
        if !self.calls.end(id, outcome.map_err(CallFailed::Refused)) {
            log::debug!("session of node {}: unknown response with id={id}", self.hello.node_id);
        }
    }
}

impl Handler<CallAgent> for SessionActor {
    type Result = ResponseFuture<Result<Value, CallFailed>>;

    fn handle(&mut self, call: CallAgent, ctx: &mut Self::Context) -> Self::Result {
        if self.closing || !self.counts {
            return Box::pin(std::future::ready(Err(CallFailed::NotConnected)));
        }
        let CallAgent { method, params, timeout } = call;
        let (id, answer) = self.calls.begin();
        let request = Message::Request { id, method: method.to_owned(), params };
        self.send_message(request, ctx);
        ctx.run_later(timeout, move |actor, _| {
            actor.calls.end(id, Err(CallFailed::TimedOut));
        });
        Box::pin(async move { answer.await.unwrap_or(Err(CallFailed::NotConnected)) })
    }
}

impl Handler<NotifyAgent> for SessionActor {
    type Result = ();

    fn handle(&mut self, notify: NotifyAgent, ctx: &mut Self::Context) {
        if !self.counts {
            return;
        }
        if notify.method == method::NODE_INFO && self.introducing != Introducing::No {
            self.introducing = Introducing::Again;
            return;
        }
        self.notify(notify.method, notify.params, ctx);
    }
}
