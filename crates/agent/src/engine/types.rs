//! The nouns of the engine trait: what a container is asked to be, and what one is seen to be.

use std::{collections::BTreeMap, fmt, net::IpAddr};

use chrono::{DateTime, Utc};
use kontena_protocol::agent::ContainerPort;

/// Labels by which the agent knows its own containers.
pub mod label {
    /// `container`, `volume` or `service_hook`.
    pub const TYPE: &str = "io.kontena.container.type";
    /// The container's name.
    pub const NAME: &str = "io.kontena.container.name";
    /// The name of the pod's service container.
    pub const POD: &str = "io.kontena.container.pod";
    /// The deploy that created the container.
    pub const DEPLOY_REV: &str = "io.kontena.container.deploy_rev";
    /// The service revision the container was created for.
    pub const SERVICE_REVISION: &str = "io.kontena.container.service_revision";
    /// Seconds a stop may take.
    pub const STOP_GRACE_PERIOD: &str = "io.kontena.container.stop_grace_period";
    /// Set on helpers, whose output is not a service's.
    pub const SKIP_LOGS: &str = "io.kontena.container.skip_logs";
    /// The service the container belongs to.
    pub const SERVICE_ID: &str = "io.kontena.service.id";
    /// The service's name.
    pub const SERVICE_NAME: &str = "io.kontena.service.name";
    /// From 1.
    pub const INSTANCE_NUMBER: &str = "io.kontena.service.instance_number";
    /// `1` where the stack exposes the service.
    pub const EXPOSED: &str = "io.kontena.service.exposed";
    /// The stack's name.
    pub const STACK_NAME: &str = "io.kontena.stack.name";
    /// The master's volume, on a volume of the engine.
    pub const VOLUME_ID: &str = "io.kontena.volume.id";
    /// The volume on this node, on a volume of the engine.
    pub const VOLUME_INSTANCE_ID: &str = "io.kontena.volume_instance.id";
    /// The load balancer the service is linked to.
    pub const LOAD_BALANCER: &str = "io.kontena.load_balancer.name";
}

/// The outcome of an engine call.
pub type EngineResult<T> = Result<T, EngineError>;

/// Why an engine call failed, as far as the agent can do something about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// There is no such image, container or volume.
    #[error("{0}")]
    NotFound(String),
    /// The name or the port is taken.
    #[error("{0}")]
    Conflict(String),
    /// The engine refuses the request itself.
    #[error("{0}")]
    Rejected(String),
    /// The engine failed.
    #[error("{0}")]
    Failed(String),
    /// The engine does not answer; the text names its address.
    #[error("{0}")]
    Unavailable(String),
}

impl EngineError {
    /// Returns the text that masters are told: the class that agents of Kontena 1.5 name, and the
    /// message.
    #[must_use]
    pub fn on_the_wire(&self) -> String {
        let class = match self {
            Self::NotFound(_) => "NotFoundError",
            Self::Conflict(_) => "ConflictError",
            Self::Rejected(_) => "ClientError",
            Self::Failed(_) => "ServerError",
            Self::Unavailable(_) => "TimeoutError",
        };
        format!("Docker::Error::{class}: {self}")
    }
}

/// Identifies a pod on its node: one instance of one service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodKey {
    /// The service's id.
    pub service_id: String,
    /// From 1.
    pub instance_number: u32,
}

impl PodKey {
    /// Reads the key off a container's labels.
    #[must_use]
    pub fn from_labels(labels: &BTreeMap<String, String>) -> Option<Self> {
        Some(Self {
            service_id: labels.get(label::SERVICE_ID)?.clone(),
            instance_number: labels.get(label::INSTANCE_NUMBER)?.parse().ok()?,
        })
    }
}

impl fmt::Display for PodKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.service_id, self.instance_number)
    }
}

/// What a container of ours is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerKind {
    /// Runs the service.
    Service,
    /// Holds the volumes of a stateful service; never started.
    Data,
    /// Runs a hook before the service starts.
    Hook,
}

impl ContainerKind {
    /// Returns the value of [`label::TYPE`].
    #[must_use]
    pub fn as_label(self) -> &'static str {
        match self {
            Self::Service => "container",
            Self::Data => "volume",
            Self::Hook => "service_hook",
        }
    }
}

/// What an engine says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineInfo {
    /// The engine's id, empty where it has none.
    pub id: String,
    /// The machine's name, empty where it has none.
    pub name: String,
    /// The engine's labels.
    pub labels: Vec<String>,
    /// The complete `GET /info` document, with `Drivers` as the agent protocol wants them.
    pub document: serde_json::Map<String, serde_json::Value>,
}

/// One start of one container; a restart begins another life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The container.
    pub container_id: String,
    /// When it was last started.
    pub started_at: DateTime<Utc>,
}

/// A line of the list of all containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The engine's id.
    pub id: String,
    /// Whether it is a service's.
    pub service: bool,
    /// Whether its process runs.
    pub running: bool,
}

/// A container as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Container {
    /// The engine's id.
    pub id: String,
    /// Without a leading slash.
    pub name: String,
    /// All labels.
    pub labels: BTreeMap<String, String>,
    /// The id of the image it was created from.
    pub image_id: String,
    /// Whether its process runs.
    pub running: bool,
    /// Whether the engine itself is about to restart it.
    pub restarting: bool,
    /// Why it could not be started, else empty.
    pub error: String,
    /// The last start.
    pub started_at: Option<DateTime<Utc>>,
    /// The last end.
    pub finished_at: Option<DateTime<Utc>>,
    /// Whether the engine would restart it by itself.
    pub restarts_by_itself: bool,
    /// Where its ports answer: its own address, or the loopback of a container in the host's network.
    pub address: Option<IpAddr>,
}

impl Container {
    /// Returns the pod the container belongs to.
    #[must_use]
    pub fn pod(&self) -> Option<PodKey> {
        PodKey::from_labels(&self.labels)
    }

    /// Returns the current or the last life; `None` where it was never started.
    #[must_use]
    pub fn life(&self) -> Option<Life> {
        Some(Life { container_id: self.id.clone(), started_at: self.started_at? })
    }

    /// Returns a label's value.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.get(name).map(String::as_str)
    }
}

/// A device of the host given to a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Path on the host.
    pub host: String,
    /// Path in the container.
    pub container: String,
    /// `r`, `w` and `m` as granted.
    pub permissions: String,
}

/// What a container shall be. Nothing in it is optional for the engine: `None` means its default.
#[derive(Clone, PartialEq, Default)]
pub struct ContainerSpec {
    /// Name of the image.
    pub image: String,
    /// Host name inside.
    pub hostname: Option<String>,
    /// Domain name inside.
    pub domainname: Option<String>,
    /// Domains searched for short names.
    pub dns_search: Vec<String>,
    /// User inside.
    pub user: Option<String>,
    /// Arguments.
    pub cmd: Option<Vec<String>>,
    /// Program.
    pub entrypoint: Option<Vec<String>>,
    /// `K=V`; holds secrets.
    pub env: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// `source:path[:flags]`.
    pub binds: Vec<String>,
    /// Paths with anonymous volumes.
    pub volumes: Vec<String>,
    /// Names of containers whose volumes are mounted.
    pub volumes_from: Vec<String>,
    /// Published ports.
    pub ports: Vec<ContainerPort>,
    /// `bridge`, `host` or `container:{name}`.
    pub network: String,
    /// Bytes.
    pub memory: Option<i64>,
    /// Bytes.
    pub memory_swap: Option<i64>,
    /// Bytes.
    pub shm_size: Option<i64>,
    /// Relative weight.
    pub cpu_shares: Option<i64>,
    /// Microseconds of processor time per period of 100 ms.
    pub cpu_quota: Option<i64>,
    /// Whether it gets all capabilities and devices.
    pub privileged: bool,
    /// Capabilities added.
    pub cap_add: Vec<String>,
    /// Capabilities removed.
    pub cap_drop: Vec<String>,
    /// Devices.
    pub devices: Vec<Device>,
    /// `host` or nothing.
    pub pid_mode: Option<String>,
    /// Whether the root file system is read-only.
    pub read_only: bool,
    /// Log driver.
    pub log_driver: Option<String>,
    /// Options of the log driver.
    pub log_opts: BTreeMap<String, String>,
    /// The signal that asks it to stop.
    pub stop_signal: Option<String>,
}

impl fmt::Debug for ContainerSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The environment holds secrets.
        f.debug_struct("ContainerSpec")
            .field("image", &self.image)
            .field("labels", &self.labels)
            .finish_non_exhaustive()
    }
}

/// What became of a command inside a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecOutcome {
    /// The command's exit code.
    pub exit_code: i64,
    /// The last part of what it wrote, both streams as they came.
    pub output: String,
}
