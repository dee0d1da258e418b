//! What happened: the event log.

use serde::{Deserialize, Serialize};

/// Something the master or an agent did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Grows with every entry; what `from` takes.
    pub id: String,
    /// Time.
    pub created_at: String,
    /// 0 debug, 1 info, 2 warning, 3 error.
    pub severity: i16,
    /// Such as `service:deploy`.
    #[serde(rename = "type")]
    pub kind: String,
    /// In words.
    pub message: String,
    /// More about it.
    pub meta: Option<serde_json::Value>,
    /// What it is about.
    pub relationships: Vec<Relationship>,
}

/// Something an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Relationship {
    /// `grid`, `stack`, `service`, `volume` or `node`.
    #[serde(rename = "type")]
    pub kind: String,
    /// As in paths: `GRID/STACK/SERVICE`.
    pub id: String,
}

/// The newest events, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Events {
    /// The events.
    pub logs: Vec<Event>,
}
