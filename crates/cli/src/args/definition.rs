//! The fields of a service as flags of `service create`, `update` and `plan`.

use clap::Args;

use super::values::{float, integer, non_negative};

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
