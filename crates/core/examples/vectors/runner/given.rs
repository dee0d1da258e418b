//! The shape of a vectors file.

use std::collections::BTreeMap;

use kontena_core::domain::{
    Availability, DeployOpts, DeployState, DesiredState, MemoryStats, ObservedState, Port,
    ServiceState, Strategy, VolumeScope,
};
use serde::Deserialize;
use serde_json::Value;

/// One case.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Case {
    /// Unique in the file.
    pub(crate) name: String,
    /// `must` or `quirk`.
    pub(crate) level: String,
    /// What is done.
    pub(crate) when: String,
    /// The picture and further input.
    pub(super) given: Given,
    /// What has to come out.
    pub(crate) then: Value,
}

/// The picture of a case and its further input.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Given {
    pub(super) nodes: Vec<GivenNode>,
    pub(super) grid: GivenGrid,
    pub(super) service: Option<GivenService>,
    #[serde(default)]
    pub(super) instances: Vec<GivenInstance>,
    #[serde(default)]
    pub(super) other_services: Vec<GivenService>,
    /// The number that is selected.
    #[serde(default)]
    pub(super) instance_number: u32,
    /// What this run has selected before.
    #[serde(default)]
    pub(super) scheduled: BTreeMap<String, Vec<u32>>,
    /// Nodes whose agents report an error.
    #[serde(default)]
    pub(super) fail_nodes: Vec<String>,
    /// The node something is done to.
    #[serde(default)]
    pub(super) node: String,
    /// Whether an administrator deploys afterwards.
    #[serde(default)]
    pub(super) manual_deploy: bool,
    /// The agent that connects, or the node that is created.
    pub(super) join: Option<GivenJoin>,
    /// The services that are put in order.
    #[serde(default)]
    pub(super) stack_services: Vec<GivenLinked>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct GivenLinked {
    pub(crate) name: String,
    pub(super) links: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct GivenJoin {
    pub(crate) name: String,
    /// `grid` or `node`.
    pub(super) token: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct GivenGrid {
    pub(super) default_affinity: Vec<String>,
    pub(super) initial_size: u32,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct GivenNode {
    pub(crate) name: String,
    pub(super) number: u32,
    pub(super) connected: bool,
    pub(super) last_seen_s_ago: Option<i64>,
    pub(super) availability: Availability,
    pub(super) labels: Vec<String>,
    pub(super) mem_total: Option<i64>,
    pub(super) mem_used: Option<i64>,
    pub(super) mem_stats: Option<MemoryStats>,
    pub(super) cpus: Option<i64>,
    #[serde(default = "yes")]
    pub(super) updated: bool,
    pub(super) volume_drivers: Option<Vec<String>>,
    #[serde(default)]
    pub(super) volume_instances: Vec<String>,
    #[serde(default)]
    pub(super) containers: Vec<GivenContainer>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct GivenContainer {
    pub(crate) name: String,
    pub(super) service: Option<String>,
    pub(super) instance_number: Option<u32>,
    #[serde(default)]
    pub(super) deleted: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct GivenService {
    pub(crate) name: String,
    #[serde(default = "default_stack")]
    pub(super) stack: String,
    #[serde(default)]
    pub(super) strategy: Strategy,
    /// A count for the service of the case, rows for the others.
    #[serde(default)]
    pub(super) instances: Value,
    #[serde(default)]
    pub(super) stateful: bool,
    #[serde(default)]
    pub(super) affinity: Vec<String>,
    #[serde(default)]
    pub(super) ports: Vec<Port>,
    #[serde(default)]
    pub(super) state: ServiceState,
    pub(super) cpus: Option<f64>,
    pub(super) memory: Option<i64>,
    pub(super) memory_swap: Option<i64>,
    pub(super) memory_peak_1h: Option<i64>,
    #[serde(default)]
    pub(super) volumes: Vec<GivenVolume>,
    #[serde(default)]
    pub(super) volumes_from: Vec<String>,
    pub(super) net: Option<String>,
    #[serde(default)]
    pub(super) deploy_opts: DeployOpts,
    pub(super) deployed_s_ago: Option<i64>,
    pub(super) updated_s_ago: Option<i64>,
    #[serde(default)]
    pub(super) deploys: Vec<GivenDeploy>,
    #[serde(default)]
    pub(super) stack_deploys: Vec<GivenStackDeploy>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct GivenVolume {
    pub(super) volume: Option<String>,
    pub(super) scope: Option<VolumeScope>,
    pub(super) driver: Option<String>,
    pub(super) bind_mount: Option<String>,
    pub(super) path: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct GivenDeploy {
    pub(super) started_s_ago: Option<i64>,
    pub(super) finished: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct GivenStackDeploy {
    pub(super) state: DeployState,
    pub(super) created_s_ago: i64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct GivenInstance {
    pub(super) number: u32,
    pub(super) node: Option<String>,
    pub(super) desired_state: DesiredState,
    pub(super) state: ObservedState,
}

fn yes() -> bool {
    true
}

fn default_stack() -> String {
    "null".into()
}
