//! What is read of the scheduler's decisions and plans.

use serde::{Deserialize, Deserializer};

use super::lenient::{name, or_default};

/// Why the instances of a service are where they are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Explanation {
    #[serde(deserialize_with = "or_default")]
    pub(crate) service: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) decided_at: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) trigger: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) reason: String,
    pub(crate) error: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) instances: Vec<InstanceExplanation>,
}

/// Why one instance is where it is, or nowhere; and in a plan, what would be done.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct InstanceExplanation {
    #[serde(deserialize_with = "or_default")]
    pub(crate) number: u32,
    #[serde(deserialize_with = "name")]
    pub(crate) node: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) reason: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) filters: Vec<Refusals>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) ranks: Vec<Rank>,
    /// `keep`, `create`, `move` or `remove`.
    pub(crate) action: Option<String>,
    pub(crate) from: Option<String>,
}

/// Whom one filter refused.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Refusals {
    #[serde(deserialize_with = "or_default")]
    pub(crate) filter: String,
    #[serde(deserialize_with = "or_default")]
    pub(crate) refused: u64,
    #[serde(deserialize_with = "or_default")]
    pub(crate) nodes: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(crate) reason: String,
}

/// What a node that passed is worth.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Rank {
    #[serde(deserialize_with = "or_default")]
    pub(crate) node: String,
    #[serde(deserialize_with = "key")]
    pub(crate) key: Vec<f64>,
}

/// JSON has no word for the infinite, which is how a part that is not known counts.
fn key<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<f64>, D::Error> {
    let parts: Vec<Option<f64>> = or_default(from)?;
    Ok(parts.into_iter().map(|part| part.unwrap_or(f64::INFINITY)).collect())
}
