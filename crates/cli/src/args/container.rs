//! Arguments of the `container` group.

use clap::{Args, Subcommand};

use super::stream::ContainerLogs;
use super::{ExecMode, Listing};

/// The commands of `kontena container`.
#[derive(Debug, Subcommand)]
pub(crate) enum ContainerCommand {
    /// List the containers of the grid
    #[command(visible_alias = "ls")]
    List(ContainerList),
    /// Show what the engine knows about a container
    Inspect(ContainerInspect),
    /// Show what a container wrote
    Logs(ContainerLogs),
    /// Run a command in a container
    Exec(ContainerExec),
}

/// `kontena container list`.
#[derive(Debug, Args)]
pub(crate) struct ContainerList {
    /// How to print.
    #[command(flatten)]
    pub(crate) listing: Listing,
    /// List also those that do not run
    #[arg(short, long)]
    pub(crate) all: bool,
}

/// `kontena container inspect`.
#[derive(Debug, Args)]
pub(crate) struct ContainerInspect {
    /// The container, NODE/NAME
    #[arg(value_name = "CONTAINER_ID")]
    pub(crate) id: String,
}

/// `kontena container exec`.
#[derive(Debug, Args)]
pub(crate) struct ContainerExec {
    /// The container, NODE/NAME
    #[arg(value_name = "CONTAINER_ID")]
    pub(crate) id: String,
    /// Command to run; words that begin with a dash stand behind --
    #[arg(value_name = "CMD", required = true)]
    pub(crate) cmd: Vec<String>,
    /// How to run.
    #[command(flatten)]
    pub(crate) mode: ExecMode,
}
