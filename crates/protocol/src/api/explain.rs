//! Why the scheduler decided what it decided about a service, and what a deploy would decide now.
//!
//! The two calls share one body (`operations.md`, "The scheduler explains itself"): a plan says for each
//! instance also what would be done to it.

use serde::{Deserialize, Deserializer, Serialize};

/// `GET /v1/services/:grid/:stack/:name/explain` and `POST …/plan`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Explanation {
    /// `GRID/STACK/NAME` of the service.
    pub service: String,
    /// Time of the decision.
    pub decided_at: String,
    /// What made the scheduler decide.
    pub trigger: String,
    /// The verdict in one sentence.
    #[serde(default)]
    pub reason: String,
    /// The error a deploy would end in; only in a plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// By number.
    #[serde(default)]
    pub instances: Vec<InstanceExplanation>,
}

/// Why one instance is where it is, or nowhere.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstanceExplanation {
    /// From 1.
    pub number: u32,
    /// The chosen node's name; null where none was.
    pub node: Option<String>,
    /// In one sentence.
    #[serde(default)]
    pub reason: String,
    /// The filters that refused somebody, in their order.
    #[serde(default)]
    pub filters: Vec<Refusals>,
    /// The nodes that passed every filter, best first.
    #[serde(default)]
    pub ranks: Vec<Rank>,
    /// What would be done; only in a plan.
    #[serde(flatten, default)]
    pub step: Option<PlannedStep>,
}

/// Whom one filter refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Refusals {
    /// The filter, such as `Port`.
    pub filter: String,
    /// How many nodes it refused.
    pub refused: u64,
    /// Their names.
    #[serde(default)]
    pub nodes: Vec<String>,
    /// In an operator's words, such as `3 of 5 nodes refused: drained`.
    #[serde(default)]
    pub reason: String,
}

/// What a node that passed is worth to the strategy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rank {
    /// The node's name.
    pub node: String,
    /// Compared from left to right, the smallest wins. What is not known counts as infinite, which JSON
    /// writes as null.
    #[serde(default, deserialize_with = "key")]
    pub key: Vec<f64>,
}

/// What a deploy would do to an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlannedStep {
    /// What.
    pub action: PlannedAction,
    /// The name of the node it is on now; null where it is on none.
    pub from: Option<String>,
}

/// The kinds of [`PlannedStep`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum PlannedAction {
    /// It stays on its node.
    Keep,
    /// It gets a node, having had none.
    Create,
    /// It gets another node.
    Move,
    /// It goes.
    Remove,
}

impl PlannedAction {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Create => "create",
            Self::Move => "move",
            Self::Remove => "remove",
        }
    }
}

fn key<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    let parts = Vec::<Option<f64>>::deserialize(from)?;
    Ok(parts.into_iter().map(|part| part.unwrap_or(f64::INFINITY)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn there_and_back(body: &Value) -> Value {
        let read: Explanation = serde_json::from_value(body.clone()).unwrap();
        serde_json::to_value(read).unwrap()
    }

    fn body(instance: &Value) -> Value {
        json!({"service": "dev/null/web", "decided_at": "2026-11-24T08:00:00.000Z",
            "trigger": "deploy", "reason": "placed", "instances": [instance]})
    }

    #[test]
    fn the_fields_are_those_of_the_contract() {
        let filters = json!([{"filter": "Port", "refused": 1, "nodes": ["node-2"],
            "reason": "1 of 2 nodes refused: a port of [80] is taken"}]);
        let ranks = json!([{"node": "node-1", "key": [0.0, 1.0, null]}]);
        let placed = body(&json!({"number": 1, "node": "node-1", "reason": "best of 1",
            "filters": filters, "ranks": ranks}));
        assert_eq!(there_and_back(&placed), placed);
        let mut planned = body(&json!({"number": 1, "node": null, "reason": "nobody left",
            "filters": [], "ranks": [], "action": "create", "from": null}));
        planned["error"] = json!("Cannot find applicable node");
        assert_eq!(there_and_back(&planned), planned);
    }

    #[test]
    fn an_unknown_part_of_a_key_is_the_worst_there_is() {
        let read: Rank = serde_json::from_value(json!({"node": "a", "key": [1, null]})).unwrap();
        assert_eq!(read.key, [1.0, f64::INFINITY]);
    }

    #[test]
    fn a_step_is_there_in_plans_only() {
        for action in
            [PlannedAction::Keep, PlannedAction::Create, PlannedAction::Move, PlannedAction::Remove]
        {
            let instance =
                json!({"number": 2, "node": "b", "action": action.as_str(), "from": "a"});
            let read: InstanceExplanation = serde_json::from_value(instance).unwrap();
            assert_eq!(read.step, Some(PlannedStep { action, from: Some("a".into()) }));
        }
        let read: InstanceExplanation = serde_json::from_value(json!({"number": 2})).unwrap();
        assert_eq!(read.step, None);
    }
}
