//! Arguments of the `external-registry` group.

use clap::{Args, Subcommand};

use super::{Force, Listing};

/// The commands of `kontena external-registry`.
#[derive(Debug, Subcommand)]
pub(crate) enum RegistryCommand {
    /// List the registries that the nodes of the grid log in to
    #[command(visible_alias = "ls")]
    List(RegistryList),
    /// Have the nodes of the grid log in to a registry
    Add(RegistryAdd),
    /// Remove a registry
    #[command(visible_alias = "rm")]
    Remove(RegistryRemove),
}

/// `kontena external-registry list`.
#[derive(Debug, Args)]
pub(crate) struct RegistryList {
    /// How to print.
    #[command(flatten)]
    pub(crate) listing: Listing,
}

/// `kontena external-registry add`.
#[derive(Debug, Args)]
pub(crate) struct RegistryAdd {
    /// Address of the registry
    #[arg(value_name = "URL", default_value = "https://index.docker.io/v2/")]
    pub(crate) url: String,
    /// Who logs in
    #[arg(short, long, value_name = "USERNAME", required = true)]
    pub(crate) username: String,
    /// With which password
    #[arg(short, long, value_name = "PASSWORD", required = true)]
    pub(crate) password: String,
    /// E-mail address, where the registry wants one
    #[arg(short, long, value_name = "EMAIL")]
    pub(crate) email: Option<String>,
}

/// `kontena external-registry remove`.
#[derive(Debug, Args)]
pub(crate) struct RegistryRemove {
    /// Name of the registry
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Leave to go on.
    #[command(flatten)]
    pub(crate) force: Force,
}
