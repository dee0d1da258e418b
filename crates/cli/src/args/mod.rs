//! The command tree: names, aliases, parameters and flags, with their help sentences.
//!
//! Nothing is checked here that needs the configuration or the master; that is the commands' work.

use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

pub(crate) mod about;
pub(crate) mod administration;
pub(crate) mod container;
pub(crate) mod definition;
mod examples;
pub(crate) mod grid;
mod guess;
mod help;
mod hints;
mod man;
pub(crate) mod master;
pub(crate) mod node;
mod parse;
pub(crate) mod registry;
mod scan;
pub(crate) mod service;
pub(crate) mod stream;
mod tree;
mod usage;
pub(crate) mod values;
pub(crate) mod vault;
pub(crate) mod volume;

pub(crate) use guess::closest;
pub(crate) use help::parameter;
pub(crate) use man::pages;
pub(crate) use parse::{Invocation, Parsed, Run, Watched, parse};
pub(crate) use stream::StreamFormat;
pub(crate) use tree::tree;
pub(crate) use usage::UsageError;
#[cfg(test)]
pub(crate) use values::OrNone;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "kontena",
    about = "Manages nodes, grids and services of a Kontena Master",
    disable_help_flag = true,
    disable_help_subcommand = true,
    disable_version_flag = true,
    args_override_self = true
)]
pub(crate) struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub(crate) global: Global,
    /// Print the version
    #[arg(short = 'v', long)]
    pub(crate) version: bool,
    /// What to do; its absence asks for help.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Options that every command takes.
#[derive(Debug, Default, Args)]
pub(crate) struct Global {
    /// Print this help
    #[arg(short = 'h', long, global = true, action = ArgAction::Help)]
    help: Option<bool>,
    /// Log requests to standard error; tokens are masked (default: $DEBUG)
    #[arg(short = 'D', long, global = true, overrides_with = "no_debug")]
    pub(crate) debug: bool,
    /// Turns `--debug` off again.
    #[arg(long, global = true, hide = true, overrides_with = "debug")]
    pub(crate) no_debug: bool,
    /// Use this grid instead of the current one (default: $KONTENA_GRID)
    #[arg(long, global = true, value_name = "GRID")]
    pub(crate) grid: Option<String>,
    /// Use this master of the configuration instead of the current one
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) master: Option<String>,
    /// How progress is shown: auto, plain or none
    #[arg(long, global = true, value_name = "FORM", default_value = "auto")]
    pub(crate) progress: ProgressForm,
    /// When to colour: auto, always or never; $NO_COLOR and $CLICOLOR_FORCE are honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    /// Same as --color=never
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// On any stream.
    Always,
    /// Nowhere.
    Never,
}

/// How progress of a running command is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressForm {
    /// Animated on a terminal, final lines elsewhere.
    #[default]
    Auto,
    /// Kontena 1.5's two lines per step.
    Plain,
    /// Nothing.
    None,
}

/// The top-level commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Log in to masters and choose the current one
    #[command(subcommand)]
    Master(master::MasterCommand),
    /// Create, inspect and select grids
    #[command(subcommand)]
    Grid(grid::GridCommand),
    /// Create, inspect and remove the nodes of a grid
    #[command(subcommand)]
    Node(node::NodeCommand),
    /// Create, deploy and inspect services
    #[command(subcommand)]
    Service(Box<service::ServiceCommand>),
    /// Keep secrets and give them to services
    #[command(subcommand)]
    Vault(vault::VaultCommand),
    /// Create, inspect and remove volumes
    #[command(subcommand)]
    Volume(volume::VolumeCommand),
    /// Inspect containers and run commands in them
    #[command(subcommand)]
    Container(container::ContainerCommand),
    /// Have nodes log in to registries of images
    #[command(subcommand)]
    ExternalRegistry(registry::RegistryCommand),
    /// Show what happened in the current grid
    Events(stream::GridEvents),
    /// Show the current master, grid and user
    Whoami(about::Whoami),
    /// Show the versions of the command line and of the master
    Version(about::Version),
    /// Print a script that completes commands and names in a shell
    Completion(about::Completion),
    /// Prints candidates for the last of the words.
    #[command(hide = true, about = "Print candidates for the last of the words, one per line")]
    Complete(about::Complete),
    /// Write the manual pages
    Man(about::Man),
}

/// How a list is printed.
#[derive(Debug, Default, Args)]
pub(crate) struct Listing {
    /// Output the identifying column only
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Output format: table, wide, name, json or yaml (default: $KONTENA_OUTPUT or table)
    #[arg(short, long, value_name = "FORMAT", default_value = "table", hide_default_value = true)]
    pub(crate) output: ListFormat,
    /// Go on and show what changes, until Ctrl-C
    #[arg(short, long)]
    watch: bool,
}

impl Listing {
    /// Returns the format asked for; `-q` is `-o name`.
    pub(crate) fn format(&self) -> ListFormat {
        if self.quiet { ListFormat::Name } else { self.output }
    }
}

/// Output formats of lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// The default columns.
    #[default]
    #[value(alias = "text")]
    Table,
    /// More columns.
    Wide,
    /// One identifier per line.
    Name,
    /// The API's objects as a JSON array.
    Json,
    /// The API's objects as a YAML list.
    Yaml,
}

/// How a list prints times.
#[derive(Debug, Default, Args)]
pub(crate) struct Long {
    /// Print times in full, which is how they are printed into pipes
    #[arg(short, long, overrides_with = "no_long")]
    long: bool,
    /// Prints how long ago things were.
    #[arg(long, hide = true, overrides_with = "long")]
    no_long: bool,
}

impl Long {
    /// Tells whether to print times in full, where nothing is said as `default` does.
    pub(crate) fn wanted(&self, default: bool) -> bool {
        self.long || (default && !self.no_long)
    }
}

impl ListFormat {
    /// Tells whether the API's objects are printed.
    pub(crate) fn is_document(self) -> bool {
        matches!(self, Self::Json | Self::Yaml)
    }
}

/// How one object is printed.
#[derive(Debug, Default, Args)]
pub(crate) struct Showing {
    /// Output format: text, name, json or yaml (default: $KONTENA_OUTPUT or text)
    #[arg(short, long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub(crate) output: ShowFormat,
    /// Go on and show what changes, until Ctrl-C
    #[arg(short, long)]
    watch: bool,
}

/// How one object is printed that nobody watches.
#[derive(Debug, Default, Args)]
pub(crate) struct Form {
    /// Output format: text, name, json or yaml (default: $KONTENA_OUTPUT or text)
    #[arg(short, long, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    pub(crate) output: ShowFormat,
}

/// Output formats of a single object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShowFormat {
    /// The listing for people.
    #[default]
    #[value(aliases = ["table", "wide"])]
    Text,
    /// The identifier only.
    Name,
    /// The API's object as JSON.
    Json,
    /// The API's object as YAML.
    Yaml,
}

/// Leave to go on without asking.
#[derive(Debug, Default, Args)]
pub(crate) struct Force {
    /// Do not ask for confirmation
    #[arg(long)]
    force: bool,
    /// Same as --force
    #[arg(short = 'y', long)]
    yes: bool,
}

impl Force {
    /// Tells whether the user gave leave beforehand.
    pub(crate) fn given(&self) -> bool {
        self.force || self.yes
    }
}

/// How a command in a container is run.
#[derive(Debug, Default, Args)]
pub(crate) struct ExecMode {
    /// Run the command through a shell
    #[arg(long)]
    pub(crate) shell: bool,
    /// Pass standard input on
    #[arg(short, long)]
    pub(crate) interactive: bool,
    /// Run the command on a terminal
    #[arg(short, long)]
    pub(crate) tty: bool,
}

/// Whether to wait for what was started, and how long.
#[derive(Debug, Default, Args)]
pub(crate) struct Wait {
    /// Wait until it has ended (default: true)
    #[arg(long, overrides_with = "no_wait")]
    wait: bool,
    /// Leaves it running.
    #[arg(long, hide = true, overrides_with = "wait")]
    no_wait: bool,
    /// How long to wait at most
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = values::span)]
    pub(crate) timeout: Duration,
}

impl Wait {
    /// Tells whether to wait.
    pub(crate) fn wanted(&self) -> bool {
        !self.no_wait
    }
}
