//! Arguments of the `master` group.

use clap::{Args, Subcommand, ValueEnum};

use super::{Force, Listing, ShowFormat, Showing};

/// The commands of `kontena master`.
#[derive(Debug, Subcommand)]
pub(crate) enum MasterCommand {
    /// Log in to a master and make it the current one
    Login(Box<Login>),
    /// List the masters of the configuration
    #[command(visible_alias = "ls")]
    List(MasterList),
    /// Make a master the current one
    Use(MasterUse),
    /// Show the current master
    Current(MasterCurrent),
    /// Remove masters from the configuration
    #[command(visible_alias = "rm")]
    Remove(MasterRemove),
    /// Forget the access token of the current master
    Logout(Logout),
    /// Join a master with the code of an invitation
    Join(Join),
    /// Rename a master in the configuration
    Rename(Rename),
    /// List, create, show and remove access tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// List, invite and remove users of the master
    #[command(subcommand)]
    User(UserCommand),
    /// Read and change the configuration of the master
    #[command(subcommand, visible_alias = "cfg")]
    Config(ConfigCommand),
    /// Show who changed what on the master
    AuditLog(super::grid::AuditLog),
}

/// `kontena master login`.
#[derive(Debug, Args)]
pub(crate) struct Login {
    /// Address of the master, or its name in the configuration
    #[arg(value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Join with an invitation code
    #[arg(short, long, value_name = "[CODE]")]
    pub(crate) join: Option<String>,
    /// Use this access token, - reads it from standard input (default: $KONTENA_TOKEN)
    #[arg(short, long, value_name = "[TOKEN]")]
    pub(crate) token: Option<String>,
    /// Name of the master in the configuration (default: $KONTENA_MASTER)
    #[arg(short, long, value_name = "[NAME]")]
    pub(crate) name: Option<String>,
    /// Exchange this login code for an access token
    #[arg(short, long, value_name = "[CODE]")]
    pub(crate) code: Option<String>,
    /// Log in with a browser on another machine (default: true without $DISPLAY)
    #[arg(short, long, overrides_with = "no_remote")]
    pub(crate) remote: bool,
    /// Log in with a browser on this machine.
    #[arg(long, hide = true, overrides_with = "remote")]
    pub(crate) no_remote: bool,
    /// Seconds until the access token of a browser login expires, 0: never
    #[arg(short, long, value_name = "[SECONDS]", default_value = "7200",
          value_parser = super::values::integer)]
    pub(crate) expires_in: i64,
    /// Say more about what happens
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Do not use a stored access token
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Say less about what happens
    #[arg(short, long)]
    pub(crate) silent: bool,
    /// Do not select a grid
    #[arg(long)]
    pub(crate) skip_grid_auto_select: bool,
    /// Leaves the line about the login out.
    #[arg(long, hide = true)]
    pub(crate) no_login_info: bool,
}

/// `kontena master list`.
#[derive(Debug, Args)]
pub(crate) struct MasterList {
    /// How to print.
    #[command(flatten)]
    pub(crate) listing: Listing,
}

/// `kontena master use`.
#[derive(Debug, Args)]
pub(crate) struct MasterUse {
    /// Name of the master in the configuration
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Have no current master
    #[arg(long)]
    pub(crate) clear: bool,
}

/// `kontena master current`.
#[derive(Debug, Args)]
pub(crate) struct MasterCurrent {
    /// Print the name only
    #[arg(long)]
    pub(crate) name: bool,
    /// Print the host of the address only
    #[arg(long)]
    pub(crate) address: bool,
    /// Print the URL only
    #[arg(long)]
    pub(crate) url: bool,
}

/// `kontena master remove`.
#[derive(Debug, Args)]
pub(crate) struct MasterRemove {
    /// Name of the master in the configuration
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Leave to go on.
    #[command(flatten)]
    pub(crate) force: Force,
}

/// `kontena master logout`.
#[derive(Debug, Args)]
pub(crate) struct Logout {
    /// Log out of every master of the configuration
    #[arg(short = 'A', long)]
    pub(crate) all: bool,
}

/// `kontena master join`.
#[derive(Debug, Args)]
pub(crate) struct Join {
    /// Address of the master
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// Code of the invitation
    #[arg(value_name = "CODE")]
    pub(crate) code: String,
    /// Name of the master in the configuration
    #[arg(short, long, value_name = "[NAME]")]
    pub(crate) name: Option<String>,
    /// Log in with a browser on another machine (default: true without $DISPLAY)
    #[arg(short, long, overrides_with = "no_remote")]
    pub(crate) remote: bool,
    /// Log in with a browser on this machine.
    #[arg(long, hide = true, overrides_with = "remote")]
    pub(crate) no_remote: bool,
    /// Say more about what happens
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// `kontena master rename`.
#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// Name of the master in the configuration
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Its new name
    #[arg(value_name = "NEW_NAME")]
    pub(crate) new_name: String,
}

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
