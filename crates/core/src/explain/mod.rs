//! Why instances are where they are, and what a deploy would do now: the scheduler's decisions in an
//! operator's words (`operations.md`, "The scheduler explains itself").
//!
//! Computed from the picture alone, with the code that decides: an explanation takes the same walk as the
//! judgement of a service ([`accounts`]), a plan the same as a deploy ([`plan`]). Nothing is changed.

mod plan;
mod words;

#[cfg(test)]
mod tests;

pub use plan::{Action, Plan, Planned, plan};
pub(crate) use words::pinned;

use crate::{
    domain::{NodeId, Service, Strategy},
    grace::Graces,
    moment::Moment,
    placement::{Explanation, Failure, Run},
    reconcile::candidates,
    snapshot::Snapshot,
};

/// Numbers that are looked at: a service of more is told of by its first ones.
pub const MOST_INSTANCES: u32 = 20_000;

/// Why one instance is where it is, or nowhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// The instance's number.
    pub number: u32,
    /// Where it is; in a plan, where it would be.
    pub node: Option<NodeId>,
    /// In one sentence.
    pub reason: String,
    /// Filter by filter and node by node; none where nobody asked for it.
    pub explanation: Option<Explanation>,
}

/// Accounts for every instance that there is or shall be, as the judgement of the service sees it: nodes
/// within their grace are candidates. `detailed` says for which numbers the filters are told.
///
/// # Errors
/// The question makes no sense, such as an unknown affinity key.
pub fn accounts(
    snapshot: &Snapshot,
    service: &Service,
    graces: &Graces,
    moment: &mut Moment,
    detailed: impl Fn(u32) -> bool,
) -> Result<Vec<Account>, Failure> {
    let spots = candidates(snapshot, service, moment.now, graces);
    let mut run = Run::over(snapshot, service, spots);
    let total = run.total()?.min(MOST_INSTANCES);
    let mut accounts = Vec::new();
    for number in 1..=total {
        let node = snapshot.instance(service.id, number).and_then(|row| row.node);
        let explanation = detailed(number).then(|| run.explain(number));
        let selected = run.select(number, moment);
        let teller = words::Teller { snapshot, service, number, from: node, graces };
        let reason = teller.account(&selected, explanation.as_ref());
        accounts.push(Account { number, node, reason, explanation });
    }
    // With nobody to count, a daemon's instances are none too many: they are left where they are.
    let nobody =
        service.spec.strategy == Strategy::Daemon && snapshot.nodes().all(|node| !node.connected);
    for row in snapshot.instances(service.id).filter(|row| row.number > total) {
        let reason = if nobody { words::nobody() } else { words::surplus(total) };
        let (number, node) = (row.number, row.node);
        accounts.push(Account { number, node, reason, explanation: None });
    }
    Ok(accounts)
}
