//! What was tried for a service and did not help, so that it is not tried over and over (8.2 #3).
//!
//! ```text
//!  deploy ended ──> same question as before?  yes: 20 s, 40 s, 80 s … 10 min after the last end
//!                                             nodes or service changed: at once
//!                                             only instances did: at once, but three times
//!                                             in 20 s at most
//! ```
//!
//! The last line is for services that chase each other: each makes room for the other by moving.
//!
//! A deploy answers the question that was asked when it started. Where nodes or service were something else
//! at any time while it ran, it has answered none, also where that was taken back before its end.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::TimeDelta;

use crate::{
    domain::{Container, DeployOrigin, DeployState, NodeId, Service, ServiceId, Time},
    snapshot::Snapshot,
};

const FIRST_DELAY: TimeDelta = TimeDelta::seconds(20);
const LONGEST_DELAY: TimeDelta = TimeDelta::minutes(10);
/// How many deploys may follow each other at once, within [`FIRST_DELAY`], because other services moved.
const BURST: usize = 3;

/// The automatic deploys of one service so far; kept in memory by whoever asks for them. A new master
/// begins afresh, which costs one deploy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attempts {
    last: Option<Attempt>,
    running: Option<Running>,
    told: Option<(i64, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Attempt {
    question: Question,
    failed: bool,
    /// How often the same question was answered in vain.
    repeated_count: u32,
    not_before: Time,
    /// When the last few deploys ended on the same nodes, oldest first.
    ends: Vec<Time>,
}

/// The deploy that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Running {
    /// As it was at its start.
    question: Question,
    /// Nodes or service have been something else since.
    disturbed: bool,
}

/// What an attempt depends on, as fingerprints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Question {
    /// Nodes and specification.
    nodes: u64,
    /// Other services' instances and containers, as far as the filters look at them.
    others: u64,
    /// Own instances and their nodes.
    rows: u64,
}

impl Attempts {
    /// Until when no deploy may be asked for, because one about the same question was in vain; none: now.
    #[must_use]
    pub fn retry_at(&self, snapshot: &Snapshot, service: ServiceId, now: Time) -> Option<Time> {
        let last = self.last.as_ref()?;
        let question = Question::of(snapshot, snapshot.service(service)?);
        if question.nodes != last.question.nodes {
            return None;
        }
        // A success that is judged wrong again would only move instances to and fro.
        let same = question.others == last.question.others
            && (!last.failed || question.rows == last.question.rows);
        let repeated = same.then_some(last.not_before);
        let burst = last.ends.iter().rev().nth(BURST - 1);
        let burst = burst.map(|first| *first + FIRST_DELAY);
        repeated.max(burst).filter(|not_before| *not_before > now)
    }

    /// Takes note that a deploy has started; `snapshot` is the picture it starts from.
    pub fn began(&mut self, snapshot: &Snapshot, service: ServiceId) {
        let question = snapshot.service(service).map(|service| Question::of(snapshot, service));
        self.running = question.map(|question| Running { question, disturbed: false });
    }

    /// Takes note of the picture while a deploy runs, after each change of nodes, grid or service.
    pub fn seen(&mut self, snapshot: &Snapshot, service: ServiceId) {
        if let (Some(running), Some(service)) = (&mut self.running, snapshot.service(service)) {
            running.disturbed |= nodes(snapshot, service) != running.question.nodes;
        }
    }

    /// Takes note that a deploy has ended; `snapshot` is the picture after it. One whose start was not seen
    /// counts as an answer to the question at its end.
    pub fn ended(
        &mut self,
        snapshot: &Snapshot,
        service: ServiceId,
        (origin, state): (DeployOrigin, DeployState),
        now: Time,
    ) {
        self.seen(snapshot, service);
        let running = self.running.take();
        let service = snapshot.service(service);
        let Some(service) = service.filter(|_| !running.is_some_and(|run| run.disturbed)) else {
            self.last = None;
            return;
        };
        let mut question = Question::of(snapshot, service);
        if let Some(running) = running {
            // Its own instances have moved because of it, those of others have not.
            question.others = running.question.others;
        }
        let failed = state == DeployState::Error;
        let last = self.last.take();
        let last = last.filter(|last| last.question.nodes == question.nodes);
        let repeated = last.as_ref().filter(|last| {
            let since = now.signed_duration_since(last.not_before);
            // What has held for a while was not in vain.
            let same = last.question.others == question.others && since < LONGEST_DELAY;
            // People may deploy as often as they like.
            same && origin == DeployOrigin::Scheduler
        });
        let repeated_count = match repeated {
            Some(last) => last.repeated_count.saturating_add(1),
            None => u32::from(failed),
        };
        let mut ends = last.map(|last| last.ends).unwrap_or_default();
        ends.push(now);
        if ends.len() > BURST {
            ends.remove(0);
        }
        self.last = Some(Attempt {
            question,
            failed,
            repeated_count,
            not_before: now + delay(repeated_count),
            ends,
        });
    }

    /// Whether an error of the check is told for the first time at this revision of the service.
    pub fn is_news(&mut self, revision: i64, text: &str) -> bool {
        let told = self.told.as_ref();
        if told.is_some_and(|(told, words)| *told == revision && words == text) {
            return false;
        }
        self.told = Some((revision, text.to_owned()));
        true
    }
}

/// Nothing before the first repetition, then 20 s, doubled each time up to 10 min.
fn delay(repeated_count: u32) -> TimeDelta {
    match repeated_count {
        0 => TimeDelta::zero(),
        1..6 => FIRST_DELAY * 2i32.pow(repeated_count - 1),
        _ => LONGEST_DELAY,
    }
}

impl Question {
    fn of(snapshot: &Snapshot, service: &Service) -> Self {
        let mut rows = DefaultHasher::new();
        for row in snapshot.instances(service.id) {
            (row.number, row.node).hash(&mut rows);
        }
        Self {
            nodes: nodes(snapshot, service),
            others: others(snapshot, service),
            rows: rows.finish(),
        }
    }
}

fn nodes(snapshot: &Snapshot, service: &Service) -> u64 {
    let mut hasher = DefaultHasher::new();
    (service.revision, service.instances).hash(&mut hasher);
    snapshot.grid.default_affinity.hash(&mut hasher);
    snapshot.roster().sets().fingerprint().hash(&mut hasher);
    hasher.finish()
}

fn others(snapshot: &Snapshot, service: &Service) -> u64 {
    let mut hasher = DefaultHasher::new();
    let spec = &service.spec;
    let own = spec.affinity.iter();
    let texts: Vec<_> = own.chain(&snapshot.grid.default_affinity).collect();
    let speaks_of = |key| texts.iter().any(|text| text.starts_with(key));
    if speaks_of("service") {
        let others = snapshot.services().map(|other| other.id);
        foreign_rows(snapshot, service, others).hash(&mut hasher);
    } else {
        let ports = spec.ports.iter();
        let holders = ports.flat_map(|port| snapshot.publishers(port.node_port));
        foreign_rows(snapshot, service, holders).hash(&mut hasher);
    }
    let net = spec.net.as_deref().unwrap_or_default();
    let depends = !spec.volumes_from.is_empty() || net.starts_with("container:");
    if depends || speaks_of("container") {
        // A deploy replaces its own containers, which is no news to it.
        let foreign = |container: &&Container| container.service != Some(service.id);
        for container in snapshot.containers().filter(foreign) {
            (container.node, &container.name).hash(&mut hasher);
        }
    }
    hasher.finish()
}

fn foreign_rows(
    snapshot: &Snapshot,
    service: &Service,
    others: impl Iterator<Item = ServiceId>,
) -> Vec<(ServiceId, u32, Option<NodeId>)> {
    others
        .filter(|other| *other != service.id)
        .flat_map(|other| snapshot.instances(other))
        .map(|row| (row.service, row.number, row.node))
        .collect()
}
