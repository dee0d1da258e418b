//! Arguments of the `service` group.

use clap::{Args, Subcommand};

use super::definition::{Changes, Definition};
use super::values::{integer, non_negative, positive};
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
