//! The end of a run: everybody is back and well, and all comes to rest as it shall be.

use std::{collections::BTreeMap, time::Duration};

use kontena_core::{
    Moment,
    domain::{DesiredState, NodeStatus, ObservedState, Service, ServiceId, ServiceState},
    placement::Run,
};
use serde_json::json;

use super::{plan::MACHINES, world::World};

/// How long a grid may take to come to rest: the longest pause between two attempts, a deploy after it
/// on slow machines, and another one that waited for that.
const SETTLES_WITHIN: Duration = Duration::from_secs(25 * 60);
/// How long nothing may happen then.
const RESTS_FOR: Duration = Duration::from_secs(30 * 60);

impl World {
    /// Lets everybody come back, and says what is not as it shall be.
    pub async fn finale(&mut self) {
        self.say("everybody comes back");
        self.hurry().await;
        self.pass(Duration::from_secs(120)).await;
        for node in 0..MACHINES {
            self.edit(node, json!({"availability": "active"})).await;
        }
        self.pass(SETTLES_WITHIN).await;
        self.look(true).await;
        if !self.watch.wrong.is_empty() {
            return;
        }
        self.say("everything is at rest");
        let wrong = self.not_at_rest();
        self.watch.wrong.extend(wrong);
        let (deploys, moves) = (self.watch.automatic.len(), self.watch.moves);
        self.pass(RESTS_FOR).await;
        self.look(true).await;
        let unplaceable = self.unplaceable();
        let again: Vec<ServiceId> = self.watch.automatic.split_off(deploys);
        let again = again.into_iter().filter(|service| !unplaceable.contains(service));
        let again: Vec<String> = again.map(|id| self.name(id)).collect();
        if !again.is_empty() {
            self.watch.wrong.push(format!("E5: deployed again by themselves: {again:?}"));
        }
        if self.watch.moves != moves {
            let more = self.watch.moves - moves;
            self.watch.wrong.push(format!("E5: {more} instances have moved at rest"));
        }
        let wrong = self.not_at_rest();
        self.watch.wrong.extend(wrong);
    }

    fn name(&self, service: ServiceId) -> String {
        let service = self.watch.picture.service(service);
        service.map_or_else(|| "(gone)".to_owned(), |service| service.name.clone())
    }

    fn not_at_rest(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let unplaceable = self.unplaceable();
        for deploy in self.watch.picture.deploys() {
            // One that is tried again and again is between two of its attempts nearly always.
            if !unplaceable.contains(&deploy.service) {
                let name = self.name(deploy.service);
                wrong.push(format!("E1: unfinished deploy of {name}: {deploy:?}"));
            }
        }
        let online = self.watch.picture.nodes().filter(|node| node.status() == NodeStatus::Online);
        if online.count() != MACHINES {
            let nodes = self.watch.picture.nodes();
            let nodes: Vec<_> = nodes.map(|node| (&node.name, node.status())).collect();
            wrong.push(format!("E2: not all nodes are online, or there are others: {nodes:?}"));
        }
        wrong.extend(self.machines_differ());
        for service in self.watch.picture.services() {
            if is_wanted(service) && !unplaceable.contains(&service.id) {
                wrong.extend(self.not_in_place(service));
            }
        }
        wrong
    }

    /// E3: each machine runs exactly what the rows say.
    fn machines_differ(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for machine in &self.machines {
            let mut counts: BTreeMap<(String, u64), (usize, usize)> = BTreeMap::new();
            let node = self.node_of(machine).map(|node| node.id);
            for row in node.into_iter().flat_map(|node| self.watch.picture.instances_on(node)) {
                if row.desired_state == DesiredState::Running {
                    let key = (row.service.to_string(), u64::from(row.number));
                    counts.entry(key).or_default().0 += 1;
                }
            }
            for pod in machine.running().iter().filter_map(|container| container.pod()) {
                let key = (pod.service_id, u64::from(pod.instance_number));
                counts.entry(key).or_default().1 += 1;
            }
            counts.retain(|_, (rows, containers)| rows != containers);
            if !counts.is_empty() {
                let name = &machine.name;
                wrong.push(format!("E3: rows and containers on {name} differ: {counts:?}"));
            }
        }
        wrong
    }

    /// E4: all instances of a service are there, as new as they shall be.
    fn not_in_place(&self, service: &Service) -> Vec<String> {
        let picture = &self.watch.picture;
        let rows: Vec<_> = picture.instances(service.id).filter(|row| row.node.is_some()).collect();
        let total = Run::connected(picture, service).total();
        let mut wrong = Vec::new();
        if total.as_ref().ok().copied() != u32::try_from(rows.len()).ok() {
            let count = rows.len();
            wrong.push(format!("E4: {count} instances of {}, not {total:?}", service.name));
        }
        // `scheduling.md` 4.3: what a deploy that has failed leaves where it shall be stays as it is.
        if self.watch.failed.contains(&service.id) {
            return wrong;
        }
        for row in rows {
            let runs = row.desired_state == DesiredState::Running
                && row.state == ObservedState::Running
                && row.rev == row.deploy_rev
                && row.error.is_none()
                && row.service_revision == Some(service.revision);
            if !runs {
                wrong.push(format!("E4: {} does not run as it shall: {row:?}", service.name));
            }
        }
        wrong
    }

    /// Stateless services that nodes cannot be found for: they are tried again for ever, ever more seldom.
    fn unplaceable(&self) -> Vec<ServiceId> {
        let picture = &self.watch.picture;
        let services = picture.services().filter(|service| is_wanted(service));
        let mut found = Vec::new();
        for service in services {
            let mut moment = Moment::new(self.now(), 1);
            let mut run = Run::connected(picture, service);
            let placed = run.total().is_ok_and(|total| {
                (1..=total).all(|number| {
                    let selected = run.select(number, &mut moment);
                    selected.map(|node| run.place(number, node)).is_ok()
                })
            });
            if !placed {
                found.push(service.id);
            }
        }
        found
    }
}

fn is_wanted(service: &Service) -> bool {
    !service.spec.stateful && service.state == ServiceState::Running
}
