//! `kontena master …`.

use crate::args::master::MasterCommand;
use crate::commands::grid::audit;
use crate::failure::Failure;
use crate::session::Session;

mod browser;
mod config;
mod current;
mod entry;
mod list;
mod login;
mod logout;
mod remove;
mod rename;
mod select;
mod token;
mod user;

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &MasterCommand) -> Result<(), Failure> {
    match command {
        MasterCommand::Login(args) => login::run(session, args),
        MasterCommand::List(args) => list::run(session, args),
        MasterCommand::Use(args) => select::run(session, args),
        MasterCommand::Current(args) => current::run(session, args),
        MasterCommand::Remove(args) => remove::run(session, args),
        MasterCommand::Logout(args) => logout::run(session, args),
        MasterCommand::Join(args) => login::join(session, args),
        MasterCommand::Rename(args) => rename::run(session, args),
        MasterCommand::Token(command) => token::run(session, command),
        MasterCommand::User(command) => user::run(session, command),
        MasterCommand::Config(command) => config::run(session, command),
        MasterCommand::AuditLog(args) => audit::of_master(session, args),
    }
}
