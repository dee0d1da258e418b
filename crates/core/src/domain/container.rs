//! Containers as agents report them: the whole record, and the little of it that decisions look at.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ContainerId, GridId, NodeId, ServiceId, Time, text};

/// A container that is visible to affinities and dependencies: of type `container`. One that counts as
/// deleted stays visible until its record is purged, so that a node's containers are known during its
/// grace (`scheduling.md` 8.2 #15).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Identity.
    pub id: ContainerId,
    /// Where it exists.
    pub node: NodeId,
    /// `<service>-<n>` in the default stack, `<stack>.<service>-<n>` elsewhere.
    pub name: String,
    /// The service it belongs to.
    pub service: Option<ServiceId>,
    /// Stack label; `null` where missing.
    pub stack_name: String,
    /// Plain name of the service, where it belongs to one.
    pub service_name: Option<String>,
    /// The instance it realises.
    pub instance_number: Option<u32>,
}

/// The type of a container that runs a service or was started by hand.
pub const CONTAINER: &str = "container";
/// The type of a container that only holds a stateful instance's data; it outlives disconnects.
pub const VOLUME: &str = "volume";

/// A container as its node's agent last described it (`/containers/save`).
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerRecord {
    /// Identity.
    pub id: ContainerId,
    /// The grid.
    pub grid: GridId,
    /// Where it exists.
    pub node: NodeId,
    /// The engine's id of it; unique in the grid.
    pub container_id: String,
    /// By label, else the engine's own.
    pub name: String,
    /// `container`, `volume` or another word its label says.
    pub kind: String,
    /// The service it belongs to, by label.
    pub service: Option<ServiceId>,
    /// The instance it realises, by label.
    pub instance_number: Option<u32>,
    /// Everything else that is shown.
    pub details: Box<ContainerDetails>,
    /// The last result of its health check.
    pub health: Option<ContainerHealth>,
    /// First report.
    pub created_at: Time,
    /// Last report.
    pub updated_at: Time,
    /// When its node's connection ended: it counts as deleted until it is reported again.
    pub deleted_at: Option<Time>,
}

/// A container as an agent describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerReport {
    /// The engine's id of it.
    pub container_id: String,
    /// The engine's own name of it, without the slash.
    pub engine_name: String,
    /// What is shown of it; its labels say the rest.
    pub details: ContainerDetails,
}

/// What is shown of a container and decides nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerDetails {
    /// Its image's name.
    pub image: Option<String>,
    /// Its image's id.
    pub image_version: Option<String>,
    /// Storage driver.
    pub driver: Option<String>,
    /// Arguments.
    pub cmd: Option<Vec<String>>,
    /// Environment, `NAME=value`.
    pub env: Vec<String>,
    /// Name within the network.
    pub hostname: Option<String>,
    /// Domain within the network.
    pub domainname: Option<String>,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// The revision of the deploy that made it.
    pub deploy_rev: Option<String>,
    /// The service's revision it was made from.
    pub service_revision: Option<String>,
    /// What it does.
    pub state: ContainerState,
    /// RFC 3339, as the engine says; none where it never started.
    pub started_at: Option<String>,
    /// RFC 3339, as the engine says; none where it never ended.
    pub finished_at: Option<String>,
    /// Address in the overlay network, without prefix length.
    pub ip_address: Option<String>,
    /// Addresses on the node, as the API shows them.
    pub network_settings: serde_json::Value,
}

/// What a container does, as its engine says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerState {
    /// Why it could not be started; empty where it could.
    pub error: String,
    /// Of its last end.
    pub exit_code: i64,
    /// 0 while it does not run.
    pub pid: i64,
    /// Ended by the kernel for want of memory.
    pub oom_killed: bool,
    /// Frozen.
    pub paused: bool,
    /// About to be started again.
    pub restarting: bool,
    /// Could not be removed.
    pub dead: bool,
    /// Runs.
    pub running: bool,
}

/// The last result of a container's health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerHealth {
    /// Whether it was good.
    pub healthy: bool,
    /// When it was reported.
    pub at: Time,
}

impl ContainerRecord {
    /// The container's state in one word; the first that applies.
    #[must_use]
    pub fn status(&self) -> &'static str {
        let state = &self.details.state;
        match () {
            () if self.deleted_at.is_some() => "deleted",
            () if state.paused => "paused",
            () if state.restarting => "restarting",
            () if state.dead => "dead",
            () if state.running => "running",
            () if state.oom_killed => "oom_killed",
            () => "stopped",
        }
    }

    /// What decisions see of it; none where it is of another type. The only place that says so: the store
    /// keeps it beside the record, so that decisions need not read the details.
    #[must_use]
    pub fn visible(&self) -> Option<Container> {
        if self.kind != CONTAINER {
            return None;
        }
        let label = |name: &str| {
            let value = self.details.labels.get(name)?;
            Some(text::cut(value, text::NAME).to_owned())
        };
        Some(Container {
            id: self.id,
            node: self.node,
            name: self.name.clone(),
            service: self.service,
            stack_name: label("io.kontena.stack.name").unwrap_or_else(|| "null".to_owned()),
            service_name: label("io.kontena.service.name"),
            instance_number: self.instance_number,
        })
    }
}
