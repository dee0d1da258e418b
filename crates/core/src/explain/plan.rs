//! What a deploy would do now: the walk of `rollout`, without writing anything.

use super::{Account, MOST_INSTANCES, words};
use crate::{
    domain::{Change, NodeId, Service},
    grace::Graces,
    moment::Moment,
    placement::{Failure, Run},
    rollout::no_node_text,
    snapshot::Snapshot,
};

/// What a deploy would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The error it would end in.
    pub error: Option<String>,
    /// By number.
    pub instances: Vec<Planned>,
}

/// What a deploy would do to one instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Where it would be, and why.
    pub account: Account,
    /// What would be done.
    pub action: Action,
    /// Where it is.
    pub from: Option<NodeId>,
}

/// The kinds of [`Planned`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It stays on its node.
    Keep,
    /// It gets a node, having had none.
    Create,
    /// It gets another node.
    Move,
    /// It goes.
    Remove,
}

/// Plans a deploy of the service over the connected nodes. `detailed` says for which numbers the filters
/// are told.
#[must_use]
pub fn plan(
    snapshot: &Snapshot,
    service: &Service,
    graces: &Graces,
    moment: &mut Moment,
    detailed: impl Fn(u32) -> bool,
) -> Plan {
    let mut plan = Plan { error: None, instances: Vec::new() };
    let total = match Run::connected(snapshot, service).total() {
        // Neither destroys anything.
        _ if !snapshot.any_connected() => {
            let text = Failure::no_nodes().to_string();
            plan.error = Some(no_node_text(&snapshot.path(service), 1, &text));
            plan.keep_from(snapshot, service, 1, u32::MAX);
            return plan;
        }
        Err(failure) => {
            plan.error = Some(failure.to_string());
            plan.keep_from(snapshot, service, 1, u32::MAX);
            return plan;
        }
        Ok(total) => total,
    };
    // As a deploy does: what is surplus is gone before anything is placed.
    let after = without_surplus(snapshot, service, total);
    let mut run = Run::connected(after.as_ref().unwrap_or(snapshot), service);
    for number in 1..=total.min(MOST_INSTANCES) {
        let from = snapshot.instance(service.id, number).and_then(|row| row.node);
        let explanation = detailed(number).then(|| run.explain(number));
        let selected = run.select(number, moment);
        let teller = words::Teller { snapshot, service, number, from, graces };
        let reason = teller.step(&selected, explanation.as_ref());
        let (node, action) = match &selected {
            Ok(node) if from == Some(*node) => (Some(*node), Action::Keep),
            Ok(node) => {
                let action = if from.is_some() { Action::Move } else { Action::Create };
                (Some(*node), action)
            }
            Err(_) if from.is_some() => (from, Action::Keep),
            Err(_) => (None, Action::Create),
        };
        let account = Account { number, node, reason, explanation };
        plan.instances.push(Planned { account, action, from });
        match selected {
            Ok(node) => run.place(number, node),
            Err(Failure::Fatal(text)) => plan.error = Some(text),
            Err(Failure::Unplaceable(text)) => {
                plan.error = Some(no_node_text(&snapshot.path(service), number, &text));
            }
        }
        if plan.error.is_some() {
            plan.keep_from(snapshot, service, number.saturating_add(1), total);
            break;
        }
    }
    plan.remove_above(snapshot, service, total);
    plan
}

/// The picture without instances above the total; none where there are none.
fn without_surplus(snapshot: &Snapshot, service: &Service, total: u32) -> Option<Snapshot> {
    let rows = snapshot.instances(service.id).map(|row| row.number);
    let surplus: Vec<_> = rows.filter(|number| *number > total).collect();
    if surplus.is_empty() {
        return None;
    }
    let mut after = snapshot.clone();
    for number in surplus {
        after.apply(&Change::InstanceRemoved { service: service.id, number });
    }
    Some(after)
}

impl Plan {
    /// The deploy ends before it comes to these.
    fn keep_from(&mut self, snapshot: &Snapshot, service: &Service, first: u32, last: u32) {
        let reason = match first {
            1 => "left alone: the deploy fails at once".to_owned(),
            next => format!("left alone: the deploy ends at instance {}", next - 1),
        };
        let rows = snapshot.instances(service.id);
        for row in rows.filter(|row| (first..=last).contains(&row.number)) {
            self.push(row.number, row.node, row.node, &reason, Action::Keep);
        }
    }

    fn remove_above(&mut self, snapshot: &Snapshot, service: &Service, total: u32) {
        let reason = words::surplus(total);
        for row in snapshot.instances(service.id).filter(|row| row.number > total) {
            self.push(row.number, None, row.node, &reason, Action::Remove);
        }
    }

    fn push(
        &mut self,
        number: u32,
        node: Option<NodeId>,
        from: Option<NodeId>,
        reason: &str,
        action: Action,
    ) {
        let account = Account { number, node, reason: reason.to_owned(), explanation: None };
        self.instances.push(Planned { account, action, from });
    }
}
