//! Arguments of the `service` group.

use clap::{Args, Subcommand};

use super::values::{float, integer, non_negative, positive};
use super::{Force, Listing, Showing, Wait};

/// The commands of `kontena service`.
#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// List the services of the grid
    #[command(visible_alias = "ls")]
    List(ServiceList),
    /// Show a service and its instances
    Show(ServiceShow),
    /// Explain why the instances of a service are where they are, or nowhere
    Explain(ServiceExplain),
    /// Create a service without deploying it
    Create(ServiceCreate),
    /// Change a service
    Update(ServiceUpdate),
    /// Show what a deploy would do now, without doing it
    Plan(ServicePlan),
    /// Deploy a service
    Deploy(ServiceDeploy),
    /// Set the number of instances and deploy
    Scale(ServiceScale),
    /// Start services
    Start(ServiceStart),
    /// Stop services
    Stop(ServiceStop),
    /// Restart a service
    Restart(ServiceRestart),
    /// Remove services, or one instance
    #[command(visible_alias = "rm")]
    Remove(ServiceRemove),
    /// List the containers of a service
    Containers(ServiceContainers),
    /// Show what the containers of a service wrote
    Logs(super::stream::ServiceLogs),
    /// Show what happened to a service
    Events(super::stream::ServiceEvents),
    /// Show what the containers of a service use
    Stats(ServiceStats),
    /// Show on which nodes the containers of a service are, again and again
    Monitor(ServiceMonitor),
    /// Run a command in a container of a service
    Exec(ServiceExec),
    /// List and change the environment of a service
    #[command(subcommand)]
    Env(EnvCommand),
    /// Link a service to another one
    Link(ServiceLink),
    /// Take a link away
    Unlink(ServiceUnlink),
    /// Give secrets of the vault to a service
    #[command(subcommand)]
    Secret(SecretCommand),
}

/// The commands of `kontena service env`.
#[derive(Debug, Subcommand)]
pub(crate) enum EnvCommand {
    /// List the environment variables of a service
    #[command(visible_alias = "ls")]
    List(EnvList),
    /// Set an environment variable
    Add(EnvAdd),
    /// Remove environment variables
    #[command(visible_alias = "rm")]
    Remove(EnvRemove),
}

/// The commands of `kontena service secret`.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Give a secret to a service
    Link(SecretLink),
    /// Take a secret away from a service
    Unlink(SecretLink),
}

/// `kontena service stats`.
#[derive(Debug, Args)]
pub(crate) struct ServiceStats {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Show them again every two seconds
    #[arg(short, long)]
    pub(crate) tail: bool,
}

/// `kontena service monitor`.
#[derive(Debug, Args)]
pub(crate) struct ServiceMonitor {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = positive)]
    pub(crate) interval: i64,
}

/// `kontena service exec`.
#[derive(Debug, Args)]
pub(crate) struct ServiceExec {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Command to run; words that begin with a dash stand behind --
    #[arg(value_name = "CMD", required = true)]
    pub(crate) cmd: Vec<String>,
    /// Run in this instance; the lowest running one unless given
    #[arg(long, value_name = "INSTANCE", value_parser = integer)]
    pub(crate) instance: Option<i64>,
    /// Run in all instances, one after the other
    #[arg(short, long)]
    pub(crate) all: bool,
    /// How to run.
    #[command(flatten)]
    pub(crate) mode: super::ExecMode,
    /// With --all: go on when the command fails in an instance
    #[arg(long)]
    pub(crate) skip: bool,
    /// Do not say where the command runs
    #[arg(long)]
    pub(crate) silent: bool,
    /// Say where the command runs
    #[arg(long)]
    pub(crate) verbose: bool,
}

/// `kontena service env list`.
#[derive(Debug, Args)]
pub(crate) struct EnvList {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// How to print.
    #[command(flatten)]
    pub(crate) listing: Listing,
}

/// `kontena service env add`.
#[derive(Debug, Args)]
pub(crate) struct EnvAdd {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The variable
    #[arg(value_name = "KEY=VALUE")]
    pub(crate) env: String,
}

/// `kontena service env remove`.
#[derive(Debug, Args)]
pub(crate) struct EnvRemove {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Names of the variables
    #[arg(value_name = "KEY", required = true)]
    pub(crate) keys: Vec<String>,
}

/// `kontena service link`.
#[derive(Debug, Args)]
pub(crate) struct ServiceLink {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Service to link to, NAME or STACK/NAME
    #[arg(value_name = "TARGET")]
    pub(crate) target: String,
}

/// `kontena service unlink`.
#[derive(Debug, Args)]
pub(crate) struct ServiceUnlink {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Service that is linked to, NAME or STACK/NAME
    #[arg(value_name = "TARGET")]
    pub(crate) target: String,
}

/// `kontena service secret link` and `kontena service secret unlink`.
#[derive(Debug, Args)]
pub(crate) struct SecretLink {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The secret, and the environment variable it fills
    #[arg(value_name = "SECRET:NAME:TYPE")]
    pub(crate) secret: String,
}

/// `kontena service list`.
#[derive(Debug, Args)]
pub(crate) struct ServiceList {
    /// How to print.
    #[command(flatten)]
    pub(crate) listing: Listing,
    /// List the services of this stack only
    #[arg(long, value_name = "STACK")]
    pub(crate) stack: Option<String>,
}

/// `kontena service show`.
#[derive(Debug, Args)]
pub(crate) struct ServiceShow {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// How to print.
    #[command(flatten)]
    pub(crate) showing: Showing,
}

/// `kontena service explain`.
#[derive(Debug, Args)]
pub(crate) struct ServiceExplain {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Explain this instance only, with the nodes it could be on
    #[arg(long, value_name = "INSTANCE", value_parser = non_negative)]
    pub(crate) instance: Option<i64>,
    /// How to print.
    #[command(flatten)]
    pub(crate) showing: Showing,
}

/// `kontena service create`.
#[derive(Debug, Args)]
pub(crate) struct ServiceCreate {
    /// Name of the new service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Image to run, for example redis:4.0
    #[arg(value_name = "IMAGE")]
    pub(crate) image: String,
    /// What create and update share.
    #[command(flatten)]
    pub(crate) definition: Definition,
    /// Mount a volume or host path
    #[arg(short, long = "volume", value_name = "VOLUME")]
    pub(crate) volumes: Vec<String>,
    /// Mount the volumes of another container
    #[arg(long, value_name = "SERVICE")]
    pub(crate) volumes_from: Vec<String>,
    /// Keep the service's data: instances stay on their nodes
    #[arg(long)]
    pub(crate) stateful: bool,
    /// Mount the root file system read-only
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Give the containers extended privileges
    #[arg(long)]
    pub(crate) privileged: bool,
}

/// `kontena service update`.
#[derive(Debug, Args)]
pub(crate) struct ServiceUpdate {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// What changes.
    #[command(flatten)]
    pub(crate) changes: Changes,
}

/// `kontena service plan`.
#[derive(Debug, Args)]
pub(crate) struct ServicePlan {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// What would have changed before.
    #[command(flatten)]
    pub(crate) changes: Changes,
    /// How to print.
    #[command(flatten)]
    pub(crate) showing: Showing,
}

/// What can change in a service.
#[derive(Debug, Default, Args)]
pub(crate) struct Changes {
    /// Image to run
    #[arg(long, value_name = "IMAGE")]
    pub(crate) image: Option<String>,
    /// What create and update share.
    #[command(flatten)]
    pub(crate) definition: Definition,
    /// Give the containers extended privileges, or take them away
    #[arg(long, overrides_with = "no_privileged")]
    pub(crate) privileged: bool,
    /// Takes extended privileges away.
    #[arg(long, hide = true, overrides_with = "privileged")]
    pub(crate) no_privileged: bool,
}

/// The fields of a service that can be given at creation and changed later.
#[derive(Debug, Default, Args)]
pub(crate) struct Definition {
    /// Publish a port
    #[arg(short, long = "ports", value_name = "[IP:]NODE:CONTAINER[/PROTOCOL]")]
    pub(crate) ports: Vec<String>,
    /// Set an environment variable
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub(crate) env: Vec<String>,
    /// Link to another service
    #[arg(short, long = "link", value_name = "SERVICE[:ALIAS]")]
    pub(crate) links: Vec<String>,
    /// Set an affinity rule
    #[arg(short, long, value_name = "AFFINITY")]
    pub(crate) affinity: Vec<String>,
    /// Number of processors
    #[arg(long, value_name = "CPUS", value_parser = float)]
    pub(crate) cpus: Option<f64>,
    /// Relative share of processor time, 0 to 1024
    #[arg(short, long, value_name = "CPU_SHARES", value_parser = integer)]
    pub(crate) cpu_shares: Option<i64>,
    /// Memory limit in bytes, or with suffix b, k, m or g
    #[arg(short, long, value_name = "MEMORY")]
    pub(crate) memory: Option<String>,
    /// Limit of memory and swap together, -1: no limit
    #[arg(long, value_name = "MEMORY_SWAP")]
    pub(crate) memory_swap: Option<String>,
    /// Size of /dev/shm
    #[arg(long, value_name = "SHM_SIZE")]
    pub(crate) shm_size: Option<String>,
    /// Command to run
    #[arg(long, value_name = "CMD")]
    pub(crate) cmd: Option<String>,
    /// Number of instances
    #[arg(long, value_name = "INSTANCES", value_parser = non_negative)]
    pub(crate) instances: Option<i64>,
    /// User inside the container
    #[arg(short, long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Network mode
    #[arg(long, value_name = "NET")]
    pub(crate) net: Option<String>,
    /// Process namespace to use
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Option<String>,
    /// Add a capability
    #[arg(long, value_name = "CAP_ADD")]
    pub(crate) cap_add: Vec<String>,
    /// Drop a capability
    #[arg(long, value_name = "CAP_DROP")]
    pub(crate) cap_drop: Vec<String>,
    /// Log driver
    #[arg(long, value_name = "LOG_DRIVER")]
    pub(crate) log_driver: Option<String>,
    /// Option of the log driver
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) log_opt: Vec<String>,
    /// How instances are placed: ha, daemon or random
    #[arg(long, value_name = "STRATEGY")]
    pub(crate) deploy_strategy: Option<String>,
    /// Port that must answer before an instance counts as running
    #[arg(long, value_name = "PORT", value_parser = integer)]
    pub(crate) deploy_wait_for_port: Option<i64>,
    /// Share of instances, 0.0 to 1.0, that stay up during a deploy
    #[arg(long, value_name = "FLOAT", value_parser = float)]
    pub(crate) deploy_min_health: Option<f64>,
    /// Deploy again after this time, for example 30min, 12h or 7d
    #[arg(long, value_name = "TIME")]
    pub(crate) deploy_interval: Option<String>,
    /// Import a secret of the vault
    #[arg(long = "secret", value_name = "SECRET:NAME:TYPE")]
    pub(crate) secrets: Vec<String>,
    /// Path of the HTTP health check
    #[arg(long, value_name = "URI")]
    pub(crate) health_check_uri: Option<String>,
    /// Seconds until a health check fails
    #[arg(long, value_name = "TIMEOUT", value_parser = integer)]
    pub(crate) health_check_timeout: Option<i64>,
    /// Seconds between health checks
    #[arg(long, value_name = "INTERVAL", value_parser = integer)]
    pub(crate) health_check_interval: Option<i64>,
    /// Seconds before the first health check
    #[arg(long, value_name = "DELAY", value_parser = integer)]
    pub(crate) health_check_initial_delay: Option<i64>,
    /// Port of the health check, or none
    #[arg(long, value_name = "PORT", value_parser = super::values::integer_or_none)]
    pub(crate) health_check_port: Option<super::values::OrNone<i64>>,
    /// Protocol of the health check: http, tcp or none
    #[arg(long, value_name = "PROTOCOL", value_parser = super::values::text_or_none)]
    pub(crate) health_check_protocol: Option<super::values::OrNone<String>>,
    /// Signal that stops a container
    #[arg(long, value_name = "STOP_SIGNAL")]
    pub(crate) stop_signal: Option<String>,
    /// Time a container gets to stop, for example 1m30s
    #[arg(long, value_name = "STOP_TIMEOUT")]
    pub(crate) stop_timeout: Option<String>,
}

/// `kontena service deploy`.
#[derive(Debug, Args)]
pub(crate) struct ServiceDeploy {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Whether to wait.
    #[command(flatten)]
    pub(crate) wait: Wait,
    /// Deploy even if nothing has changed
    #[arg(long)]
    pub(crate) force: bool,
    /// Start nothing: wait for the deploy with this id
    #[arg(long, value_name = "ID")]
    pub(crate) follow: Option<String>,
}

/// `kontena service scale`.
#[derive(Debug, Args)]
pub(crate) struct ServiceScale {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Number of instances
    #[arg(value_name = "INSTANCES", value_parser = non_negative)]
    pub(crate) instances: i64,
    /// Whether to wait.
    #[command(flatten)]
    pub(crate) wait: Wait,
}

/// `kontena service start`.
#[derive(Debug, Args)]
pub(crate) struct ServiceStart {
    /// Names of the services
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
}

/// `kontena service stop`.
#[derive(Debug, Args)]
pub(crate) struct ServiceStop {
    /// Names of the services
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// Has no effect; the documentation of 1.x names it.
    #[arg(long, hide = true)]
    force: bool,
}

/// `kontena service restart`.
#[derive(Debug, Args)]
pub(crate) struct ServiceRestart {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// `kontena service remove`.
#[derive(Debug, Args)]
pub(crate) struct ServiceRemove {
    /// Names of the services
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// Remove this instance only
    #[arg(long, value_name = "INSTANCE", value_parser = integer)]
    pub(crate) instance: Option<i64>,
    /// Whether to wait.
    #[command(flatten)]
    pub(crate) wait: Wait,
    /// Leave to go on.
    #[command(flatten)]
    pub(crate) force: Force,
}

/// `kontena service containers`.
#[derive(Debug, Args)]
pub(crate) struct ServiceContainers {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// How to print.
    #[command(flatten)]
    pub(crate) listing: Listing,
}
