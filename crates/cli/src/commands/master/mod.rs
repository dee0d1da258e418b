//! `kontena master …`.

use crate::args::master::MasterCommand;
use crate::failure::Failure;
use crate::session::Session;

mod current;
mod entry;
mod list;
mod login;
mod logout;
mod remove;
mod select;

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &MasterCommand) -> Result<(), Failure> {
    match command {
        MasterCommand::Login(args) => login::run(session, args),
        MasterCommand::List(args) => list::run(session, args),
        MasterCommand::Use(args) => select::run(session, args),
        MasterCommand::Current(args) => current::run(session, args),
        MasterCommand::Remove(args) => remove::run(session, args),
        MasterCommand::Logout(args) => logout::run(session, args),
    }
}
