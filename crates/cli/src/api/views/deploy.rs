//! What is read of deploys, instances and containers.

use serde::Deserialize;

use super::Named;
use super::lenient::{integer, name};

/// A deploy of a service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Deploy {
    pub(crate) id: Option<String>,
    pub(crate) service_id: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) finished_at: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) reason: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub(crate) instance_count: Option<i64>,
    pub(crate) instance_deploys: Option<Vec<InstanceDeploy>>,
}

/// One instance of a deploy.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct InstanceDeploy {
    #[serde(deserialize_with = "integer")]
    pub(crate) instance_number: Option<i64>,
    #[serde(deserialize_with = "name")]
    pub(crate) node: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) error: Option<String>,
}

/// An instance of a service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Instance {
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub(crate) instance_number: Option<i64>,
    pub(crate) state: Option<String>,
    pub(crate) deploy_rev: Option<String>,
    pub(crate) rev: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) node: Option<Named>,
}

/// A container of a service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Container {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub(crate) instance_number: Option<i64>,
    pub(crate) node: Option<Named>,
    pub(crate) deploy_rev: Option<String>,
    pub(crate) hostname: Option<String>,
    pub(crate) domainname: Option<String>,
    pub(crate) ip_address: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) state: Option<ContainerState>,
    pub(crate) health_status: Option<ContainerHealth>,
    pub(crate) image: Option<String>,
    pub(crate) cmd: Option<Vec<String>>,
    pub(crate) created_at: Option<String>,
}

/// What the engine says about a container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ContainerState {
    pub(crate) error: Option<String>,
    #[serde(deserialize_with = "integer")]
    pub(crate) exit_code: Option<i64>,
    pub(crate) paused: Option<bool>,
    pub(crate) restarting: Option<bool>,
    pub(crate) oom_killed: Option<bool>,
    pub(crate) dead: Option<bool>,
    pub(crate) running: Option<bool>,
}

/// What the health check says about a container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ContainerHealth {
    pub(crate) status: Option<String>,
    pub(crate) updated_at: Option<String>,
}
