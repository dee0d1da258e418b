//! `kontena grid …`.

use serde_json::Value;

use crate::api::{Grid, Grids};
use crate::args::grid::GridCommand;
use crate::failure::Failure;
use crate::session::Session;

use super::{document, logs};

mod create;
mod env;
pub(super) mod list;
mod remove;
mod select;
mod show;

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &GridCommand) -> Result<(), Failure> {
    match command {
        GridCommand::List(args) => list::run(session, args),
        GridCommand::Show(args) => show::show(session, args),
        GridCommand::Current(args) => show::current(session, args),
        GridCommand::Create(args) => create::run(session, args),
        GridCommand::Use(args) => select::run(session, args),
        GridCommand::Remove(args) => remove::run(session, args),
        GridCommand::Env(args) => env::run(session, args),
        GridCommand::Logs(args) => logs::grid_logs(session, args),
        GridCommand::Events(args) => logs::grid_events(session, args),
    }
}

/// Finds a grid among those the user may see.
fn find(session: &Session<'_>, name: &str) -> Result<Option<(Grid, Value)>, Failure> {
    let answer: Grids = session.client()?.get("/v1/grids")?;
    let views: Vec<Grid> = document::views(&answer.grids, "/v1/grids")?;
    let mut grids = views.into_iter().zip(answer.grids);
    Ok(grids.find(|(grid, _)| grid.name.as_deref() == Some(name)))
}

/// No grid of the master has this name.
fn unresolved(name: &str) -> Failure {
    Failure::said(format!(
        "Could not resolve grid by name [{name}]. \
         For a list of existing grids please run: kontena grid list"
    ))
}

/// No grid of the master has this name, in the words of the commands that read one.
fn not_found() -> Failure {
    Failure::said("Grid not found")
}
