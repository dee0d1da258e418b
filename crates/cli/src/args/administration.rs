//! Arguments of `kontena master token`, `user` and `config`.

use clap::{Args, Subcommand, ValueEnum};

use super::{Force, Listing, ShowFormat, Showing};

/// The commands of `kontena master token`.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// List your access tokens and login codes
    #[command(visible_alias = "ls")]
    List(TokenList),
    /// Create an access token or a login code
    Create(TokenCreate),
    /// Show an access token
    Show(TokenShow),
    /// Show the access token in use
    Current(TokenCurrent),
    /// Remove an access token
    #[command(visible_alias = "rm")]
    Remove(TokenRemove),
}

/// `kontena master token list`.
#[derive(Debug, Args)]
pub(crate) struct TokenList {
    /// How to print.
    #[command(flatten)]
    pub(crate) listing: Listing,
}

/// `kontena master token create`.
#[derive(Debug, Args)]
pub(crate) struct TokenCreate {
    /// Scopes, separated by commas
    #[arg(short, long, value_name = "SCOPES", default_value = "user")]
    pub(crate) scopes: String,
    /// Seconds until the token expires, 0: never
    #[arg(short, long, value_name = "SECONDS", default_value = "7200",
          value_parser = super::values::non_negative)]
    pub(crate) expires_in: i64,
    /// Create a login code instead of a token
    #[arg(short, long)]
    pub(crate) code: bool,
    /// Create it for this user
    #[arg(short, long, value_name = "EMAIL")]
    pub(crate) user: Option<String>,
    /// Print the id only
    #[arg(long)]
    pub(crate) id: bool,
    /// Print the token only
    #[arg(long)]
    pub(crate) token: bool,
    /// What it is for
    #[arg(short, long, value_name = "DESCRIPTION")]
    pub(crate) description: Option<String>,
    /// Output format: text, name, json or yaml (default: $KONTENA_OUTPUT or text)
    #[arg(short, long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub(crate) output: ShowFormat,
}

/// `kontena master token show`.
#[derive(Debug, Args)]
pub(crate) struct TokenShow {
    /// The token, or its id
    #[arg(value_name = "TOKEN_OR_ID")]
    pub(crate) token: String,
    /// How to print.
    #[command(flatten)]
    pub(crate) showing: Showing,
}

/// `kontena master token current`.
#[derive(Debug, Args)]
pub(crate) struct TokenCurrent {
    /// Print the access token only
    #[arg(long)]
    pub(crate) token: bool,
    /// Print the refresh token only
    #[arg(long)]
    pub(crate) refresh_token: bool,
    /// Print the seconds left only
    #[arg(long)]
    pub(crate) expires_in: bool,
    /// Print the id only
    #[arg(long)]
    pub(crate) id: bool,
    /// How to print.
    #[command(flatten)]
    pub(crate) showing: Showing,
}

/// `kontena master token remove`.
#[derive(Debug, Args)]
pub(crate) struct TokenRemove {
    /// The token, or its id
    #[arg(value_name = "TOKEN_OR_ID")]
    pub(crate) token: String,
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Same as --force
    #[arg(short = 'y', long)]
    pub(crate) yes: bool,
}

/// The commands of `kontena master user`.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// List the users of the master
    #[command(visible_alias = "ls")]
    List(UserList),
    /// Invite users to the master
    Invite(UserInvite),
    /// Remove users from the master
    #[command(visible_alias = "rm")]
    Remove(UserRemove),
    /// Add and remove roles of users
    #[command(subcommand)]
    Role(RoleCommand),
}

/// `kontena master user list`.
#[derive(Debug, Args)]
pub(crate) struct UserList {
    /// How to print.
    #[command(flatten)]
    pub(crate) listing: Listing,
}

/// `kontena master user invite`.
#[derive(Debug, Args)]
pub(crate) struct UserInvite {
    /// E-mail addresses
    #[arg(value_name = "EMAIL", required = true)]
    pub(crate) emails: Vec<String>,
    /// Roles of the new users, separated by commas
    #[arg(short, long, value_name = "ROLES", value_delimiter = ',')]
    pub(crate) roles: Vec<String>,
    /// Print the codes only
    #[arg(short, long)]
    pub(crate) code: bool,
}

/// `kontena master user remove`.
#[derive(Debug, Args)]
pub(crate) struct UserRemove {
    /// E-mail addresses
    #[arg(value_name = "EMAIL", required = true)]
    pub(crate) emails: Vec<String>,
    /// Leave to go on.
    #[command(flatten)]
    pub(crate) force: Force,
}

/// The commands of `kontena master user role`.
#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// Give users a role: master_admin, grid_admin or user_admin
    Add(RoleAdd),
    /// Take a role from users
    #[command(visible_alias = "rm")]
    Remove(RoleRemove),
}

/// `kontena master user role add`.
#[derive(Debug, Args)]
pub(crate) struct RoleAdd {
    /// Name of the role
    #[arg(value_name = "ROLE")]
    pub(crate) role: String,
    /// E-mail addresses
    #[arg(value_name = "USER", required = true)]
    pub(crate) users: Vec<String>,
    /// Print nothing
    #[arg(long)]
    pub(crate) silent: bool,
}

/// `kontena master user role remove`.
#[derive(Debug, Args)]
pub(crate) struct RoleRemove {
    /// Name of the role
    #[arg(value_name = "ROLE")]
    pub(crate) role: String,
    /// E-mail addresses
    #[arg(value_name = "USER", required = true)]
    pub(crate) users: Vec<String>,
    /// Leave to go on.
    #[command(flatten)]
    pub(crate) force: Force,
}

/// The commands of `kontena master config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the value of a key
    Get(ConfigGet),
    /// Set keys
    Set(ConfigSet),
    /// Remove keys
    Unset(ConfigUnset),
    /// Print all keys, or write them to a file
    #[command(visible_alias = "dump")]
    Export(ConfigExport),
    /// Set keys from a file or from standard input
    #[command(visible_alias = "load")]
    Import(ConfigImport),
}

/// `kontena master config get`.
#[derive(Debug, Args)]
pub(crate) struct ConfigGet {
    /// The key
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    /// Print KEY=VALUE
    #[arg(short, long)]
    pub(crate) pair: bool,
}

/// `kontena master config set`.
#[derive(Debug, Args)]
pub(crate) struct ConfigSet {
    /// Keys and their values
    #[arg(value_name = "KEY=VALUE", required = true)]
    pub(crate) pairs: Vec<String>,
}

/// `kontena master config unset`.
#[derive(Debug, Args)]
pub(crate) struct ConfigUnset {
    /// The keys
    #[arg(value_name = "KEY", required = true)]
    pub(crate) keys: Vec<String>,
}

/// `kontena master config export`.
#[derive(Debug, Args)]
pub(crate) struct ConfigExport {
    /// File to write, standard output unless given
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// json or yaml (default: by the name of the file, else json)
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) format: Option<FileFormat>,
    /// Only keys that contain this, or begin with it where it ends in *
    #[arg(long, value_name = "FILTER")]
    pub(crate) filter: Option<String>,
}

/// `kontena master config import`.
#[derive(Debug, Args)]
pub(crate) struct ConfigImport {
    /// File to read, standard input unless given
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// json or yaml (default: by the name of the file, else json)
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<FileFormat>,
    /// Send the file as the whole configuration
    #[arg(long)]
    pub(crate) full: bool,
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Same as --force
    #[arg(short = 'y', long)]
    pub(crate) yes: bool,
}

/// Formats of a file with settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// A JSON object.
    Json,
    /// A YAML map.
    Yaml,
}
