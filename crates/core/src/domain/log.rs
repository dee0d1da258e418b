//! What containers write.

use super::Time;

/// A line as an agent says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidLine {
    /// The engine's id of the container.
    pub container_id: String,
    /// When it was written.
    pub at: Time,
    /// Whether to standard error.
    pub is_error: bool,
    /// The line without its end.
    pub data: String,
}
