//! Whether a service's instances are as many as they should be, and where (`scheduling.md` 4.4).

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::{
    domain::{Availability, Node, NodeId, Service, Time},
    grace::{self, Graces},
    moment::Moment,
    placement::{Failure, Run},
    snapshot::{Snapshot, roster::Spots},
};

/// How long a node that has connected may take to describe itself before it counts anyway (8.2 #19).
const SETTLING: TimeDelta = TimeDelta::seconds(5);

/// The outcome.
pub(super) struct Placement {
    /// What is wrong, in a sentence.
    pub(super) wrong: Option<String>,
    /// Why nothing is, in a sentence.
    pub(super) right: String,
    /// When that could change by time alone.
    pub(super) wake_at: Option<Time>,
}

/// Compares the nodes that are used with those a run would use. Nodes in their grace that hold instances
/// are candidates like connected ones.
pub(super) fn placement(
    snapshot: &Snapshot,
    service: &Service,
    now: Time,
    graces: &Graces,
    moment: &mut Moment,
) -> Result<Placement, Failure> {
    let rows = snapshot.instances(service.id).filter_map(|row| row.node);
    let rows: Vec<_> = rows.collect();
    let used: BTreeSet<_> = rows.iter().copied().collect();
    let candidates = Candidates::new(snapshot, service, &used, now, graces);
    if !candidates.any_connected {
        let right = "no node is connected".into();
        return Ok(Placement { wrong: None, right, wake_at: candidates.wake_at });
    }
    let wake_at = candidates.wake_at;
    let right = candidates.sentence();
    let mut run = Run::over(snapshot, service, candidates.spots);
    let total = run.total()?;
    let wrong = if usize::try_from(total) != Ok(rows.len()) {
        let count = rows.len();
        Some(format!("{count} of {total} instances have a node"))
    } else {
        let wanted = run.dry_run(total, moment)?;
        (wanted != used).then(|| difference(snapshot, service, &used, &wanted))
    };
    Ok(Placement { wrong, right, wake_at })
}

/// The nodes that a service is judged over.
pub(crate) fn candidates(
    snapshot: &Snapshot,
    service: &Service,
    now: Time,
    graces: &Graces,
) -> Spots {
    let used = snapshot.instances(service.id).filter_map(|row| row.node).collect();
    Candidates::new(snapshot, service, &used, now, graces).spots
}

/// The nodes a run may use.
struct Candidates<'a> {
    spots: Spots,
    any_connected: bool,
    in_grace: Vec<(&'a Node, Time)>,
    wake_at: Option<Time>,
}

impl<'a> Candidates<'a> {
    fn new(
        snapshot: &'a Snapshot,
        service: &Service,
        used: &BTreeSet<NodeId>,
        now: Time,
        graces: &Graces,
    ) -> Self {
        let roster = snapshot.roster();
        let spots = roster.sets().connected.clone();
        let mut candidates =
            Self { spots, any_connected: false, in_grace: Vec::new(), wake_at: None };
        for spot in &roster.sets().settling {
            // A newcomer counts once its engine is known; what runs on a returning node stays.
            if let Some(node) = roster.at(spot).filter(|node| !used.contains(&node.id))
                && let Some(at) = settles_at(node).filter(|at| *at > now)
            {
                candidates.spots.remove(spot);
                candidates.wake_by(at);
            }
        }
        candidates.any_connected = !candidates.spots.is_empty();
        for node in used.iter().filter_map(|node| snapshot.node(*node)) {
            if let Some(deadline) = grace::deadline(snapshot, node, service.spec.strategy, graces)
                && deadline > now
                && let Some(spot) = roster.spot(node.id)
            {
                candidates.spots.insert(spot);
                candidates.in_grace.push((node, deadline));
                candidates.wake_by(deadline);
            }
        }
        candidates
    }

    fn wake_by(&mut self, at: Time) {
        self.wake_at = Some(self.wake_at.map_or(at, |known| known.min(at)));
    }

    fn sentence(&self) -> String {
        match self.in_grace.as_slice() {
            [] => "every instance is where it shall be".into(),
            nodes => {
                let words = nodes.iter().map(|(node, deadline)| {
                    format!("node {} is offline and has until {deadline} to come back", node.name)
                });
                words.collect::<Vec<_>>().join("; ")
            }
        }
    }
}

/// When a connected node counts although it has not described itself.
fn settles_at(node: &Node) -> Option<Time> {
    let last_seen_at = node.last_seen_at.filter(|_| !node.updated)?;
    Some(last_seen_at + SETTLING)
}

/// Which nodes are used and should not be, and the other way round.
fn difference(
    snapshot: &Snapshot,
    service: &Service,
    used: &BTreeSet<NodeId>,
    wanted: &BTreeSet<NodeId>,
) -> String {
    let name = |node: &NodeId| snapshot.node(*node).map_or("(gone)", |node| &node.name);
    let leave = used.difference(wanted).map(|node| {
        let why = snapshot.node(*node).map_or("gone", reason_to_leave);
        format!("node {} {why}", name(node))
    });
    let enter =
        wanted.difference(used).map(|node| format!("node {} shall get an instance", name(node)));
    let sentences: Vec<_> = leave.chain(enter).collect();
    format!("{} ({})", sentences.join(", "), service.spec.strategy.as_str())
}

fn reason_to_leave(node: &Node) -> &'static str {
    match node.availability {
        _ if !node.connected => "has been offline for longer than its grace period",
        Availability::Drain => "is drained",
        Availability::Active => "is no longer chosen",
    }
}
