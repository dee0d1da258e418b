//! Service pods: what the master lists for this node, compared with what the engine runs.
//!
//! ```text
//!   first node info --> adopt containers that are there --> list --> one worker per pod
//!                                                            ^           |
//!                           every 30 s, on notify, reconnect-+           v
//!                                           engine events --> look   reports
//! ```
//!
//! The manager lists and hands out; `worker` brings one pod where it should be, [`mod@decide`] says
//! how, `actions` does it, `reports` tells the master. A list that failed changes nothing.

mod actions;
mod context;
mod crash;
pub mod decide;
mod hooks;
mod images;
mod mailbox;
mod reports;
pub mod spec;
mod worker;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use context::Context;
use futures_util::{StreamExt, future::BoxFuture, stream::BoxStream};
use kontena_protocol::agent::{PodState, ServicePod};
use mailbox::{Mailbox, Wanted};
use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinSet,
    time::sleep,
};
use worker::Worker;

use crate::{
    clock::Clock,
    engine::{Container, ENGINE_PAUSE, Engine, Heard, PodKey, Voice, follow},
    records::Recorder,
    session::{CallError, Link, Master},
    volumes,
};

/// The pause between two lists that nobody asked for.
const LIST_PAUSE: Duration = Duration::from_secs(30);
/// How many restarts may wait to be handed out.
const RESTARTS: usize = 64;

/// What the master's calls reach the manager by.
#[derive(Clone)]
pub struct Inbox {
    list: Arc<Notify>,
    restarts: mpsc::Sender<PodKey>,
    unlocked: watch::Sender<bool>,
}

impl Inbox {
    /// The node is known: pods may be managed from now on.
    pub fn unlock(&self) {
        self.unlocked.send_if_modified(|unlocked| !std::mem::replace(unlocked, true));
    }

    /// Follows whether the node is known.
    #[must_use]
    pub fn known(&self) -> watch::Receiver<bool> {
        self.unlocked.subscribe()
    }

    /// The list has changed. Before the node is known there is nothing to list.
    pub fn list(&self) {
        if *self.unlocked.borrow() {
            self.list.notify_one();
        }
    }

    /// A pod shall be restarted.
    pub fn restart(&self, pod: PodKey) {
        if let Err(error) = self.restarts.try_send(pod) {
            log::warn!("cannot restart: {error}");
        }
    }
}

/// Manages the pods of one node.
pub struct Pods {
    ctx: Arc<Context>,
    link: watch::Receiver<Link>,
    slots: BTreeMap<PodKey, Slot>,
    workers: JoinSet<PodKey>,
    list: Arc<Notify>,
    restarts: mpsc::Receiver<PodKey>,
    unlocked: watch::Receiver<bool>,
}

/// What the manager keeps of a worker.
struct Slot {
    mailbox: Arc<Mailbox>,
    wanted: Option<Wanted>,
}

/// Makes the inbox first: the session's handler needs it before there is a way to the master.
#[must_use]
pub fn inbox() -> (Inbox, InboxEnd) {
    let (restarts, received) = mpsc::channel(RESTARTS);
    let (unlocked, watched) = watch::channel(false);
    let list = Arc::new(Notify::new());
    let end = InboxEnd { list: Arc::clone(&list), restarts: received, unlocked: watched };
    let inbox = Inbox { list, restarts, unlocked };
    (inbox, end)
}

/// The manager's end of an [`Inbox`].
pub struct InboxEnd {
    list: Arc<Notify>,
    restarts: mpsc::Receiver<PodKey>,
    unlocked: watch::Receiver<bool>,
}

impl Pods {
    /// Makes the manager of one node's pods.
    #[must_use]
    pub(crate) fn new(
        engine: Arc<dyn Engine>,
        clock: Clock,
        master: Master,
        node_id: String,
        inbox: InboxEnd,
        recorder: Recorder,
        volumes: volumes::Inbox,
    ) -> Self {
        let link = master.link();
        let ctx = Context::new(engine, clock, master, node_id, recorder, volumes);
        Self {
            link,
            ctx: Arc::new(ctx),
            slots: BTreeMap::new(),
            workers: JoinSet::new(),
            list: inbox.list,
            restarts: inbox.restarts,
            unlocked: inbox.unlocked,
        }
    }

    /// Manages pods for as long as it is polled; dropping it leaves all containers as they are.
    pub async fn run(mut self) {
        if self.unlocked.wait_for(|unlocked| *unlocked).await.is_err() {
            return;
        }
        let ctx = Arc::clone(&self.ctx);
        tokio::join!(self.manage(), ctx.reports.run());
    }

    async fn manage(&mut self) {
        self.adopt().await;
        let mut hints = self.hints();
        let mut listing: Option<BoxFuture<'static, Result<Vec<ServicePod>, CallError>>> = None;
        let mut pause = Box::pin(sleep(Duration::ZERO));
        loop {
            // In this order, so that a run can be repeated; what comes seldom comes first and starves nobody.
            tokio::select! {
                biased;
                () = &mut pause, if listing.is_none() => listing = Some(self.start_list()),
                () = self.list.notified(), if listing.is_none() => listing = Some(self.start_list()),
                listed = wait_for(&mut listing) => {
                    listing = None;
                    pause = Box::pin(sleep(LIST_PAUSE));
                    self.take_list(listed);
                }
                Some(hint) = hints.next() => match hint {
                    Hint::Pod(pod) => self.look(Some(&pod)),
                    Hint::Returned => {
                        self.look(None);
                        self.list.notify_one();
                    }
                },
                Some(pod) = self.restarts.recv() => self.restart(&pod),
                Some(ended) = self.workers.join_next() => self.take_end(ended),
                changed = self.link.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    if matches!(*self.link.borrow(), Link::Established(_)) {
                        self.list.notify_one();
                    }
                }
            }
        }
    }

    /// Takes over the containers that were there before this agent: nothing is done to them until the
    /// master has listed their pods.
    async fn adopt(&mut self) {
        let found = loop {
            match self.ctx.engine.service_containers().await {
                Ok(found) => break found,
                Err(error) => {
                    log::error!("cannot list containers, trying again: {error}");
                    sleep(ENGINE_PAUSE).await;
                }
            }
        };
        for container in found {
            let Some(key) = container.pod() else { continue };
            if self.slots.contains_key(&key) {
                continue;
            }
            log::info!("pod {key}: found container {}", container.name);
            let state = if container.running { "running" } else { "stopped" };
            let report = PodState {
                service_id: key.service_id.clone(),
                instance_number: key.instance_number,
                rev: None,
                state: state.to_owned(),
                error: None,
            };
            self.ctx.reports.record(&key, report);
            self.hire(key, None, Some(&container));
        }
    }

    fn start_list(&self) -> BoxFuture<'static, Result<Vec<ServicePod>, CallError>> {
        let ctx = Arc::clone(&self.ctx);
        Box::pin(async move { ctx.list().await })
    }

    fn take_list(&mut self, listed: Result<Vec<ServicePod>, CallError>) {
        // Events can be missed; a look is cheap.
        self.look(None);
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) => {
                log::warn!("cannot list pods, leaving all as it is: {error}");
                return;
            }
        };
        let mut known = BTreeSet::new();
        for pod in listed {
            let key =
                PodKey { service_id: pod.service_id.clone(), instance_number: pod.instance_number };
            known.insert(key.clone());
            self.hand_out(key, Wanted::Listed(Arc::new(pod)));
        }
        let gone: Vec<_> = self.slots.keys().filter(|key| !known.contains(key)).cloned().collect();
        for key in gone {
            self.hand_out(key, Wanted::Terminated);
        }
    }

    fn hand_out(&mut self, key: PodKey, wanted: Wanted) {
        match self.slots.get_mut(&key) {
            Some(slot) => {
                slot.wanted = Some(wanted.clone());
                slot.mailbox.post(|mail| mail.wanted = Some(wanted));
            }
            None => self.hire(key, Some(wanted), None),
        }
    }

    /// Starts a worker.
    fn hire(&mut self, key: PodKey, wanted: Option<Wanted>, found: Option<&Container>) {
        let mailbox = Arc::new(Mailbox::default());
        mailbox.post(|mail| mail.wanted.clone_from(&wanted));
        let ctx = Arc::clone(&self.ctx);
        let worker = Worker::new(ctx, key.clone(), Arc::clone(&mailbox), found);
        self.workers.spawn(worker.run());
        self.slots.insert(key, Slot { mailbox, wanted });
    }

    fn look(&self, pod: Option<&PodKey>) {
        let slots = self.slots.iter().filter(|(key, _)| pod.is_none_or(|pod| pod == *key));
        for (_, slot) in slots {
            slot.mailbox.post(|mail| mail.look = true);
        }
    }

    fn restart(&self, pod: &PodKey) {
        match self.slots.get(pod) {
            Some(slot) => slot.mailbox.post(|mail| mail.restart = true),
            None => log::warn!("pod {pod}: asked to restart a pod that is not here"),
        }
    }

    /// A worker ended: its pod is terminated, unless it has been listed again meanwhile.
    fn take_end(&mut self, ended: Result<PodKey, tokio::task::JoinError>) {
        let key = match ended {
            Ok(key) => key,
            Err(error) => {
                log::error!("a pod's worker broke: {error}");
                self.replace_broken();
                return;
            }
        };
        if let Some(slot) = self.slots.remove(&key)
            && let Some(Wanted::Listed(pod)) = slot.wanted
        {
            self.hire(key, Some(Wanted::Listed(pod)), None);
        }
    }

    /// A worker that broke says not which it was: the one whose mailbox nobody else holds.
    fn replace_broken(&mut self) {
        let broken = self.slots.extract_if(.., |_, slot| Arc::strong_count(&slot.mailbox) == 1);
        let broken: Vec<_> = broken.collect();
        for (key, slot) in broken {
            self.hire(key, slot.wanted, None);
        }
    }

    /// Follows the engine's events for ever, as far as they concern pods.
    fn hints(&self) -> BoxStream<'static, Hint> {
        let heard = follow(Arc::clone(&self.ctx.engine), Voice::Loud);
        let hints = heard.filter_map(|heard| {
            std::future::ready(match heard {
                Heard::Event(event) => {
                    let changes = event.changes_state();
                    event.pod.filter(|_| changes).map(Hint::Pod)
                }
                Heard::Returned => Some(Hint::Returned),
            })
        });
        hints.boxed()
    }
}

/// What the engine's events come to.
enum Hint {
    /// Something happened to this pod.
    Pod(PodKey),
    /// The engine was away.
    Returned,
}

async fn wait_for<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}
