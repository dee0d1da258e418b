//! `kontena node …`.

use crate::api::path;
use crate::args::node::NodeCommand;
use crate::failure::Failure;
use crate::session::Session;

mod create;
mod env;
mod health;
mod label;
mod list;
mod remove;
mod reset;
mod show;
mod update;

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &NodeCommand) -> Result<(), Failure> {
    match command {
        NodeCommand::List(args) => list::run(session, args),
        NodeCommand::Show(args) => show::run(session, args),
        NodeCommand::Health(args) => health::run(session, args),
        NodeCommand::Create(args) => create::run(session, args),
        NodeCommand::Env(args) => env::run(session, args),
        NodeCommand::Update(args) => update::run(session, args),
        NodeCommand::Reset(args) => reset::run(session, args),
        NodeCommand::Remove(args) => remove::run(session, args),
        NodeCommand::Label(command) => label::run(session, command),
    }
}

/// The path of a node of the selected grid, by name or engine id.
fn node_path(session: &Session<'_>, node: &str) -> Result<String, Failure> {
    Ok(path(&["nodes", session.grid()?, node]))
}
