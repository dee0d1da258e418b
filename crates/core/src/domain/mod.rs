//! The nouns: what a grid consists of, without any rule about what should happen to it.
//!
//! Shared by every room of the master and by the store. Wanted and observed never share a field:
//! `desired_state` and `state`, `availability` and `connected`.

pub mod change;
pub mod container;
pub mod deploy;
pub mod event;
pub mod grid;
pub mod id;
pub mod instance;
mod log;
pub mod memory;
pub mod net;
pub mod node;
pub mod service;
pub mod stats;
pub mod text;
pub mod volume;

pub use change::Change;
pub use container::{
    Container, ContainerDetails, ContainerHealth, ContainerRecord, ContainerReport, ContainerState,
};
pub use deploy::{Deploy, DeployOrigin, DeployState, InstanceDeploy, Phase};
pub use event::{Event, Severity};
pub use grid::{Grid, LogForwarding, Statsd};
pub use id::{
    ContainerId, DeployId, EngineId, GridId, InstanceId, NodeId, RegistryId, SecretId, ServiceId,
    StackId, TokenId, UserId, VolumeId, VolumeInstanceId,
};
pub use instance::{DesiredState, Instance, ObservedState};
pub use log::SaidLine;
pub use memory::MemoryPeak;
pub use net::Cidr;
pub use node::{Availability, Connection, Driver, Node, NodeReport, NodeStatus};
pub use service::{
    DeployOpts, HealthCheck, Hook, HookKind, Link, Port, SecretRef, Service, ServiceSpec,
    ServiceState, ServiceVersion, ServiceVolume, Strategy, VolumeRef, VolumeScope,
};
pub use stats::{
    ContainerCpu, ContainerFigures, ContainerMemory, CpuUsage, Filesystem, LoadAverages,
    MemoryStats, NodeFigures, NodeSample, NodeTraffic, Traffic,
};
pub use volume::{Volume, VolumeInstance};

/// A moment in UTC. The domain stores microseconds; agents' connection times are cut to milliseconds.
pub type Time = chrono::DateTime<chrono::Utc>;

/// The name of the stack that every grid owns and that services without a stack belong to.
pub const DEFAULT_STACK: &str = "null";
