//! Volumes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Volume {
    /// `GRID/NAME`.
    pub id: String,
    /// The name.
    pub name: String,
    /// `grid`, `stack` or `instance`.
    pub scope: String,
    /// Volume driver, without version.
    pub driver: String,
    /// Driver options.
    #[serde(default)]
    pub driver_opts: BTreeMap<String, String>,
    /// When.
    pub created_at: String,
    /// When.
    pub updated_at: String,
    /// Where it exists.
    #[serde(default)]
    pub instances: Vec<VolumeInstance>,
    /// Which services use it.
    #[serde(default)]
    pub services: Vec<ServiceOfVolume>,
}

/// A volume on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VolumeInstance {
    /// The node's name.
    pub node: String,
    /// The engine's name for it.
    pub name: String,
}

/// A service that uses a volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceOfVolume {
    /// `GRID/STACK/SERVICE`.
    pub id: String,
}

/// `GET /v1/volumes/:grid`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Volumes {
    /// By name.
    pub volumes: Vec<Volume>,
}
