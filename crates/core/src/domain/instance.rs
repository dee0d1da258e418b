//! Instances: the record that a numbered copy of a service shall exist, and what its node says of it.

use serde::{Deserialize, Serialize};

use super::{GridId, InstanceId, NodeId, ServiceId, Time};

/// One numbered copy of a service; identified by service and number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Identity in the API.
    pub id: InstanceId,
    /// The grid.
    pub grid: GridId,
    /// The service.
    pub service: ServiceId,
    /// From 1, unique in the service.
    pub number: u32,
    /// Where it shall run; none while unscheduled.
    pub node: Option<NodeId>,
    /// Wanted.
    pub desired_state: DesiredState,
    /// Text that grows with every deploy; set by the deploy that last touched the instance.
    pub deploy_rev: Option<String>,
    /// The service's revision at that deploy.
    pub service_revision: Option<i64>,
    /// Observed: the deploy_rev the node's report is about.
    pub rev: Option<String>,
    /// Observed.
    pub state: ObservedState,
    /// Observed: the agent's error.
    pub error: Option<String>,
    /// Creation.
    pub created_at: Time,
    /// Last change.
    pub updated_at: Time,
}

/// What an instance shall do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DesiredState {
    /// Not deployed yet.
    #[default]
    Initialized,
    /// Run.
    Running,
    /// Exist and not run.
    Stopped,
}

impl DesiredState {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initialized => "initialized",
            Self::Running => "running",
            Self::Stopped => "stopped",
        }
    }
}

/// What an instance does, as its agent says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObservedState {
    /// Nothing was reported yet.
    #[default]
    Initialized,
    /// Runs.
    Running,
    /// Crashed and about to be started again.
    Restarting,
    /// Exists and does not run.
    Stopped,
    /// Does not exist.
    Missing,
}

impl ObservedState {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initialized => "initialized",
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Stopped => "stopped",
            Self::Missing => "missing",
        }
    }
}
