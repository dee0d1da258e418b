//! The commands: each checks, asks, calls the master and prints.

use crate::args::{Cli, Command};
use crate::clock;
use crate::failure::Failure;
use crate::output::ago;
use crate::session::Session;

mod about;
mod complete;
mod container;
mod document;
mod exec;
mod flat;
mod grid;
mod logs;
mod master;
mod node;
mod registry;
mod service;
mod vault;
mod volume;

/// Runs the command the words name.
pub(crate) fn run(session: &Session<'_>, cli: &Cli) -> Result<(), Failure> {
    match &cli.command {
        Some(Command::Master(command)) => master::run(session, command),
        Some(Command::Grid(command)) => grid::run(session, command),
        Some(Command::Node(command)) => node::run(session, command),
        Some(Command::Service(command)) => service::run(session, command),
        Some(Command::Vault(command)) => vault::run(session, command),
        Some(Command::Volume(command)) => volume::run(session, command),
        Some(Command::Container(command)) => container::run(session, command),
        Some(Command::ExternalRegistry(command)) => registry::run(session, command),
        Some(Command::Events(args)) => logs::grid_events(session, args),
        Some(Command::Whoami(args)) => about::whoami(session, args),
        Some(Command::Version(args)) => about::version(session, args),
        Some(Command::Completion(args)) => complete::script(session, args),
        Some(Command::Complete(args)) => complete::run(session, args),
        Some(Command::Man(args)) => about::man(session, args),
        None => Ok(()),
    }
}

/// Returns a text, or nothing where there is none.
fn text(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or_default()
}

/// A time in full, as the API says it, or in words.
fn time(timestamp: Option<&str>, long: bool) -> String {
    if long { timestamp.unwrap_or_default().to_owned() } else { ago(timestamp, clock::now()) }
}

/// `yes` or `no`; what is not said is no.
fn yes_no(value: Option<bool>) -> &'static str {
    if value.unwrap_or(false) { "yes" } else { "no" }
}
