//! The commands: each checks, asks, calls the master and prints.

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::session::Session;

mod about;
mod complete;
mod document;
mod flat;
mod grid;
mod master;
mod node;
mod service;

/// Runs the command the words name.
pub(crate) fn run(session: &Session<'_>, cli: &Cli) -> Result<(), Failure> {
    match &cli.command {
        Some(Command::Master(command)) => master::run(session, command),
        Some(Command::Grid(command)) => grid::run(session, command),
        Some(Command::Node(command)) => node::run(session, command),
        Some(Command::Service(command)) => service::run(session, command),
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

/// `yes` or `no`; what is not said is no.
fn yes_no(value: Option<bool>) -> &'static str {
    if value.unwrap_or(false) { "yes" } else { "no" }
}
