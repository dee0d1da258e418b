//! Arguments of the `volume` group.

use clap::{Args, Subcommand};

use super::{Force, Listing, Long, Showing};

/// The commands of `kontena volume`.
#[derive(Debug, Subcommand)]
pub(crate) enum VolumeCommand {
    /// List the volumes of the grid
    #[command(visible_alias = "ls")]
    List(VolumeList),
    /// Show a volume, where it exists and who uses it
    Show(VolumeShow),
    /// Create a volume
    Create(VolumeCreate),
    /// Remove volumes
    #[command(visible_alias = "rm")]
    Remove(VolumeRemove),
}

/// `kontena volume list`.
#[derive(Debug, Args)]
pub(crate) struct VolumeList {
    /// How to print.
    #[command(flatten)]
    pub(crate) listing: Listing,
    /// How to print times.
    #[command(flatten)]
    pub(crate) long: Long,
}

/// `kontena volume show`.
#[derive(Debug, Args)]
pub(crate) struct VolumeShow {
    /// Name of the volume
    #[arg(value_name = "VOLUME")]
    pub(crate) name: String,
    /// How to print.
    #[command(flatten)]
    pub(crate) showing: Showing,
}

/// `kontena volume create`.
#[derive(Debug, Args)]
pub(crate) struct VolumeCreate {
    /// Name of the new volume
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Volume driver
    #[arg(long, value_name = "DRIVER", required = true)]
    pub(crate) driver: String,
    /// Who shares it: grid, stack or instance
    #[arg(long, value_name = "SCOPE", required = true)]
    pub(crate) scope: String,
    /// Option of the driver
    #[arg(long = "driver-opt", value_name = "KEY=VALUE")]
    pub(crate) driver_opts: Vec<String>,
}

/// `kontena volume remove`.
#[derive(Debug, Args)]
pub(crate) struct VolumeRemove {
    /// Names of the volumes
    #[arg(value_name = "VOLUME", required = true)]
    pub(crate) names: Vec<String>,
    /// Leave to go on.
    #[command(flatten)]
    pub(crate) force: Force,
}
