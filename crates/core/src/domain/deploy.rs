//! Deploys: the record of one roll-out of a service. States only move forward.

use serde::{Deserialize, Serialize};

use super::{DeployId, GridId, NodeId, Service, ServiceId, Time};

/// One roll-out of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deploy {
    /// Identity.
    pub id: DeployId,
    /// The grid.
    pub grid: GridId,
    /// The service.
    pub service: ServiceId,
    /// Who asked for it.
    pub origin: DeployOrigin,
    /// Forward only.
    pub state: DeployState,
    /// Why it failed, in the contract's words, or what it waits for.
    pub reason: Option<String>,
    /// What stands behind the reason, in an operator's words: whom each filter refused, what would help.
    pub explanation: Option<String>,
    /// The revision its instances get; set at the start, the same for all.
    pub deploy_rev: Option<String>,
    /// How many instances it brings about; set at the start.
    pub total: Option<u32>,
    /// When it was asked for.
    pub created_at: Time,
    /// When it was taken from the queue.
    pub queued_at: Option<Time>,
    /// When it started.
    pub started_at: Option<Time>,
    /// When it ended.
    pub finished_at: Option<Time>,
    /// By number, in the order they were taken up.
    pub instances: Vec<InstanceDeploy>,
}

impl Deploy {
    /// Makes a deploy that was just asked for.
    #[must_use]
    pub fn new(id: DeployId, service: &Service, origin: DeployOrigin, now: Time) -> Self {
        Self {
            id,
            grid: service.grid,
            service: service.id,
            origin,
            state: DeployState::Created,
            reason: None,
            explanation: None,
            deploy_rev: None,
            total: None,
            created_at: now,
            queued_at: None,
            started_at: None,
            finished_at: None,
            instances: Vec::new(),
        }
    }

    /// Whether nothing has been done for it yet.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.started_at.is_none() && self.finished_at.is_none()
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.finished_at.is_some()
    }
}

/// Who asked for a deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeployOrigin {
    /// An administrator: every instance is deployed again.
    User,
    /// The scheduler: only instances that must change are touched.
    Scheduler,
}

/// How far a deploy, or one instance of it, has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeployState {
    /// Asked for.
    Created,
    /// Begun.
    Ongoing,
    /// Done.
    Success,
    /// Failed.
    Error,
}

impl DeployState {
    /// The API's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Ongoing => "ongoing",
            Self::Success => "success",
            Self::Error => "error",
        }
    }

    /// Whether nothing follows.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Success | Self::Error)
    }
}

/// One instance within a deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceDeploy {
    /// The instance's number.
    pub number: u32,
    /// The chosen node; none once that node was removed.
    pub node: Option<NodeId>,
    /// The node's name when it was chosen.
    pub node_name: String,
    /// Forward only.
    pub state: DeployState,
    /// Why it failed.
    pub error: Option<String>,
    /// What is being waited for.
    pub phase: Phase,
    /// When the phase began; time limits count from here.
    pub phase_at: Time,
}

/// What an instance deploy waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// For its node to hear of the volumes that were made for the instance.
    Preparing,
    /// For the instance to stop on its previous node.
    Stopping,
    /// For the instance to run on its node.
    Starting,
}
