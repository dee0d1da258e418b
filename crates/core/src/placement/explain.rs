//! A selection in an operator's words: who was refused, by which filter and why.

use std::cmp::Ordering;

use super::{
    field::{Field, count},
    filter::Chain,
    strategy,
};
use crate::domain::NodeId;

/// Ranks that are kept of one number.
const MOST_RANKS: usize = 100;

/// What happened to the candidates of one number.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The instance's number.
    pub number: u32,
    /// Where the instance is.
    pub previous: Option<NodeId>,
    /// The filters that refused somebody, in their order.
    pub filters: Vec<Refusals>,
    /// How many passed.
    pub passed_count: usize,
    /// The best of those who passed, best first; at most a hundred.
    pub ranks: Vec<Rank>,
}

/// Whom one filter refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusals {
    /// The filter, such as `Port`.
    pub filter: &'static str,
    /// How many nodes it looked at.
    pub of_count: usize,
    /// The refused nodes, by identity.
    pub nodes: Vec<NodeId>,
    /// Such as `3 of 5 nodes refused: drained`.
    pub reason: String,
    /// Such as `drained`.
    pub why: String,
}

/// What a survivor is worth to the strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Rank {
    /// The node.
    pub node: NodeId,
    /// Compared from left to right, the smallest wins; equal keys are told apart by chance.
    pub key: Vec<f64>,
}

impl Explanation {
    /// One sentence about all refusals; empty where nobody was refused.
    #[must_use]
    pub fn sentence(&self) -> String {
        let reasons = self.filters.iter().map(|refusals| refusals.reason.as_str());
        reasons.collect::<Vec<_>>().join("; ")
    }
}

pub(super) fn explain(field: &Field<'_>, chain: &Chain, number: u32) -> Explanation {
    let mut left = field.candidates().clone();
    let mut filters = Vec::new();
    for filter in chain.filters() {
        if left.is_empty() {
            break;
        }
        let before = left.clone();
        if filter.narrow(field, number, &mut left).is_err() {
            left.clear();
        }
        let nodes: Vec<_> = field.ids(&before - &left).into_iter().collect();
        if !nodes.is_empty() {
            let (refused, of) = (nodes.len(), count(&before));
            let why = filter.why(field, number);
            filters.push(Refusals {
                filter: filter.name(),
                of_count: of,
                reason: format!("{refused} of {of} nodes refused: {why}"),
                why,
                nodes,
            });
        }
    }
    let keys = strategy::Keys::new(field, &left);
    let mut ranks: Vec<_> = left
        .iter()
        .filter_map(|spot| {
            let key = keys.of(spot, field.holds(spot, number));
            Some(Rank { node: field.node(spot)?.id, key })
        })
        .collect();
    let order = |one: &Rank, two: &Rank| one.key.partial_cmp(&two.key).unwrap_or(Ordering::Equal);
    ranks.sort_by(|one, two| order(one, two).then(one.node.cmp(&two.node)));
    let passed_count = ranks.len();
    ranks.truncate(MOST_RANKS);
    Explanation { number, passed_count, previous: field.row(number), filters, ranks }
}
