//! The JSON bodies of the administrators' HTTP API, as clients read them.
//!
//! The master builds these and clients parse them, so that a field name exists once. Every time is
//! ISO 8601 UTC with milliseconds. What the master accepts as input is more lenient than any type and is
//! read by its own validation.

mod audit;
mod container;
mod explain;
mod grid;
mod log;
mod node;
mod request;
mod service;
mod status;
mod token;
mod vault;
mod volume;

pub use audit::{AuditEntry, AuditLog, UserIdentity};
pub use container::{
    Container, ContainerState, ContainerStats, Containers, CpuMetric, CpuStats, FilesystemMetric,
    GridOfContainer, HealthOfContainer, MemoryStats, Metric, Metrics, NetworkStats,
    NodeOfContainer, Stats, TrafficStats,
};
pub use explain::{Explanation, InstanceExplanation, PlannedAction, PlannedStep, Rank, Refusals};
pub use grid::{Grid, GridCreate, Grids};
pub use log::{Event, Events, LogLine, LogLines, Named, NodeOfLine, Relationship};
pub use node::{
    DriverView, EtcdHealth, GridOfNode, Node, NodeCreate, NodeHealth, NodeToken, NodeUpdate, Nodes,
    TokenReset,
};
pub use request::{
    AuthorizeRequest, DeployRequest, EnvRequest, ExecRequest, GridUpdate, GridUserRequest,
    HookRequest, LinkRequest, RoleRequest, ScaleRequest, SecretRequest, ServiceCreate,
    ServiceSettings, ServiceUpdate, TokenRequest, VolumeCreate,
};
pub use service::{
    DeployOpts, GridRef, HealthCheck, HealthStatus, HookView, Instance, InstanceCounts,
    InstanceDeploy, Instances, Link, NodeOfInstance, Port, Service, ServiceDeploy, ServiceSecret,
    Services, StackRef,
};
pub use status::{Done, Failure, Health, Pong, Root};
pub use token::{Invitation, Server, Token, TokenUser, Tokens, User, Users};
pub use vault::{
    Registries, Registry, RegistryCreate, Secret, SecretCreate, SecretInList, SecretUpdate,
    Secrets, ServiceOfSecret,
};
pub use volume::{ServiceOfVolume, Volume, VolumeInstance, Volumes};

/// Writes a moment the way the API does: `2017-06-14T13:37:36.968Z`.
#[must_use]
pub fn timestamp(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
