//! Short answers: of the master about itself, of calls that have nothing to say, and of those that fail.

use serde::{Deserialize, Serialize};

/// The body of `GET /`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Root {
    /// `Kontena Master`.
    pub name: String,
    /// `The Container Platform`.
    pub tagline: String,
    /// The compatibility version.
    pub version: String,
    /// This product's own version.
    #[serde(default)]
    pub product_version: Option<String>,
}

/// `GET /v1/ping`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pong {
    /// `pong`.
    pub message: String,
}

/// `GET /healthz` and `GET /readyz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// `ok`, `ready` or `failing`.
    pub status: String,
    /// What does not answer; absent where all does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failing: Vec<String>,
}

/// `{}`: it was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Done {}

/// A call that was not carried out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failure {
    /// A sentence; with 422 an object: what is wrong with each field.
    pub error: serde_json::Value,
    /// About a token: which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
    /// Of an agent that failed: its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// Of an agent that failed: its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
