//! Steps two to four of a turn: decide, commit, hear back.

use std::collections::BTreeSet;

use actix::prelude::*;
use futures_util::future::{Either, join_all, select};
use kontena_core::{
    Moment, Snapshot,
    domain::{Change, DeployState, ServiceId, Time},
    placement::watches_services,
    reconcile::{self, Attempts, Verdict},
    rollout::{self, Order},
};
use kontena_store::StoreError;

use super::{
    OrderEnded, Picture, SWEEP, SchedulerActor,
    decisions::{Decision, Decisions},
};
use crate::{actors::Tools, telemetry::metrics};

/// Conflicts in a row about one service after which the picture is not believed any more.
const MOST_CONFLICTS: u32 = 6;

/// One service's share of a turn: written as one job.
struct Share {
    service: ServiceId,
    changes: Vec<Change>,
    orders: Vec<Order>,
    /// The ended orders it answers to: heard again where it is not written.
    answered: Vec<OrderEnded>,
}

impl SchedulerActor {
    /// Takes a turn, and waits for a reason to take the next.
    pub(super) fn turn(&mut self, ctx: &mut Context<Self>) {
        self.tools.failpoints.pass("scheduler: turn");
        let ended = std::mem::take(&mut self.ended);
        let Some(picture) = self.picture.as_mut() else {
            return;
        };
        let now = self.tools.clock.now();
        let looks_at_all = gather(picture, now);
        picture.snapshot.absences = self.tools.attendance.absences();
        picture.removed.drain(..).for_each(|service| self.decisions.forget(service));
        let mut shares = decide(picture, &ended, &self.tools, &mut self.decisions);
        if looks_at_all {
            picture.pace.looked(now, self.tools.clock.now());
        }
        let evaluated = u64::try_from(shares.len()).unwrap_or_default();
        shares.retain(|share| !share.changes.is_empty() || !share.orders.is_empty());
        self.count(evaluated);
        self.refresh_nodes();
        if shares.is_empty() {
            self.wait(ctx);
        } else {
            self.commit(shares, ctx);
        }
    }

    fn count(&self, evaluated: u64) {
        if evaluated > 0
            && let Some(picture) = &self.picture
        {
            let labels = format!("grid=\"{}\"", picture.snapshot.grid.name);
            self.tools.metrics.add(metrics::EVALUATIONS, labels, evaluated);
        }
    }

    /// Waits for a commit, a deadline or the end of an order; whichever comes first starts the next turn.
    fn wait(&mut self, ctx: &mut Context<Self>) {
        let Some(mut picture) = self.picture.take() else {
            return;
        };
        let (wake, woken) = tokio::sync::oneshot::channel();
        self.wake = Some(wake);
        if !self.ended.is_empty() {
            self.wake = None;
        }
        let next = picture.alarms.next();
        let next = picture.pace.next().map_or(next, |due| due.min(next));
        let until_alarm = next - self.tools.clock.now();
        let pause = until_alarm.to_std().unwrap_or_default().min(SWEEP);
        let wait = async move {
            let timer = tokio::time::sleep(pause);
            let reasons = Box::pin(async {
                match select(woken, Box::pin(timer)).await {
                    Either::Left(_) | Either::Right(_) => {}
                }
            });
            let committed = match select(Box::pin(picture.follower.next()), reasons).await {
                Either::Left((Some(committed), _)) => Ok(Some(committed)),
                Either::Left((None, _)) => Err(()),
                Either::Right(_) => Ok(None),
            };
            (picture, committed)
        };
        ctx.spawn(wait.into_actor(self).map(|(mut picture, committed), actor, ctx| {
            match committed {
                Ok(committed) => {
                    picture.now = actor.tools.clock.now();
                    if let Some(committed) = committed {
                        picture.committed(&committed);
                    }
                    actor.picture = Some(picture);
                    actor.turn(ctx);
                }
                // Cut off from the feed: the picture has a gap.
                Err(()) => actor.load(ctx),
            }
        }));
    }

    fn commit(&mut self, shares: Vec<Share>, ctx: &mut Context<Self>) {
        let (store, grid) = (self.tools.store.clone(), self.grid);
        let failpoints = self.tools.failpoints.clone();
        let commit = async move {
            let write = shares.into_iter().map(|share| {
                let (store, changes) = (store.clone(), share.changes.clone());
                async move {
                    if changes.is_empty() {
                        return (share, Ok(()));
                    }
                    let written = store.write(move |tx| tx.apply_all(grid, changes.clone())).await;
                    (share, written)
                }
            });
            let written = join_all(write).await;
            failpoints.pass("scheduler: after commit");
            written
        };
        ctx.spawn(commit.into_actor(self).map(|written, actor, ctx| {
            let mut orders = Vec::new();
            let mut reload = false;
            for (share, outcome) in written {
                match outcome {
                    Ok(()) => {
                        actor.settled(share.service);
                        actor.count_deploys(&share.changes);
                        orders.extend(share.orders);
                    }
                    Err(StoreError::Conflict(what)) => {
                        reload |= actor.decide_again(share.service, what);
                        actor.ended.extend(share.answered);
                    }
                    Err(StoreError::Taken(what)) => {
                        reload |= actor.decide_again(share.service, &what);
                        actor.ended.extend(share.answered);
                    }
                    Err(error) => {
                        actor.give_up(&error, ctx);
                        return;
                    }
                }
            }
            orders.into_iter().for_each(|order| actor.carry_out(order, ctx));
            if reload {
                log::warn!("scheduler of grid {}: loading it afresh", actor.grid);
                actor.load(ctx);
                return;
            }
            // What was written is in the feed by now, and is applied before anything else is decided.
            actor.turn(ctx);
        }));
    }

    /// Something the decision presupposed has changed. The feed holds what, and a look follows; where it
    /// keeps meeting something else than the picture holds, the picture is wrong. Says whether it is.
    fn decide_again(&mut self, service: ServiceId, what: &str) -> bool {
        log::debug!("scheduler of grid {}: {what}; deciding again on {service}", self.grid);
        let now = self.tools.clock.now();
        let Some(picture) = self.picture.as_mut() else { return false };
        let conflicts = picture.conflicts.entry(service).or_default();
        *conflicts += 1;
        let pause = chrono::TimeDelta::milliseconds(50 << (*conflicts).min(8));
        picture.alarms.set(service, now + pause);
        *conflicts >= MOST_CONFLICTS
    }

    fn settled(&mut self, service: ServiceId) {
        if let Some(picture) = self.picture.as_mut() {
            picture.conflicts.remove(&service);
        }
    }

    fn count_deploys(&self, changes: &[Change]) {
        let Some(picture) = &self.picture else { return };
        for change in changes {
            if let Change::DeployFinished { state, .. } = change {
                let result = if *state == DeployState::Success { "success" } else { "error" };
                let labels = format!("grid=\"{}\",result=\"{result}\"", picture.snapshot.grid.name);
                self.tools.metrics.count(metrics::DEPLOYS, labels);
            }
        }
    }
}

/// Takes in what was committed and what is due. True where every service is looked at.
fn gather(picture: &mut Picture, now: Time) -> bool {
    picture.now = now;
    while let Some(committed) = picture.follower.try_next() {
        picture.committed(&committed);
    }
    picture.snapshot.forget_old_peaks(now);
    picture.mark_neighbours();
    for service in picture.alarms.take_due(now) {
        picture.look_at(service, "a deadline has passed");
    }
    let nodes = picture.pace.take_due(now);
    if let Some(trigger) = &nodes {
        picture.mark_all(trigger);
    }
    let sweep = picture.alarms.take_sweep(now, chrono::TimeDelta::seconds(20));
    if sweep {
        picture.mark_all(&"the regular look".into());
    }
    sweep || nodes.is_some()
}

/// Looks at every affected service once.
fn decide(
    picture: &mut Picture,
    ended: &[OrderEnded],
    tools: &Tools,
    decisions: &mut Decisions,
) -> Vec<Share> {
    let mut moment = tools.clock.moment();
    let mut shares: Vec<Share> = Vec::new();
    for order in ended {
        let service = picture.snapshot.deploy(order.deploy).map(|deploy| deploy.service);
        let Some(service) = service else { continue };
        let OrderEnded { deploy, number, node, outcome } = order;
        let snapshot = &picture.snapshot;
        let step = match outcome {
            Ok(()) => rollout::volumes_refreshed(snapshot, *deploy, *number, *node, &mut moment),
            Err(text) => {
                rollout::notify_failed(snapshot, *deploy, *number, *node, text, &mut moment)
            }
        };
        picture.look_at(service, "a node has answered an order, or has not");
        if !step.changes.is_empty() {
            // The step after this one is taken when its changes have come back; two orders of one
            // service in a turn touch different instances and may be written together.
            match shares.iter_mut().find(|share| share.service == service) {
                Some(share) => {
                    share.changes.extend(step.changes);
                    share.orders.extend(step.orders);
                    share.answered.push(order.clone());
                }
                None => {
                    let (changes, orders) = (step.changes, step.orders);
                    let answered = vec![order.clone()];
                    shares.push(Share { service, changes, orders, answered });
                }
            }
        }
    }
    let mut claims = Claims::default();
    for (service, trigger) in picture.take_dirty() {
        if shares.iter().any(|share| share.service == service) {
            picture.alarms.set(service, moment.now);
            continue;
        }
        if claims.concern(&picture.snapshot, service) {
            picture.postponed.insert(service, trigger);
            continue;
        }
        picture.alarms.clear(service);
        let look = look_at(picture, service, tools, &mut moment);
        let acts =
            look.share.changes.iter().any(|change| matches!(change, Change::DeployCreated(_)));
        claims.note(&picture.snapshot, &look.share);
        shares.push(look.share);
        if let Some(at) = look.wake_at {
            picture.alarms.set(service, at);
        }
        let decision = Decision { at: moment.now, trigger, reason: look.reason, acted: None };
        decisions.note(service, decision, acts);
    }
    shares
}

/// What this turn has placed, and the picture does not show before it is committed: who is placed by it is
/// looked at in the next turn, so that two services do not take one port of one node.
#[derive(Default)]
struct Claims {
    any: bool,
    ports: BTreeSet<u16>,
}

impl Claims {
    fn note(&mut self, snapshot: &Snapshot, share: &Share) {
        let places = |change: &Change| match change {
            Change::InstanceCreated(_)
            | Change::InstancePlaced { .. }
            | Change::InstanceRemoved { .. } => true,
            Change::DeployProgressed { instance, .. } => !instance.state.is_final(),
            _ => false,
        };
        if share.changes.iter().any(places) {
            self.any = true;
            let service = snapshot.service(share.service);
            let ports = service.iter().flat_map(|service| &service.spec.ports);
            self.ports.extend(ports.map(|port| port.node_port));
        }
    }

    fn concern(&self, snapshot: &Snapshot, service: ServiceId) -> bool {
        let Some(service) = snapshot.service(service).filter(|_| self.any) else {
            return false;
        };
        service.spec.ports.iter().any(|port| self.ports.contains(&port.node_port))
            || watches_services(service, &snapshot.grid)
    }
}

/// What came of a look at a service.
struct Look {
    share: Share,
    wake_at: Option<Time>,
    /// What was decided, and why, in one sentence.
    reason: String,
}

/// Takes a step in the service's deploys, or else judges whether it needs one.
fn look_at(picture: &mut Picture, service: ServiceId, tools: &Tools, moment: &mut Moment) -> Look {
    let snapshot = &picture.snapshot;
    let graces = &tools.rules.graces;
    let mut share =
        Share { service, changes: Vec::new(), orders: Vec::new(), answered: Vec::new() };
    let mut wake_at: Option<Time> = None;
    let deploys: Vec<_> = snapshot.deploys_of(service).iter().map(|deploy| deploy.id).collect();
    for deploy in deploys {
        let step = rollout::step(snapshot, deploy, graces, moment);
        wake_at = earliest(wake_at, step.wake_at);
        share.orders.extend(step.orders);
        if !step.changes.is_empty() {
            share.changes = step.changes;
            return Look { share, wake_at, reason: "a deploy of the service goes on".to_owned() };
        }
    }
    let judgement = reconcile::judge(snapshot, service, moment.now, graces, moment);
    wake_at = earliest(wake_at, judgement.wake_at);
    let attempts = picture.attempts.entry(service).or_default();
    let mut reason = judgement.reason;
    match judgement.verdict {
        Verdict::Leave => {}
        Verdict::Deploy(cause) => match attempts.retry_at(snapshot, service, moment.now) {
            Some(at) => {
                wake_at = earliest(wake_at, Some(at));
                let told = reconcile::deploy_in_vain;
                share
                    .changes
                    .extend(complain(told, snapshot, service, attempts, &reason, moment.now));
                reason.push_str("; the last deploy did not help, and nothing has changed since");
            }
            None => {
                share.changes = reconcile::deploy_changes(snapshot, service, cause, moment);
            }
        },
        Verdict::Failed(text) => {
            let told = reconcile::check_failed;
            share.changes.extend(complain(told, snapshot, service, attempts, &text, moment.now));
        }
    }
    Look { share, wake_at, reason }
}

/// An event about a service as it is: why it cannot be judged, or that its last deploy was in vain.
type Complaint = fn(&Snapshot, ServiceId, &str, Time) -> Option<Change>;

/// What repeats without a change is told once per revision.
fn complain(
    complaint: Complaint,
    snapshot: &Snapshot,
    service: ServiceId,
    attempts: &mut Attempts,
    text: &str,
    now: Time,
) -> Option<Change> {
    let revision = snapshot.service(service)?.revision;
    if attempts.is_news(revision, text) { complaint(snapshot, service, text, now) } else { None }
}

fn earliest(one: Option<Time>, two: Option<Time>) -> Option<Time> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    }
}
