//! `kontena node …`.

use crate::api::path;
use crate::args::node::NodeCommand;
use crate::failure::Failure;
use crate::session::Session;

mod create;
mod drain;
mod env;
mod health;
mod label;
pub(super) mod list;
mod remove;
mod reset;
mod show;
mod ssh;
mod update;
mod wait;

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &NodeCommand) -> Result<(), Failure> {
    match command {
        NodeCommand::List(args) => list::run(session, args),
        NodeCommand::Show(args) => show::run(session, args),
        NodeCommand::Health(args) => health::run(session, args),
        NodeCommand::Create(args) => create::run(session, args),
        NodeCommand::Env(args) => env::run(session, args),
        NodeCommand::Update(args) => update::run(session, args),
        NodeCommand::Drain(args) => drain::run(session, args),
        NodeCommand::Activate(args) => update::set_availability(session, &args.nodes, "active"),
        NodeCommand::Wait(args) => wait::run(session, args),
        NodeCommand::Reset(args) => reset::run(session, args),
        NodeCommand::Remove(args) => remove::run(session, args),
        NodeCommand::Label(command) => label::run(session, command),
        NodeCommand::Ssh(args) => ssh::run(session, args),
    }
}

/// The path of a node of the selected grid, by name or engine id.
fn node_path(session: &Session<'_>, node: &str) -> Result<String, Failure> {
    Ok(path(&["nodes", session.grid()?, node]))
}
