//! Services: the specification (wanted), its revision and state.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{DEFAULT_STACK, GridId, ServiceId, StackId, Time};

/// A service: one specification, run as a number of instances.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Identity.
    pub id: ServiceId,
    /// The grid.
    pub grid: GridId,
    /// The stack.
    pub stack: StackId,
    /// The stack's name; `null` for services without a stack.
    pub stack_name: String,
    /// Unique in its stack.
    pub name: String,
    /// What is wanted, at `revision`.
    pub spec: Arc<ServiceSpec>,
    /// Wanted number of instances; per node for `daemon`. Scaling changes no revision.
    pub instances: i64,
    /// Wanted.
    pub state: ServiceState,
    /// From 1; one more with every effective change.
    pub revision: i64,
    /// Revision of the stack at its last deploy.
    pub stack_revision: Option<i64>,
    /// Last request to deploy.
    pub deploy_requested_at: Option<Time>,
    /// Start of the last executed deploy.
    pub deployed_at: Option<Time>,
    /// Creation.
    pub created_at: Time,
    /// Last change that may ask for a deploy.
    pub updated_at: Time,
}

/// What tells one state of a service from the next: every change of it changes one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceVersion {
    /// Its revision.
    pub revision: i64,
    /// What it is wanted to do.
    pub state: ServiceState,
    /// Its last change that may ask for a deploy.
    pub updated_at: Time,
}

impl Service {
    /// What a decision about the service is made on.
    #[must_use]
    pub fn version(&self) -> ServiceVersion {
        ServiceVersion { revision: self.revision, state: self.state, updated_at: self.updated_at }
    }

    /// `stack/name`, as affinities and paths write it.
    #[must_use]
    pub fn stack_path(&self) -> String {
        format!("{}/{}", self.stack_name, self.name)
    }

    /// `{service}` in the default stack, else `{stack}.{service}`: the base of container names.
    #[must_use]
    pub fn qualified_name(&self) -> String {
        if self.stack_name == DEFAULT_STACK {
            self.name.clone()
        } else {
            format!("{}.{}", self.stack_name, self.name)
        }
    }
}

/// What the service is wanted to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceState {
    /// Never deployed.
    #[default]
    Initialized,
    /// Instances shall run.
    Running,
    /// Instances shall exist and not run.
    Stopped,
}

impl ServiceState {
    /// The API's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initialized => "initialized",
            Self::Running => "running",
            Self::Stopped => "stopped",
        }
    }
}

/// How instances are spread over nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// Over zones, then nodes.
    #[default]
    Ha,
    /// So many on every node.
    Daemon,
    /// Anywhere, and then there for good.
    Random,
}

impl Strategy {
    /// Every strategy.
    pub const ALL: [Self; 3] = [Self::Ha, Self::Daemon, Self::Random];

    /// The API's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ha => "ha",
            Self::Daemon => "daemon",
            Self::Random => "random",
        }
    }
}

/// What a service consists of. Each effective change makes a new revision.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceSpec {
    /// Image as the user wrote it.
    pub image: String,
    /// Pins instances to their nodes; fixed at creation.
    pub stateful: bool,
    /// How instances are spread.
    pub strategy: Strategy,
    /// `key==value` rules; the grid's default where empty.
    pub affinity: Vec<String>,
    /// Published ports.
    pub ports: Vec<Port>,
    /// `K=V`.
    pub env: Vec<String>,
    /// Services this one talks to.
    pub links: Vec<Link>,
    /// Arguments.
    pub cmd: Option<Vec<String>>,
    /// Program.
    pub entrypoint: Option<String>,
    /// User in the container.
    pub user: Option<String>,
    /// All capabilities and devices.
    pub privileged: bool,
    /// Capabilities added.
    pub cap_add: Vec<String>,
    /// Capabilities removed.
    pub cap_drop: Vec<String>,
    /// `host[:container[:permissions]]`.
    pub devices: Vec<String>,
    /// Docker log driver.
    pub log_driver: Option<String>,
    /// Docker log options.
    pub log_opts: BTreeMap<String, String>,
    /// `host`.
    pub pid: Option<String>,
    /// Root file system is read-only.
    pub read_only: bool,
    /// Bytes.
    pub memory: Option<i64>,
    /// Bytes.
    pub memory_swap: Option<i64>,
    /// Bytes.
    pub shm_size: Option<i64>,
    /// Processors.
    pub cpus: Option<f64>,
    /// Relative weight, 0 to 1024.
    pub cpu_shares: Option<i64>,
    /// Volumes in the order they were written.
    pub volumes: Vec<ServiceVolume>,
    /// Containers whose volumes are mounted; `%s` is the instance number.
    pub volumes_from: Vec<String>,
    /// `bridge`, `host` or `container:…`; none: `bridge`.
    pub net: Option<String>,
    /// Commands around a container's life.
    pub hooks: Vec<Hook>,
    /// Vault secrets as environment.
    pub secrets: Vec<SecretRef>,
    /// How health is checked.
    pub health_check: Option<HealthCheck>,
    /// How deploys go.
    pub deploy_opts: DeployOpts,
    /// `SIG…` or a number.
    pub stop_signal: Option<String>,
    /// Seconds; none: 10.
    pub stop_grace_period: Option<i64>,
}

/// A published port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Host address.
    pub ip: String,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Port on the node.
    pub node_port: u16,
    /// Port in the container.
    pub container_port: u16,
}

/// A service this one talks to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The target's stack.
    pub stack: String,
    /// The target's name.
    pub service: String,
    /// Name inside the container.
    pub alias: String,
}

/// A vault secret as environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretRef {
    /// Name in the vault.
    pub secret: String,
    /// Environment name.
    pub name: String,
}

/// A volume of a service: a named one (`volume`), a bind mount, or anonymous (neither).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceVolume {
    /// A named volume.
    pub volume: Option<VolumeRef>,
    /// Host path.
    pub bind_mount: Option<String>,
    /// Path in the container.
    pub path: String,
    /// Such as `ro`.
    pub flags: Option<String>,
}

/// A named volume as a service uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeRef {
    /// The volume's name.
    pub name: String,
    /// Who shares it.
    pub scope: VolumeScope,
    /// Volume driver, without version.
    pub driver: String,
    /// Driver options.
    #[serde(default)]
    pub driver_opts: BTreeMap<String, String>,
}

/// Who shares a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VolumeScope {
    /// Each instance has its own.
    Instance,
    /// The stack.
    Stack,
    /// The grid.
    Grid,
}

/// A command around a container's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// 24 hexadecimal digits.
    pub id: String,
    /// Free text.
    pub name: String,
    /// When it runs.
    pub kind: HookKind,
    /// Run by `/bin/sh -c`.
    pub cmd: String,
    /// `*` or a comma list of instance numbers.
    pub instances: String,
    /// Runs once per instance.
    pub oneshot: bool,
}

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookKind {
    /// Before the container starts.
    PreStart,
    /// After the container started.
    PostStart,
    /// Before the container stops.
    PreStop,
}

impl HookKind {
    /// The wire's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreStart => "pre_start",
            Self::PostStart => "post_start",
            Self::PreStop => "pre_stop",
        }
    }
}

/// How health is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// `http` or `tcp`.
    pub protocol: Option<String>,
    /// 1 to 65535.
    pub port: Option<u16>,
    /// Path for http.
    pub uri: String,
    /// Seconds.
    pub timeout: i64,
    /// Seconds.
    pub interval: i64,
    /// Seconds.
    pub initial_delay: i64,
}

/// How deploys go.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeployOpts {
    /// A port that must answer before an instance counts as running.
    pub wait_for_port: Option<u16>,
    /// Share of instances, 0 to 1, that a deploy leaves alone at a time; none acts as 0.8.
    pub min_health: Option<f64>,
    /// Seconds between automatic deploys.
    pub interval: Option<i64>,
}
