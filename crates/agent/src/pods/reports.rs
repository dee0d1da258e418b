//! What the master was told about each pod, and what it has yet to be told.
//!
//! [`Ledger`] keeps the books: a state is reported when it differs from the last one the master has
//! *acknowledged*, one report per pod at a time, never an older deploy revision after a newer one, and
//! everything again after a reconnect. [`Reports`] sends what the ledger says.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use kontena_protocol::agent::{PodState, json, method};
use rmpv::Value;
use tokio::{sync::Notify, time::interval};

use crate::{
    engine::PodKey,
    session::{Link, Master},
};

/// How many reports of one agent are on their way at once.
const AT_ONCE: usize = 4;
/// How long a failed report waits for another try, unless the connection is renewed before.
const RETRY: Duration = Duration::from_secs(30);

/// The books of one agent's reports.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pods: BTreeMap<PodKey, Entry>,
    due: BTreeSet<PodKey>,
}

#[derive(Debug)]
struct Entry {
    current: PodState,
    acknowledged: Option<PodState>,
    under_way: bool,
    newest_rev: Option<String>,
}

impl Entry {
    fn is_due(&self) -> bool {
        !self.under_way && self.acknowledged.as_ref() != Some(&self.current)
    }
}

impl Ledger {
    /// Notes a pod's state.
    pub(super) fn record(&mut self, pod: &PodKey, state: PodState) {
        let entry = match self.pods.get_mut(pod) {
            Some(entry) => {
                let older = state.rev.is_some() && state.rev < entry.newest_rev;
                if older {
                    return;
                }
                entry.newest_rev = state.rev.clone().or(entry.newest_rev.take());
                entry.current = state;
                entry
            }
            None => self.pods.entry(pod.clone()).or_insert(Entry {
                newest_rev: state.rev.clone(),
                current: state,
                acknowledged: None,
                under_way: false,
            }),
        };
        if entry.is_due() {
            self.due.insert(pod.clone());
        }
    }

    /// Hands out the next report to be sent.
    pub(super) fn next(&mut self) -> Option<(PodKey, PodState)> {
        while let Some(pod) = self.due.pop_first() {
            if let Some(entry) = self.pods.get_mut(&pod)
                && entry.is_due()
            {
                entry.under_way = true;
                return Some((pod, entry.current.clone()));
            }
        }
        None
    }

    /// Takes back a report that was sent, acknowledged or not.
    pub(super) fn done(&mut self, pod: &PodKey, sent: PodState, acknowledged: bool) {
        let Some(entry) = self.pods.get_mut(pod) else {
            return;
        };
        entry.under_way = false;
        let changed = entry.current != sent;
        if acknowledged {
            entry.acknowledged = Some(sent);
        }
        if changed && entry.is_due() {
            self.due.insert(pod.clone());
        }
    }

    /// A report that failed is due again.
    pub(super) fn retry(&mut self) {
        let due = self.pods.iter().filter(|(_, entry)| entry.is_due());
        self.due.extend(due.map(|(pod, _)| pod.clone()));
    }

    /// The connection is a new one: nothing counts as acknowledged.
    pub(super) fn start_over(&mut self) {
        for entry in self.pods.values_mut() {
            entry.acknowledged = None;
        }
        self.retry();
    }

    /// The pod is gone.
    pub(super) fn forget(&mut self, pod: &PodKey) {
        self.pods.remove(pod);
        self.due.remove(pod);
    }
}

/// Reports pod states to the master.
pub(super) struct Reports {
    node_id: String,
    master: Master,
    ledger: Mutex<Ledger>,
    bell: Notify,
}

type Sending<'a> = BoxFuture<'a, (PodKey, PodState, bool)>;

impl Reports {
    pub(super) fn new(node_id: String, master: Master) -> Self {
        Self { node_id, master, ledger: Mutex::default(), bell: Notify::new() }
    }

    /// Reports a state, now or as soon as the master can be told.
    pub(super) fn record(&self, pod: &PodKey, state: PodState) {
        self.ledger().record(pod, state);
        self.bell.notify_one();
    }

    /// Says nothing more about a pod.
    pub(super) fn forget(&self, pod: &PodKey) {
        self.ledger().forget(pod);
    }

    /// Sends reports for as long as it is polled.
    pub(super) async fn run(&self) {
        let mut link = self.master.link();
        let mut retry = interval(RETRY);
        let mut under_way: FuturesUnordered<Sending<'_>> = FuturesUnordered::new();
        loop {
            // Without a connection a report would only wait; it may as well wait in the books.
            let connected = matches!(*link.borrow_and_update(), Link::Established(_));
            while connected && under_way.len() < AT_ONCE {
                let Some((pod, state)) = self.ledger().next() else {
                    break;
                };
                under_way.push(Box::pin(self.send(pod, state)));
            }
            // In this order, so that a run can be repeated.
            tokio::select! {
                biased;
                Some((pod, state, acknowledged)) = under_way.next() =>
                    self.ledger().done(&pod, state, acknowledged),
                () = self.bell.notified() => {}
                changed = link.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    if matches!(*link.borrow(), Link::Established(_)) {
                        self.ledger().start_over();
                    }
                }
                _ = retry.tick() => self.ledger().retry(),
            }
        }
    }

    async fn send(&self, pod: PodKey, state: PodState) -> (PodKey, PodState, bool) {
        let params = vec![Value::from(self.node_id.as_str()), json::encode(&state)];
        let answer = self.master.request(method::PODS_SET_STATE, params).await;
        if let Err(error) = &answer {
            log::warn!("cannot report the state of pod {pod}: {error}");
        }
        (pod, state, answer.is_ok())
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Every change of the books is complete before anything in it could panic.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> PodKey {
        PodKey { service_id: "s".into(), instance_number: 1 }
    }

    fn state(rev: Option<&str>, state: &str) -> PodState {
        PodState {
            service_id: "s".into(),
            instance_number: 1,
            rev: rev.map(str::to_owned),
            state: state.into(),
            error: None,
        }
    }

    #[test]
    fn equal_states_are_reported_once_after_they_were_acknowledged() {
        let mut ledger = Ledger::default();
        let running = state(Some("2"), "running");
        ledger.record(&key(), running.clone());
        assert_eq!(ledger.next(), Some((key(), running.clone())));
        ledger.record(&key(), running.clone());
        assert_eq!(ledger.next(), None, "one at a time");
        ledger.done(&key(), running.clone(), true);
        ledger.record(&key(), running);
        assert_eq!(ledger.next(), None);
    }

    #[test]
    fn case_146_a_lost_report_is_due_after_a_reconnect() {
        let mut ledger = Ledger::default();
        let running = state(Some("2"), "running");
        ledger.record(&key(), running.clone());
        ledger.next();
        ledger.done(&key(), running.clone(), false);
        assert_eq!(ledger.next(), None, "not in a tight loop");
        ledger.start_over();
        assert_eq!(ledger.next(), Some((key(), running.clone())));
        ledger.done(&key(), running.clone(), true);
        ledger.start_over();
        assert_eq!(ledger.next(), Some((key(), running)), "acknowledged ones, too");
    }

    #[test]
    fn an_older_revision_is_never_reported_after_a_newer_one() {
        let mut ledger = Ledger::default();
        ledger.record(&key(), state(Some("2017-08-01 12:34:57 UTC"), "running"));
        ledger.next();
        ledger.record(&key(), state(Some("2017-08-01 12:34:56 UTC"), "stopped"));
        ledger.done(&key(), state(Some("2017-08-01 12:34:57 UTC"), "running"), true);
        assert_eq!(ledger.next(), None);
        let fraction = state(Some("2017-08-01 12:34:57.5 UTC"), "running");
        ledger.record(&key(), fraction.clone());
        assert_eq!(ledger.next(), Some((key(), fraction)));
    }

    #[test]
    fn a_change_during_a_report_follows_it() {
        let mut ledger = Ledger::default();
        ledger.record(&key(), state(None, "running"));
        let (_, first) = ledger.next().expect("due");
        let stopped = state(Some("1"), "stopped");
        ledger.record(&key(), stopped.clone());
        ledger.done(&key(), first, true);
        assert_eq!(ledger.next(), Some((key(), stopped)));
        ledger.forget(&key());
        ledger.retry();
        assert_eq!(ledger.next(), None);
    }
}
