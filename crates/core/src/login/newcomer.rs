//! Number and name of a node that begins to exist (`scheduling.md` 1.2, "creation paths"): one that an
//! agent brings along with the grid's token, and one that an administrator creates ahead of its agent.
//!
//! ```text
//!   grid's token:    lowest free number, a taken name gets the number behind it
//!   created by hand: lowest free number, a taken name or token is refused
//! ```

use std::collections::BTreeSet;

use crate::{
    Moment,
    domain::{Grid, Node, NodeId},
    validate::{FieldErrors, node::NodeDraft},
};

/// Why a node cannot begin to exist; the texts are Kontena's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// Another node of the grid has the name.
    #[error("Node with name {0} already exists")]
    Name(String),
    /// Another node, of any grid, has the token.
    #[error("Node with token already exists")]
    Token,
    /// The grid has no number left.
    #[error("Node numbers not available. Grid is full?")]
    Number,
}

impl From<Unavailable> for FieldErrors {
    fn from(why: Unavailable) -> Self {
        let field = match why {
            Unavailable::Name(_) => "name",
            Unavailable::Token => "token",
            Unavailable::Number => "node_number",
        };
        Self::single(field, why.to_string())
    }
}

/// Makes the node that an administrator creates; it has a token of its own. `used` are the numbers and
/// names of the grid's nodes, `token_is_taken` says whether a node has the token already.
///
/// # Errors
/// Where name or token is taken, or no number is free, in this order.
pub fn create_node(
    draft: &NodeDraft,
    grid: &Grid,
    used: &[(u32, String)],
    token_is_taken: bool,
    moment: &mut Moment,
) -> Result<Node, Unavailable> {
    if used.iter().any(|(_, name)| *name == draft.name) {
        return Err(Unavailable::Name(draft.name.clone()));
    }
    if token_is_taken {
        return Err(Unavailable::Token);
    }
    let number = free_number(grid, used)?;
    let id = NodeId::from_bytes(moment.id());
    let mut node = Node::new(id, grid.id, number, draft.name.clone(), moment.now);
    node.labels.clone_from(&draft.labels);
    node.has_token = true;
    Ok(node)
}

/// The lowest number that no node of the grid uses.
pub(super) fn free_number(grid: &Grid, used: &[(u32, String)]) -> Result<u32, Unavailable> {
    let numbers: BTreeSet<u32> = used.iter().map(|(number, _)| *number).collect();
    let mut all = 1..=grid.subnet.last_node_number();
    all.find(|number| !numbers.contains(number)).ok_or(Unavailable::Number)
}

/// The name itself, else `{name}-{number}`, else with a further `-2`, `-3`, … until it is free.
pub(super) fn free_name(name: &str, number: u32, used: &[(u32, String)]) -> String {
    let names: BTreeSet<&str> = used.iter().map(|(_, name)| name.as_str()).collect();
    if !names.contains(name) {
        return name.to_owned();
    }
    let numbered = format!("{name}-{number}");
    if !names.contains(numbered.as_str()) {
        return numbered;
    }
    let mut suffix = 2_u64;
    loop {
        let candidate = format!("{numbered}-{suffix}");
        if !names.contains(candidate.as_str()) {
            return candidate;
        }
        suffix += 1;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{Cidr, GridId, Time};

    fn grid(subnet: Cidr) -> Grid {
        Grid {
            id: GridId::from_bytes([1; 12]),
            name: "test".into(),
            initial_size: 1,
            default_affinity: vec![],
            subnet,
            supernet: Cidr::DEFAULT_SUPERNET,
            trusted_subnets: vec![],
            statsd: None,
            logs: None,
            created_at: Time::default(),
        }
    }

    fn draft() -> NodeDraft {
        NodeDraft { name: "core-01".into(), token: None, labels: vec!["az=a".into()] }
    }

    fn used(used: impl IntoIterator<Item = (u32, &'static str)>) -> Vec<(u32, String)> {
        used.into_iter().map(|(number, name)| (number, name.to_owned())).collect()
    }

    #[test]
    fn a_node_created_by_hand_gets_the_lowest_free_number_and_has_a_token() {
        let mut moment = Moment::new(Time::default(), 1);
        let known = used([(1, "a"), (3, "c")]);
        let grid = grid(Cidr::DEFAULT_SUBNET);
        let node = create_node(&draft(), &grid, &known, false, &mut moment).expect("created");
        assert_eq!((node.number, node.name.as_str(), node.has_token), (2, "core-01", true));
        assert_eq!((node.grid, node.labels), (grid.id, vec!["az=a".to_owned()]));
        assert_eq!(node.engine_id, None);
    }

    #[test]
    fn what_is_taken_is_refused_by_field_in_order() {
        let small = grid("10.81.0.0/24".parse().expect("a network"));
        let mut full: Vec<_> = (1..=254).map(|number| (number, format!("n{number}"))).collect();
        let refused = |used: &[(u32, String)], token_is_taken| {
            let mut moment = Moment::new(Time::default(), 1);
            let error = create_node(&draft(), &small, used, token_is_taken, &mut moment);
            FieldErrors::from(error.expect_err("refused")).to_json()
        };
        let number = json!({"node_number": "Node numbers not available. Grid is full?"});
        assert_eq!(refused(&full, false), number);
        assert_eq!(refused(&full, true), json!({"token": "Node with token already exists"}));
        full[7].1 = "core-01".into();
        let name = json!({"name": "Node with name core-01 already exists"});
        assert_eq!(refused(&full, true), name);
    }
}
