//! Follows what is committed and holds it against the invariants that speak of changes: S1, S3, S4, S5,
//! S6 and S7. Knows nothing of machines.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::TimeDelta;
use kontena_core::{
    Moment, Snapshot,
    domain::{
        Availability, Change, Deploy, DeployOrigin, DeployState, Grid, Node, NodeId, Service,
        ServiceId, Strategy, Time,
    },
    grace::{self, Graces},
    invariants, presence,
    reconcile::{self, Verdict},
};
use kontena_store::{Committed, Follower, Store, snapshots};

/// Changes that are shown where a run fails.
const TAIL: usize = 60;
/// Characters of each.
const LINE: usize = 400;
/// Automatic deploys of one service in an hour in which nothing else that it looks at has changed: at
/// once, after 20 s, 40 s, and so on up to 10 min.
const MOST_AN_HOUR: usize = 14;
/// With different draws a judgement may differ; a deploy is due where any says so.
const DRAWS: u64 = 8;

/// Follows one grid over the lives of several masters.
pub struct Watch {
    grid: Grid,
    pub picture: Snapshot,
    /// None while no master runs.
    follower: Option<Follower>,
    graces: Graces,
    /// What is wrong, each in a sentence that begins with the name of the invariant.
    pub wrong: Vec<String>,
    tail: VecDeque<Change>,
    /// Automatic deploys of a service since something else changed.
    streaks: BTreeMap<ServiceId, Vec<Time>>,
    /// Services whose last deploy has ended in error.
    pub failed: BTreeSet<ServiceId>,
    /// Automatic deploys so far.
    pub automatic: Vec<ServiceId>,
    /// Instances that have got another node so far.
    pub moves: usize,
    pub commits: usize,
}

impl Watch {
    pub async fn begin(store: &Store, grid: &Grid, listening_since: Time) -> Self {
        let (contents, follower) = store.follow(grid.id).await.expect("reads").expect("a grid");
        Self {
            grid: grid.clone(),
            picture: Snapshot::new(contents, listening_since),
            follower: Some(follower),
            graces: Graces::default(),
            wrong: Vec::new(),
            tail: VecDeque::new(),
            streaks: BTreeMap::new(),
            failed: BTreeSet::new(),
            automatic: Vec::new(),
            moves: 0,
            commits: 0,
        }
    }

    /// Another master listens: everybody who was connected is offline from now on, and nothing else has
    /// changed.
    pub async fn next_master(&mut self, store: &Store, listening_since: Time) {
        let connected: Vec<(NodeId, Time)> = self
            .picture
            .nodes()
            .filter(|node| node.connected)
            .filter_map(|node| Some((node.id, node.connected_at?)))
            .collect();
        self.picture.listening_since = listening_since;
        for (node, connected_at) in connected {
            self.note(&Change::NodeUnplugged {
                node,
                connected_at,
                at: listening_since,
                close_code: 1006,
                close_reason: "master restarted".to_owned(),
            });
        }
        let follow = store.follow(self.grid.id).await.expect("reads");
        let (contents, follower) = follow.expect("the grid");
        self.compare(Snapshot::new(contents, listening_since), listening_since);
        self.follower = Some(follower);
        self.streaks.clear();
    }

    /// Takes in what was committed since the last time.
    pub fn drain(&mut self) {
        while let Some(committed) = self.follower.as_mut().and_then(Follower::try_next) {
            self.commits += 1;
            self.committed(&committed);
        }
    }

    /// The master was killed: takes in what it had committed, and nothing of what it leaves behind.
    pub fn master_died(&mut self) {
        self.drain();
        self.follower = None;
    }

    /// S4.
    pub async fn compare_with(&mut self, store: &Store, now: Time) {
        let grid = self.grid.id;
        let loaded = store.read(move |conn| snapshots::load(conn, grid)).await.expect("reads");
        let loaded = Snapshot::new(loaded.expect("the grid"), self.picture.listening_since);
        self.compare(loaded, now);
    }

    fn compare(&mut self, mut loaded: Snapshot, now: Time) {
        // As every decision does before it looks.
        self.picture.forget_old_peaks(now);
        loaded.forget_old_peaks(now);
        if loaded != self.picture {
            let (kept, loaded) = (format!("{:#?}", self.picture), format!("{loaded:#?}"));
            let differ = kept.lines().zip(loaded.lines()).filter(|(kept, loaded)| kept != loaded);
            let differ: Vec<_> = differ.take(6).collect();
            self.wrong.push(format!("S4: kept and loaded differ: {differ:#?}"));
        }
    }

    fn committed(&mut self, committed: &Committed) {
        for change in committed.changes.iter() {
            if let Change::DeployCreated(deploy) = change
                && deploy.origin == DeployOrigin::Scheduler
            {
                self.automatic_deploy(deploy, &committed.changes);
            }
        }
        for change in committed.changes.iter() {
            let lost = invariants::lost_state(&self.picture, change);
            self.wrong.extend(lost.map(|text| format!("S3: {text}")));
            self.check_move(change);
            self.note_end(change);
            self.count_in_streaks(change);
            self.note(change);
        }
        if committed.changes.iter().any(is_about_services) {
            let violations = invariants::violations(&self.picture);
            self.wrong.extend(violations.into_iter().map(|text| format!("S1: {text}")));
        }
    }

    fn note(&mut self, change: &Change) {
        if is_worth_showing(change) {
            self.tail.push_back(change.clone());
            if self.tail.len() > TAIL {
                self.tail.pop_front();
            }
        }
        self.picture.apply(change);
    }

    /// S5: due by the picture as it was, and with those in their grace back, too.
    fn automatic_deploy(&mut self, deploy: &Deploy, together: &[Change]) {
        self.automatic.push(deploy.service);
        // The request itself makes the service look outdated: what counts is the picture before it.
        let now = deploy.created_at;
        let mut back = self.picture.clone();
        let Some(service) = self.picture.service(deploy.service) else {
            self.wrong.push(format!("S5: a deploy of a service that is gone: {together:?}"));
            return;
        };
        let strategy = service.spec.strategy;
        let holders = self.picture.instances(service.id).filter_map(|row| row.node);
        for node in holders.filter_map(|id| self.picture.node(id)) {
            if self.is_in_grace(node, strategy, now) {
                back.apply(&presence::plug(node.id, now, now));
            }
        }
        for (what, picture) in [("as it is", &self.picture), ("with its nodes back", &back)] {
            let verdicts: Vec<_> = (0..DRAWS)
                .map(|draw| {
                    let mut moment = Moment::new(now, draw);
                    reconcile::judge(picture, service.id, now, &self.graces, &mut moment)
                })
                .collect();
            if !verdicts.iter().any(|known| matches!(known.verdict, Verdict::Deploy(_))) {
                let why = &verdicts[0].reason;
                let path = self.picture.path(service);
                self.wrong
                    .push(format!("S5: a deploy of {path} is not due {what} at {now}: {why}"));
                return;
            }
        }
    }

    /// S5: instances get other nodes by a deploy that is under way and by nothing else. S7: no instance
    /// leaves a node that may still return after the master's restart.
    fn check_move(&mut self, change: &Change) {
        let (service, number, target, at) = match change {
            Change::InstancePlaced { service, number, node, at, .. } => {
                (*service, *number, Some(*node), Some(*at))
            }
            Change::InstanceCreated(row) => (row.service, row.number, None, None),
            Change::InstanceRemoved { service, number } => (*service, *number, None, None),
            _ => return,
        };
        let under_way =
            self.picture.deploys_of(service).into_iter().any(|deploy| !deploy.is_pending());
        if !under_way {
            self.wrong.push(format!("S5: without a deploy: {change:?}"));
        }
        let row = self.picture.instance(service, number);
        let old = row.and_then(|row| self.picture.node(row.node?));
        let (Some(old), Some(target), Some(at)) = (old, target, at) else { return };
        if old.id == target {
            return;
        }
        self.moves += 1;
        if self.is_kept_for(old, service, at) {
            let name = &old.name;
            self.wrong.push(format!("S7: node {name} may still return: {change:?}"));
        }
    }

    fn is_kept_for(&self, node: &Node, service: ServiceId, at: Time) -> bool {
        let Some(service) = self.picture.service(service) else { return false };
        node.availability == Availability::Active
            && grace::is_awaited(&self.picture, node)
            && self.is_in_grace(node, service.spec.strategy, at)
    }

    /// Found anew, and not by asking what is tested here: the figures are the contract's.
    fn is_in_grace(&self, node: &Node, strategy: Strategy, at: Time) -> bool {
        let grace = TimeDelta::seconds(match strategy {
            Strategy::Daemon => 600,
            Strategy::Ha => 120,
            Strategy::Random => 30,
        });
        let offline_since = node.marked_offline_at.max(node.disconnected_at);
        let counted_from = offline_since.max(Some(self.picture.listening_since));
        let seen = node.last_seen_at.is_some();
        !node.connected && seen && counted_from.is_some_and(|from| at - from < grace)
    }

    fn note_end(&mut self, change: &Change) {
        let Change::DeployFinished { deploy, state, .. } = change else { return };
        let Some(service) = self.picture.deploy(*deploy).map(|deploy| deploy.service) else {
            return;
        };
        if *state == DeployState::Error {
            self.failed.insert(service);
        } else {
            self.failed.remove(&service);
        }
    }

    /// S6.
    fn count_in_streaks(&mut self, change: &Change) {
        if let Change::DeployCreated(deploy) = change {
            if deploy.origin == DeployOrigin::User {
                self.streaks.remove(&deploy.service);
                return;
            }
            let streak = self.streaks.entry(deploy.service).or_default();
            let since = deploy.created_at - TimeDelta::hours(1);
            streak.retain(|at| *at > since);
            streak.push(deploy.created_at);
            if streak.len() > MOST_AN_HOUR {
                let count = streak.len();
                self.wrong.push(format!("S6: {count} deploys of {} in vain", deploy.service));
            }
        } else if let Some(service) = row_change_of(&self.picture, change) {
            self.streaks.retain(|known, _| *known == service);
        } else if is_about_nodes(&self.picture, change) {
            self.streaks.clear();
        } else if let Change::ServiceUpdated { service, .. } = change {
            let known = self.picture.service(service.id);
            let same = known.is_some_and(|known| {
                (known.revision, known.instances, known.state)
                    == (service.revision, service.instances, service.state)
            });
            if !same {
                self.streaks.remove(&service.id);
            }
        }
    }

    /// The services, and where their instances are.
    pub fn services(&self) -> String {
        let node = |id: Option<NodeId>| {
            let node = id.and_then(|id| self.picture.node(id));
            node.map_or("-", |node| node.name.as_str())
        };
        let line = |service: &Service| {
            let rows = self.picture.instances(service.id);
            let rows = rows.map(|row| {
                let (at, revision) = (node(row.node), row.service_revision.unwrap_or(0));
                format!("{} {at} {} rev {revision}", row.number, row.desired_state.as_str())
            });
            let rows = rows.collect::<Vec<_>>().join(", ");
            let Service { id, name, instances, state, revision, .. } = service;
            let (strategy, state) = (service.spec.strategy.as_str(), state.as_str());
            let ports: Vec<_> = service.spec.ports.iter().map(|port| port.node_port).collect();
            let affinity = &service.spec.affinity;
            format!(
                "{name} {id} {strategy} {instances} {state} revision {revision} ports {ports:?} \
                 affinity {affinity:?} stateful {}: {rows}",
                service.spec.stateful
            )
        };
        self.picture.services().map(line).collect::<Vec<_>>().join("\n")
    }

    /// The last changes, for whoever has to find out.
    pub fn tail(&self) -> String {
        let line = |change: &Change| format!("{change:?}").chars().take(LINE).collect::<String>();
        self.tail.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// The service whose rows are somewhere else, or fewer, or more, after a change.
fn row_change_of(picture: &Snapshot, change: &Change) -> Option<ServiceId> {
    match change {
        Change::InstancePlaced { service, number, node, .. } => {
            let row = picture.instance(*service, *number);
            let same = row.is_some_and(|row| row.node == Some(*node));
            (!same).then_some(*service)
        }
        Change::InstanceCreated(row) => Some(row.service),
        Change::InstanceRemoved { service, .. }
        | Change::InstanceDetached { service, .. }
        | Change::ServiceRemoved(service) => Some(*service),
        _ => None,
    }
}

fn is_about_nodes(picture: &Snapshot, change: &Change) -> bool {
    match change {
        Change::NodeReported { node, .. } => {
            let known = picture.node(*node);
            !known.is_some_and(|node| presence::says_nothing_new(node, change))
        }
        Change::NodeCreated(_)
        | Change::NodeBound { .. }
        | Change::NodePlugged { .. }
        | Change::NodeUnplugged { .. }
        | Change::NodeSwept { .. }
        | Change::NodeRejected { .. }
        | Change::NodeEdited { .. }
        | Change::NodeRemoved(_)
        // Affinities to containers.
        | Change::ContainerSaved(_)
        | Change::ContainerRemoved(_) => true,
        _ => false,
    }
}

fn is_worth_showing(change: &Change) -> bool {
    !matches!(
        change,
        Change::NodeSeen { .. }
            | Change::NodeMeasured { .. }
            | Change::NodeReported { .. }
            | Change::ContainerSaved(_)
            | Change::ContainerRemoved(_)
    )
}

fn is_about_services(change: &Change) -> bool {
    !matches!(
        change,
        Change::NodeSeen { .. }
            | Change::NodeMeasured { .. }
            | Change::NodeReported { .. }
            | Change::ContainerSaved(_)
            | Change::ContainerChecked { .. }
            | Change::EventLogged(_)
    )
}
