//! Placement: which node an instance goes to (`scheduling.md` 2 and 3).
//!
//! ```text
//!  candidates ──filter by filter──> survivors ──strategy──> node
//!     Field        Sieve, Chain                   Index
//! ```
//!
//! A [`Run`] is one pass over the numbers 1, 2, 3, … of a service. Its counters start at zero: what a
//! strategy counts is what this run has chosen, not what exists. Nodes are members of sets that the
//! snapshot keeps (`snapshot::roster`), and a filter is an intersection with some of them. Where its
//! outcome does not depend on the number (nearly always) it is taken once per run; the strategy orders
//! only as many survivors as it chooses from, so that a run costs little more than its instances.

mod explain;
mod field;
mod filter;
mod run;
mod sieve;
mod strategy;

#[cfg(test)]
mod tests;

pub use explain::{Explanation, Rank, Refusals};
pub use filter::{Misunderstood, understand};
pub use run::Run;

use crate::domain::{Grid, Service, Strategy};

/// Why no node was chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nobody is fit for this number: a dry run skips it, a deploy ends with the text behind a prefix.
    #[error("{0}")]
    Unplaceable(String),
    /// The question makes no sense (an unknown affinity key, a pattern that does not compile): ends the
    /// whole deploy with the bare text, and the check of the service.
    #[error("{0}")]
    Fatal(String),
}

impl Failure {
    pub(crate) fn no_nodes() -> Self {
        Self::Unplaceable("There are no nodes available".into())
    }

    fn no_choice(strategy: Strategy) -> Self {
        let name = match strategy {
            Strategy::Ha => "HighAvailability",
            Strategy::Daemon => "Daemon",
            Strategy::Random => "Random",
        };
        Self::Unplaceable(format!("Strategy Scheduler::Strategy::{name} did not find any node"))
    }
}

/// Whether it matters to a service's placement where instances of services are: by an affinity.
#[must_use]
pub fn watches_services(service: &Service, grid: &Grid) -> bool {
    speaks_of(service, grid, "service")
}

fn speaks_of(service: &Service, grid: &Grid, key: &str) -> bool {
    let own = &service.spec.affinity;
    let affinities = if own.is_empty() { &grid.default_affinity } else { own };
    affinities.iter().any(|expression| expression.starts_with(key))
}

/// Whether it matters to a service's placement which containers exist: by an affinity to a container, or
/// by a dependency on another's volumes or network.
#[must_use]
pub fn watches_containers(service: &Service, grid: &Grid) -> bool {
    let spec = &service.spec;
    speaks_of(service, grid, "container")
        || !spec.volumes_from.is_empty()
        || spec.net.as_deref().is_some_and(|net| net.starts_with("container:"))
}
