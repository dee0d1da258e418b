//! A selection in an operator's words: who was refused, by which filter and why.

use super::{
    field::{Field, Previous},
    filter::Chain,
    strategy,
};
use crate::domain::NodeId;

/// What happened to the candidates of one number.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The instance's number.
    pub number: u32,
    /// Where the instance is.
    pub previous: Option<NodeId>,
    /// The filters that refused somebody, in their order.
    pub filters: Vec<Refusals>,
    /// Those who passed, best first.
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
    let mut left: Vec<_> = field.spots().collect();
    let mut filters = Vec::new();
    for filter in chain.filters() {
        if left.is_empty() {
            break;
        }
        let before = left.clone();
        let failed = filter.narrow(field, number, &mut left).is_err();
        if failed {
            left.clear();
        }
        let refused = before.iter().filter(|spot| left.binary_search(spot).is_err());
        let nodes: Vec<_> =
            refused.filter_map(|spot| field.node(*spot)).map(|node| node.id).collect();
        if !nodes.is_empty() {
            filters.push(Refusals {
                filter: filter.name(),
                of_count: before.len(),
                reason: format!(
                    "{} of {} nodes refused: {}",
                    nodes.len(),
                    before.len(),
                    filter.why(field, number)
                ),
                nodes,
            });
        }
    }
    let mut ranks: Vec<_> = left
        .iter()
        .filter_map(|spot| {
            let stays = field.holds(*spot, number);
            Some(Rank {
                node: field.node(*spot)?.id,
                key: strategy::key(field, &left, *spot, stays),
            })
        })
        .collect();
    ranks.sort_by(|one, two| one.key.partial_cmp(&two.key).unwrap_or(std::cmp::Ordering::Equal));
    let previous = match field.previous(number) {
        Previous::At(spot) => field.node(spot).map(|node| node.id),
        Previous::Nowhere => None,
        Previous::Elsewhere => {
            field.rows().find(|(row, _)| *row == number).and_then(|(_, node)| node)
        }
    };
    Explanation { number, previous, filters, ranks }
}
