//! Who may connect, as which node, or which close code they get.
//!
//! ```text
//!   Claim (headers) + Facts (what the store knows) --decide--> Admission | Refusal
//! ```
//!
//! The order of checks is the contract's (`agent-protocol.md` 1.3): version, presence of id and name,
//! token, then the clock. A node is created or bound even where its clock is refused afterwards, so that
//! an operator sees the refusal on the node.

mod newcomer;
mod version;

use chrono::{DurationRound, TimeDelta};

use crate::{
    Moment,
    domain::{Change, Connection, EngineId, Grid, GridId, Node, NodeId, Time, text::NAME},
};

use newcomer::{free_name, free_number};

pub use newcomer::{Unavailable, create_node};
pub use version::is_compatible;

/// What an agent says about itself.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The agent's version; empty where it said none.
    pub version: String,
    /// The engine's id; empty where it said none.
    pub engine_id: String,
    /// The name for a node that the grid token creates.
    pub name: String,
    /// Labels for a node that is created or bound.
    pub labels: Vec<String>,
    /// The agent's clock when it dialled; none where it said none, an error where it is unreadable.
    pub connected_at: Option<Result<Time, Unreadable>>,
    /// Which token it presented.
    pub token: Presented,
    /// When it came: what a decision waits for (a slow disk) is not the agent's clock's fault.
    pub arrived_at: Time,
    /// How long it may have waited at the door before, the master not being there.
    pub kept_waiting: TimeDelta,
}

/// A text is not a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// Which token an agent presented. Tokens are looked up by keyed hash and never reach a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// The grid's.
    Grid,
    /// A node's own.
    Node,
    /// None.
    Nothing,
}

/// What the store knows about a claim.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The grid that the presented grid token opens.
    pub grid: Option<Grid>,
    /// The node that the presented node token opens.
    pub token_node: Option<Node>,
    /// The node, of any grid, that the engine holds.
    pub engine_node: Option<Node>,
    /// Numbers and names in use in the grid, needed where a node is created.
    pub used: Vec<(u32, String)>,
}

/// What connecting agents are measured by.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The version announced to agents.
    pub version: String,
    /// How long a connect may take.
    pub websocket_timeout: TimeDelta,
    /// Accepted difference of clocks.
    pub clock_skew: TimeDelta,
}

/// Who an agent is.
#[derive(Debug, Clone, PartialEq)]
pub struct Admission {
    /// The grid.
    pub grid: GridId,
    /// The node.
    pub node: NodeId,
    /// The engine.
    pub engine_id: EngineId,
    /// The node's name.
    pub name: String,
    /// Identity of the connection, cut to milliseconds.
    pub connected_at: Time,
    /// What to write: a node created or bound, or nothing.
    pub changes: Vec<Change>,
}

/// Why an agent is not let in. The numbers are the close codes of the contract.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Close code.
    pub code: u16,
    /// Close reason.
    pub reason: String,
    /// The node's name, where the node is known.
    pub node_name: Option<String>,
    /// What to write all the same: a node created or bound, and the refusal on it.
    pub changes: Vec<(GridId, Change)>,
}

impl Refusal {
    fn new(code: u16, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), node_name: None, changes: Vec::new() }
    }

    fn of(code: u16, reason: &str, node: &Node) -> Self {
        Self { node_name: Some(node.name.clone()), ..Self::new(code, reason) }
    }

    /// Whether the agent is told the master's version before the close frame.
    #[must_use]
    pub fn announces_version(&self) -> bool {
        self.code == 4010
    }
}

/// Decides on a claim.
///
/// # Errors
/// The close code and reason for who is not let in.
pub fn decide(
    claim: &Claim,
    facts: &Facts,
    rules: &Rules,
    moment: &mut Moment,
) -> Result<Admission, Refusal> {
    let engine_id = check_hello(claim, rules)?;
    let connected_at = match claim.connected_at {
        Some(Ok(at)) => at,
        Some(Err(Unreadable)) => return Err(Refusal::new(4000, "Invalid Kontena-Connected-At")),
        None => return Err(Refusal::new(4000, "Missing Kontena-Connected-At")),
    };
    let (node, changes) = match claim.token {
        Presented::Grid => by_grid_token(claim, facts, &engine_id, moment)?,
        Presented::Node => by_node_token(claim, facts, &engine_id, moment)?,
        Presented::Nothing => return Err(Refusal::new(4004, "Missing token")),
    };
    check_clock(&node, &changes, connected_at, claim, rules)?;
    Ok(Admission {
        grid: node.grid,
        node: node.id,
        engine_id,
        name: node.name,
        connected_at: to_millis(connected_at),
        changes,
    })
}

fn check_hello(claim: &Claim, rules: &Rules) -> Result<EngineId, Refusal> {
    if !is_compatible(&claim.version) {
        let reason = format!(
            "agent version {} is not compatible with server version {}",
            claim.version, rules.version
        );
        return Err(Refusal::new(4010, reason));
    }
    if claim.engine_id.is_empty() {
        return Err(Refusal::new(4000, "Missing Kontena-Node-ID"));
    }
    let engine_id = EngineId::new(&claim.engine_id)
        .ok_or_else(|| Refusal::new(4000, "Invalid Kontena-Node-ID"))?;
    match claim.name.len() {
        0 => Err(Refusal::new(4000, "Missing Kontena-Node-Name")),
        1..=NAME => Ok(engine_id),
        _ => Err(Refusal::new(4000, "Invalid Kontena-Node-Name")),
    }
}

fn by_grid_token(
    claim: &Claim,
    facts: &Facts,
    engine_id: &EngineId,
    moment: &mut Moment,
) -> Result<(Node, Vec<Change>), Refusal> {
    let grid = facts.grid.as_ref().ok_or_else(|| Refusal::new(4001, "Invalid grid token"))?;
    match &facts.engine_node {
        None => {
            let node = new_node(claim, grid, &facts.used, engine_id, moment)?;
            let created = Change::NodeCreated(Box::new(node.clone()));
            Ok((node, vec![created]))
        }
        Some(node) if node.grid != grid.id => {
            Err(Refusal::of(4006, "Invalid node ID, already used by a different node", node))
        }
        Some(node) if node.has_token => {
            Err(Refusal::of(4005, "Invalid grid token, node was created using a node token", node))
        }
        Some(node) => Ok((node.clone(), Vec::new())),
    }
}

fn by_node_token(
    claim: &Claim,
    facts: &Facts,
    engine_id: &EngineId,
    moment: &mut Moment,
) -> Result<(Node, Vec<Change>), Refusal> {
    let node = facts.token_node.as_ref().ok_or_else(|| Refusal::new(4002, "Invalid node token"))?;
    match &facts.engine_node {
        Some(holder) if holder.id == node.id => Ok((node.clone(), Vec::new())),
        Some(_) => {
            Err(Refusal::of(4006, "Invalid node ID, already used by a different node", node))
        }
        None if node.engine_id.is_some() => {
            // The owner's words, not Kontena 1.5's.
            let reason = "Incorrect node token, already used by a different node";
            Err(Refusal::of(4003, reason, node))
        }
        None => {
            let mut labels = node.labels.clone();
            labels.extend(claim.labels.iter().filter(|new| !node.labels.contains(new)).cloned());
            let bound = Change::NodeBound {
                node: node.id,
                engine_id: engine_id.clone(),
                agent_version: claim.version.clone(),
                labels,
                at: moment.now,
            };
            let mut node = node.clone();
            node.apply(&bound);
            Ok((node, vec![bound]))
        }
    }
}

fn new_node(
    claim: &Claim,
    grid: &Grid,
    used: &[(u32, String)],
    engine_id: &EngineId,
    moment: &mut Moment,
) -> Result<Node, Refusal> {
    let number = free_number(grid, used).map_err(|error| Refusal::new(1011, error.to_string()))?;
    let name = free_name(&claim.name, number, used);
    let mut node = Node::new(NodeId::from_bytes(moment.id()), grid.id, number, name, moment.now);
    node.engine_id = Some(engine_id.clone());
    node.agent_version = Some(claim.version.clone());
    node.labels.clone_from(&claim.labels);
    Ok(node)
}

fn check_clock(
    node: &Node,
    changes: &[Change],
    connected_at: Time,
    claim: &Claim,
    rules: &Rules,
) -> Result<(), Refusal> {
    let offset = claim.arrived_at - connected_at;
    let direction = if offset > rules.websocket_timeout + rules.clock_skew + claim.kept_waiting {
        "past"
    } else if offset < -rules.clock_skew {
        "future"
    } else {
        return Ok(());
    };
    let reason = format!(
        "agent connected too far in the {direction}, clock offset {:.2}s exceeds threshold",
        seconds(offset)
    );
    // Never in the future, so that a later connect with a right clock is possible.
    let rejected_at = to_millis(connected_at.min(claim.arrived_at));
    let mut refusal = Refusal::of(4020, &reason, node);
    refusal.changes = changes.iter().map(|change| (node.grid, change.clone())).collect();
    // An older connection than the node's own leaves the node alone.
    if node.connected_at.is_none_or(|known| known < rejected_at) {
        let rejected = Change::NodeRejected {
            node: node.id,
            connected_at: rejected_at,
            connection: Connection {
                opened: false,
                close_code: Some(4020),
                close_reason: Some(reason),
            },
            at: claim.arrived_at,
        };
        refusal.changes.push((node.grid, rejected));
    }
    Err(refusal)
}

/// Connections are told apart at millisecond resolution.
#[must_use]
pub fn to_millis(at: Time) -> Time {
    at.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(at)
}

/// A span in seconds with fractions, for texts.
#[must_use]
pub fn seconds(span: TimeDelta) -> f64 {
    span.as_seconds_f64()
}

#[cfg(test)]
mod tests;
