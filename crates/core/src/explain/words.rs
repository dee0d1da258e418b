//! The sentences about one instance.

use crate::{
    domain::{Availability, Node, NodeId, Service, Strategy},
    grace::{self, Graces},
    placement::{Explanation, Failure},
    snapshot::Snapshot,
};

/// Tells of one instance of a service.
pub(super) struct Teller<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) service: &'a Service,
    pub(super) number: u32,
    /// Where it is.
    pub(super) from: Option<NodeId>,
    pub(super) graces: &'a Graces,
}

impl Teller<'_> {
    /// Why the instance is where it is, given where it would be.
    pub(super) fn account(
        &self,
        selected: &Result<NodeId, Failure>,
        explanation: Option<&Explanation>,
    ) -> String {
        match (self.from, selected) {
            (Some(node), Ok(selected)) if node == *selected => self.stays(node),
            (Some(node), Ok(selected)) => {
                let why = self.why_not(node, explanation);
                format!("is to move to {}: {why}", self.name(*selected))
            }
            (None, Ok(selected)) => {
                let why = self.why(explanation);
                format!("has no node yet; {} is next: {why}", self.name(*selected))
            }
            (_, Err(failure)) => self.nowhere(failure, explanation),
        }
    }

    /// Why a deploy would do with the instance what it would do.
    pub(super) fn step(
        &self,
        selected: &Result<NodeId, Failure>,
        explanation: Option<&Explanation>,
    ) -> String {
        match (self.from, selected) {
            (Some(node), Ok(selected)) if node == *selected => {
                format!("{}; deployed again there", self.stays(node))
            }
            (Some(node), Ok(_)) => self.why_not(node, explanation),
            (None, Ok(_)) => self.why(explanation),
            (_, Err(failure)) => self.nowhere(failure, explanation),
        }
    }

    fn stays(&self, node: NodeId) -> String {
        let Some(node) = self.snapshot.node(node) else {
            return "stays".to_owned();
        };
        let strategy = self.service.spec.strategy;
        match grace::deadline(self.snapshot, node, strategy, self.graces) {
            Some(deadline) => format!(
                "stays: node {} is offline and has until {} to come back",
                node.name,
                deadline.format("%Y-%m-%d %H:%M:%S UTC")
            ),
            None if self.service.spec.stateful => format!("stays with its state on {}", node.name),
            None => format!("stays: {} still passes every filter and ranks first", node.name),
        }
    }

    fn nowhere(&self, failure: &Failure, explanation: Option<&Explanation>) -> String {
        let mut parts = vec![failure.to_string()];
        parts.extend(explanation.map(Explanation::sentence).filter(|words| !words.is_empty()));
        parts.extend(pinned(self.snapshot, self.service, self.number));
        parts.join("; ")
    }

    /// Why that node, in the words of the strategy.
    fn why(&self, explanation: Option<&Explanation>) -> String {
        let passed = explanation.map(|explanation| explanation.passed_count);
        let among = passed.map_or_else(String::new, |count| format!(" of {count} that pass"));
        match self.service.spec.strategy {
            Strategy::Ha => format!(
                "fewest instances in its zone, then on the node, then least memory in use{among}"
            ),
            Strategy::Daemon => format!("fewest instances, then lowest node number{among}"),
            Strategy::Random => format!("chosen by chance{among}"),
        }
    }

    /// Why the instance does not stay where it is.
    fn why_not(&self, node: NodeId, explanation: Option<&Explanation>) -> String {
        let Some(node) = self.snapshot.node(node) else {
            return "its node is gone".to_owned();
        };
        if let Some(away) = away(node) {
            return format!("node {} {away}", node.name);
        }
        let refusals = explanation.into_iter().flat_map(|explanation| &explanation.filters);
        let mut refusals = refusals.filter(|refusals| refusals.nodes.contains(&node.id));
        match refusals.next() {
            Some(refusals) => {
                format!("{} is refused by {}: {}", node.name, refusals.filter, refusals.why)
            }
            None => format!("{} comes behind it: {}", node.name, self.why(explanation)),
        }
    }

    fn name(&self, node: NodeId) -> &str {
        self.snapshot.node(node).map_or("(gone)", |node| node.name.as_str())
    }
}

/// Why an instance above the total has no place.
pub(super) fn surplus(total: u32) -> String {
    format!("surplus: {total} shall exist")
}

/// Why an instance of a daemon stays though there is no node to count.
pub(super) fn nobody() -> String {
    "stays: no node is connected".to_owned()
}

/// What holds a stateful instance, and what helps; none where nothing does.
pub(crate) fn pinned(snapshot: &Snapshot, service: &Service, number: u32) -> Option<String> {
    let node = snapshot.instance(service.id, number)?.node?;
    let node = snapshot.node(node).filter(|_| service.spec.stateful)?;
    let what = away(node).unwrap_or("does not pass the filters any more");
    let remedy = match node.availability {
        Availability::Drain if node.connected => "activate the node",
        _ if !node.connected => "bring the node back",
        _ => "change what refuses it",
    };
    let name = &node.name;
    Some(format!(
        "instance {number} keeps its state on node {name}, which {what}: {remedy}, or remove the node to \
         give the state up"
    ))
}

fn away(node: &Node) -> Option<&'static str> {
    match node.availability {
        _ if !node.connected => Some("is offline"),
        Availability::Drain => Some("is drained"),
        Availability::Active => None,
    }
}
