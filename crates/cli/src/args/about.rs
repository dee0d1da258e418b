//! Arguments of `whoami`, `version`, `completion`, `complete` and `man`.

use clap::{Args, ValueEnum};

use super::Form;

/// `kontena whoami`.
#[derive(Debug, Args)]
pub(crate) struct Whoami {
    /// Prints the access token only.
    #[arg(long, hide = true)]
    pub(crate) token: bool,
    /// Prints the path of a script for bash.
    #[arg(long, hide = true)]
    pub(crate) bash_completion_path: bool,
    /// How to print.
    #[command(flatten)]
    pub(crate) form: Form,
}

/// `kontena version`.
#[derive(Debug, Args)]
pub(crate) struct Version {
    /// Do not ask the master for its version
    #[arg(long)]
    pub(crate) cli: bool,
    /// How to print.
    #[command(flatten)]
    pub(crate) form: Form,
}

/// `kontena completion`.
#[derive(Debug, Args)]
pub(crate) struct Completion {
    /// bash, zsh or fish
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// Shells that can complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// GNU bash.
    Bash,
    /// The Z shell.
    Zsh,
    /// The friendly interactive shell.
    Fish,
}

/// `kontena complete`, which the scripts of `kontena completion` call.
#[derive(Debug, Args)]
pub(crate) struct Complete {
    /// Print the path of every command
    #[arg(long)]
    pub(crate) subcommand_tree: bool,
    /// The words so far, `kontena` first
    #[arg(value_name = "WORDS", trailing_var_arg = true, allow_hyphen_values = true, num_args = 0..)]
    pub(crate) words: Vec<String>,
}

/// `kontena man`.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Folder to write a page for each command to; unless given, kontena(1) is printed
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<String>,
}
