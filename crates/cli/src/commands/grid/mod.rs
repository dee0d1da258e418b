//! `kontena grid …`.

use serde_json::Value;

use crate::api::{Grid, Grids};
use crate::args::closest;
use crate::args::grid::GridCommand;
use crate::failure::{Failure, Kind};
use crate::session::Session;

use super::{document, logs};

pub(super) mod audit;
mod cloud_config;
mod create;
mod env;
mod health;
pub(super) mod list;
mod remove;
mod select;
mod settings;
mod show;
mod subnet;
mod update;
mod user;

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
        GridCommand::Update(args) => update::run(session, args),
        GridCommand::Health(args) => health::run(session, args),
        GridCommand::AuditLog(args) => audit::of_grid(session, args),
        GridCommand::User(command) => user::run(session, command),
        GridCommand::TrustedSubnet(command) => subnet::run(session, command),
        GridCommand::CloudConfig(args) => cloud_config::run(session, args),
    }
}

/// Finds a grid among those the user may see.
fn find(session: &Session<'_>, name: &str) -> Result<Found, Failure> {
    let answer: Grids = session.client()?.get("/v1/grids")?;
    let views: Vec<Grid> = document::views(&answer.grids, "/v1/grids")?;
    let names = views.iter().filter_map(|grid| grid.name.as_deref());
    let guess = closest(name, names).map(ToOwned::to_owned);
    let mut grids = views.into_iter().zip(answer.grids);
    let grid = grids.find(|(grid, _)| grid.name.as_deref() == Some(name));
    Ok(Found { grid, name: name.to_owned(), guess })
}

/// The outcome of a search.
struct Found {
    grid: Option<(Grid, Value)>,
    name: String,
    guess: Option<String>,
}

impl Found {
    /// Returns the grid, or says that none has this name.
    fn resolved(self) -> Result<(Grid, Value), Failure> {
        let text = format!(
            "Could not resolve grid by name [{}]. \
             For a list of existing grids please run: kontena grid list",
            self.name
        );
        self.or(text)
    }

    /// Returns the grid, or says so in the words of the commands that read one.
    fn known(self) -> Result<(Grid, Value), Failure> {
        self.or("Grid not found".to_owned())
    }

    fn or(self, text: String) -> Result<(Grid, Value), Failure> {
        self.grid.ok_or_else(|| {
            let failure = Failure::known(Kind::NotFound, text);
            match self.guess {
                Some(guess) => failure.hint(format!("Did you mean '{guess}'?")),
                None => failure,
            }
        })
    }
}
