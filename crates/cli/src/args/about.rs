//! Arguments of `whoami` and `version`.

use clap::Args;

/// `kontena whoami`.
#[derive(Debug, Args)]
pub(crate) struct Whoami {
    /// Prints the access token only.
    #[arg(long, hide = true)]
    pub(crate) token: bool,
}

/// `kontena version`.
#[derive(Debug, Args)]
pub(crate) struct Version {
    /// Do not ask the master for its version
    #[arg(long)]
    pub(crate) cli: bool,
}
