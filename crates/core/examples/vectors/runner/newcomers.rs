//! Nodes that begin to exist: by the grid's token, or created by hand.

use chrono::TimeDelta;
use kontena_core::{
    Moment, Snapshot,
    domain::{Change, Node},
    login::{self, Claim, Facts, Presented, Rules},
    validate::node::NodeDraft,
};
use serde_json::{Value, json};

use super::{
    cases::{Checked, no_failure, same},
    given::Case,
    picture::{Builder, now},
};

pub(super) fn join(case: &Case, then: &Value) -> Checked {
    let snapshot = Builder::new(&case.given).snapshot();
    let join = case.given.join.as_ref().ok_or("nobody joins")?;
    let made = match join.token.as_str() {
        "grid" => connect(&snapshot, &join.name),
        "node" => create(&snapshot, &join.name),
        other => return Err(format!("no such token: {other}")),
    };
    let node = match made {
        Ok(node) => node,
        Err(text) if then.get("error").is_some() => return same(then, "error", &json!(text)),
        Err(text) => return Err(format!("expected {then}, found the error {text:?}")),
    };
    no_failure(then)?;
    let found = node.map(|node| {
        json!({
            "name": node.name,
            "number": node.number,
            "initial": node.is_initial(snapshot.grid.initial_size),
        })
    });
    same(then, "node", &json!(found))
}

fn used(snapshot: &Snapshot) -> Vec<(u32, String)> {
    snapshot.nodes().map(|node| (node.number, node.name.clone())).collect()
}

/// An agent that nobody knows connects with the grid's token.
fn connect(snapshot: &Snapshot, name: &str) -> Result<Option<Node>, String> {
    let claim = Claim {
        version: "1.5.4".into(),
        engine_id: "NEWCOMER".into(),
        name: name.to_owned(),
        labels: Vec::new(),
        connected_at: Some(Ok(now())),
        token: Presented::Grid,
        arrived_at: now(),
        kept_waiting: TimeDelta::zero(),
    };
    let facts =
        Facts { grid: Some(snapshot.grid.clone()), used: used(snapshot), ..Facts::default() };
    let rules = Rules {
        version: "1.5.4".into(),
        websocket_timeout: TimeDelta::seconds(5),
        clock_skew: TimeDelta::seconds(1),
    };
    let admitted = login::decide(&claim, &facts, &rules, &mut Moment::new(now(), 0));
    let changes = admitted.map_err(|refusal| refusal.reason)?.changes;
    Ok(changes.into_iter().find_map(|change| match change {
        Change::NodeCreated(node) => Some(*node),
        _ => None,
    }))
}

/// An administrator creates a node ahead of its agent.
fn create(snapshot: &Snapshot, name: &str) -> Result<Option<Node>, String> {
    let draft = NodeDraft { name: name.to_owned(), token: None, labels: Vec::new() };
    let mut moment = Moment::new(now(), 0);
    let made = login::create_node(&draft, &snapshot.grid, &used(snapshot), false, &mut moment);
    made.map(Some).map_err(|error| error.to_string())
}
