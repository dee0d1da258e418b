//! The event log: what the master decided and what agents said, in an operator's words.

use super::{GridId, NodeId, ServiceId, Time};

/// One entry of the event log; the store numbers them in the order of writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The grid.
    pub grid: GridId,
    /// When.
    pub at: Time,
    /// How bad.
    pub severity: Severity,
    /// Such as `scheduler` or `service:deploy`.
    pub kind: String,
    /// The sentence.
    pub message: String,
    /// What it is about.
    pub service: Option<ServiceId>,
    /// Where it happened.
    pub node: Option<NodeId>,
    /// Which instance.
    pub instance_number: Option<u32>,
}

/// How bad an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i16)]
pub enum Severity {
    /// For the curious.
    Debug = 0,
    /// The normal course.
    Info = 1,
    /// Worth a look.
    Warn = 2,
    /// Something failed.
    Error = 3,
}
