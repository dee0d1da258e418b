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

impl Instance {
    /// Returns what may be told of the instance: what its node last reported. One that has no node (any
    /// more) has nobody who could report, so that it is missing, whatever was true before; what was never
    /// reported stays so.
    #[must_use]
    pub fn known_state(&self) -> ObservedState {
        match self.state {
            ObservedState::Initialized => ObservedState::Initialized,
            _ if self.node.is_none() => ObservedState::Missing,
            state => state,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(node: Option<NodeId>, state: ObservedState) -> Instance {
        Instance {
            id: InstanceId::from_bytes([1; 12]),
            grid: GridId::from_bytes([1; 12]),
            service: ServiceId::from_bytes([1; 12]),
            number: 1,
            node,
            desired_state: DesiredState::Running,
            deploy_rev: None,
            service_revision: None,
            rev: None,
            state,
            error: None,
            created_at: Time::default(),
            updated_at: Time::default(),
        }
    }

    #[test]
    fn an_instance_without_a_node_is_not_known_to_run() {
        use ObservedState::{Initialized, Missing, Restarting, Running, Stopped};
        for (state, without) in [
            (Initialized, Initialized),
            (Running, Missing),
            (Restarting, Missing),
            (Stopped, Missing),
            (Missing, Missing),
        ] {
            assert_eq!(instance(None, state).known_state(), without);
            let node = Some(NodeId::from_bytes([2; 12]));
            assert_eq!(instance(node, state).known_state(), state);
        }
    }
}
