//! Requests in flight on one connection: numbers them and finds who waits for an answer.

use std::collections::{BTreeMap, btree_map::Entry};

use kontena_protocol::agent::RpcError;
use rmpv::Value;
use tokio::sync::oneshot;

use crate::clock::Clock;

/// Highest request id an agent draws; the wire's number needs 32 bits.
const HIGHEST_ID: u64 = 1 << 31;
/// How many calls may be pending before those nobody waits for any more are looked for.
const SWEEP_FROM: usize = 32;

/// Why a call to the master has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The master answered with an error.
    #[error("{0}")]
    Rpc(#[from] RpcError),
    /// There was no connection for as long as a request may wait for one.
    #[error("not connected to the master")]
    NotConnected,
    /// The connection broke before the answer came.
    #[error("the connection broke before the answer")]
    Interrupted,
    /// The master did not answer in time.
    #[error("no answer in time")]
    TimedOut,
}

/// Where an answer goes.
pub(super) type Answer = oneshot::Sender<Result<Value, CallError>>;

/// The pending requests of one connection.
#[derive(Default)]
pub(super) struct Calls {
    pending: BTreeMap<u64, Answer>,
}

impl Calls {
    /// Notes a request and returns its number, unique among those pending.
    pub(super) fn open(&mut self, answer: Answer, clock: &Clock) -> u64 {
        if self.pending.len() >= SWEEP_FROM {
            self.pending.retain(|_, answer| !answer.is_closed());
        }
        loop {
            let id = clock.number_up_to(HIGHEST_ID);
            if let Entry::Vacant(free) = self.pending.entry(id) {
                free.insert(answer);
                return id;
            }
        }
    }

    /// Hands an answer to who waits for it; false where the number is unknown.
    pub(super) fn close(&mut self, id: u64, outcome: Result<Value, RpcError>) -> bool {
        match self.pending.remove(&id) {
            Some(answer) => {
                // Whoever gave up waiting does not want it any more.
                let _ = answer.send(outcome.map_err(CallError::Rpc));
                true
            }
            None => false,
        }
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        for (_, answer) in std::mem::take(&mut self.pending) {
            let _ = answer.send(Err(CallError::Interrupted));
        }
    }
}
