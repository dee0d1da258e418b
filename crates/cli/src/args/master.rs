//! Arguments of the `master` group; those of its own groups are in `administration`.

use clap::{Args, Subcommand};

use super::administration::{ConfigCommand, TokenCommand, UserCommand};
use super::{Force, Form, Listing};

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
    /// How to print.
    #[command(flatten)]
    pub(crate) form: Form,
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
