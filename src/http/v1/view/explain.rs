//! Why instances are where they are, and what a deploy would do.

use std::collections::BTreeMap;

use kontena_core::{
    domain::{Grid, NodeId, Service},
    explain::{Account, Action, Plan, Planned},
};
use kontena_protocol::api::{self, timestamp};

use super::service::path;
use crate::{actors::scheduler::Decision, commands::services::Told};

/// Nodes that are named of those a filter refused, and of those that passed.
const MOST_NAMES: usize = 100;

/// Shows the last decision about a service.
pub(in crate::http::v1) fn explanation(
    grid: &Grid,
    service: &Service,
    decision: &Decision,
    told: &Told<Vec<Account>>,
) -> api::Explanation {
    let accounts = told.what.iter();
    api::Explanation {
        service: path(grid, service),
        decided_at: timestamp(decision.at),
        trigger: decision.trigger.to_string(),
        reason: reason(decision),
        error: None,
        instances: accounts.map(|account| instance(account, None, &told.names)).collect(),
    }
}

/// The present state, and behind it what last made the scheduler deploy the service.
fn reason(decision: &Decision) -> String {
    match &decision.acted {
        Some(acted) if acted.reason != decision.reason => format!(
            "{}; last deployed by the scheduler at {}, because {}: {}",
            decision.reason,
            timestamp(acted.at),
            acted.trigger,
            acted.reason
        ),
        _ => decision.reason.clone(),
    }
}

/// Shows a plan.
pub(in crate::http::v1) fn plan(
    grid: &Grid,
    service: &Service,
    at: kontena_core::domain::Time,
    told: &Told<Plan>,
) -> api::Explanation {
    let planned = told.what.instances.iter();
    api::Explanation {
        service: path(grid, service),
        decided_at: timestamp(at),
        trigger: "a plan was asked for".to_owned(),
        reason: match &told.what.error {
            Some(error) => format!("a deploy would fail: {error}"),
            None => "a deploy would succeed, as far as the nodes play their part".to_owned(),
        },
        error: told.what.error.clone(),
        instances: planned
            .map(|planned| {
                instance(&planned.account, Some(step(planned, &told.names)), &told.names)
            })
            .collect(),
    }
}

fn step(planned: &Planned, names: &BTreeMap<NodeId, String>) -> api::PlannedStep {
    api::PlannedStep {
        action: match planned.action {
            Action::Keep => api::PlannedAction::Keep,
            Action::Create => api::PlannedAction::Create,
            Action::Move => api::PlannedAction::Move,
            Action::Remove => api::PlannedAction::Remove,
        },
        from: planned.from.and_then(|node| names.get(&node).cloned()),
    }
}

fn instance(
    account: &Account,
    step: Option<api::PlannedStep>,
    names: &BTreeMap<NodeId, String>,
) -> api::InstanceExplanation {
    let name = |node: &NodeId| names.get(node).cloned();
    let filters = account.explanation.iter().flat_map(|explanation| &explanation.filters);
    let ranks = account.explanation.iter().flat_map(|explanation| &explanation.ranks);
    api::InstanceExplanation {
        number: account.number,
        node: account.node.as_ref().and_then(name),
        reason: account.reason.clone(),
        filters: filters
            .map(|refusals| api::Refusals {
                filter: refusals.filter.to_owned(),
                refused: u64::try_from(refusals.nodes.len()).unwrap_or(u64::MAX),
                nodes: refusals.nodes.iter().take(MOST_NAMES).filter_map(name).collect(),
                reason: refusals.reason.clone(),
            })
            .collect(),
        ranks: ranks
            .take(MOST_NAMES)
            .filter_map(|rank| Some(api::Rank { node: name(&rank.node)?, key: rank.key.clone() }))
            .collect(),
        step,
    }
}
