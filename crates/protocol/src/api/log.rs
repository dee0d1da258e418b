//! What happened and what containers wrote.

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

/// A line of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogLine {
    /// Grows with every line; what `from` takes.
    pub id: String,
    /// `STACK-SERVICE-NUMBER` for a container of a service, else the container's name.
    pub name: String,
    /// The record of the container, not the engine's id of it.
    pub container_id: String,
    /// The service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Named>,
    /// Its stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<Named>,
    /// The grid.
    pub grid: Named,
    /// The node, as far as it still exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeOfLine>,
    /// When it was written.
    pub created_at: String,
    /// `stdout` or `stderr`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The line without its end.
    pub data: String,
}

/// Something with a path and a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Named {
    /// As in paths: `GRID/STACK/SERVICE`.
    pub id: String,
    /// Plain name.
    pub name: String,
}

/// Where a line was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NodeOfLine {
    /// Name of the node.
    pub name: String,
}

/// The newest lines, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogLines {
    /// The lines.
    pub logs: Vec<LogLine>,
}
