//! Arguments of the `vault` group.

use clap::{Args, Subcommand};

use super::{Force, Listing, Long, Showing};

/// The commands of `kontena vault`.
#[derive(Debug, Subcommand)]
pub(crate) enum VaultCommand {
    /// List the secrets of the grid
    #[command(visible_alias = "ls")]
    List(VaultList),
    /// Create a secret
    Write(VaultWrite),
    /// Change a secret
    Update(VaultUpdate),
    /// Show a secret with its value
    Read(VaultRead),
    /// Remove secrets
    #[command(visible_alias = "rm")]
    Remove(VaultRemove),
    /// Print all secrets with their values as YAML
    Export(VaultExport),
    /// Create, change and remove the secrets that a file names
    Import(VaultImport),
}

/// `kontena vault list`.
#[derive(Debug, Args)]
pub(crate) struct VaultList {
    /// How to print.
    #[command(flatten)]
    pub(crate) listing: Listing,
    /// How to print times.
    #[command(flatten)]
    pub(crate) long: Long,
}

/// `kontena vault write`.
#[derive(Debug, Args)]
pub(crate) struct VaultWrite {
    /// Name of the new secret
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The value; asked for, or read from standard input, unless given
    #[arg(value_name = "VALUE")]
    pub(crate) value: Option<String>,
}

/// `kontena vault update`.
#[derive(Debug, Args)]
pub(crate) struct VaultUpdate {
    /// Name of the secret
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The value; asked for, or read from standard input, unless given
    #[arg(value_name = "VALUE")]
    pub(crate) value: Option<String>,
    /// Create the secret if there is none
    #[arg(short, long)]
    pub(crate) upsert: bool,
}

/// `kontena vault read`.
#[derive(Debug, Args)]
pub(crate) struct VaultRead {
    /// Name of the secret
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Print the value only
    #[arg(long)]
    pub(crate) value: bool,
    /// How to print.
    #[command(flatten)]
    pub(crate) showing: Showing,
}

/// `kontena vault remove`.
#[derive(Debug, Args)]
pub(crate) struct VaultRemove {
    /// Names of the secrets
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// Leave to go on.
    #[command(flatten)]
    pub(crate) force: Force,
}

/// `kontena vault export`.
#[derive(Debug, Args)]
pub(crate) struct VaultExport {
    /// Print JSON instead
    #[arg(long)]
    pub(crate) json: bool,
}

/// `kontena vault import`.
#[derive(Debug, Args)]
pub(crate) struct VaultImport {
    /// File to read, standard input unless given
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// The file is JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Leave secrets alone whose value is null, instead of removing them
    #[arg(long)]
    pub(crate) skip_null: bool,
    /// An empty value is as good as null
    #[arg(long)]
    pub(crate) empty_is_null: bool,
    /// Leave to go on.
    #[command(flatten)]
    pub(crate) force: Force,
}
