//! `kontena grid create`.

use kontena_protocol::api::GridCreate as Body;

use super::settings;
use crate::api::{Grid, Method};
use crate::args::grid::GridCreate;
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::Session;

/// Creates a grid and makes it the current one.
pub(super) fn run(session: &Session<'_>, args: &GridCreate) -> Result<(), Failure> {
    let console = session.console;
    let client = session.client()?;
    let body = body(args, |note| console.note(note))?;
    if args.initial_size.is_none() && !args.silent {
        console.warn("Option --initial-size=1 is only recommended for test/dev usage");
    }
    let shown = console.paint(Ink::Cyan, &args.name);
    let grid: Option<Grid> = console.step(format!("Creating {shown} grid "), |_| {
        client.send(Method::Post, "/v1/grids", &body)
    })?;
    let name = grid.and_then(|grid| grid.name).unwrap_or_else(|| args.name.clone());
    let shown = console.paint(Ink::Cyan, &name);
    console.step(format!("Switching scope to {shown} grid "), |_| {
        session.update_master(|server| server.grid = Some(name))
    })
}

fn body(args: &GridCreate, note: impl Fn(&str)) -> Result<Body, Failure> {
    let initial_size = args.initial_size.unwrap_or(1);
    let settings = settings::read(&args.settings, note)?;
    Ok(Body {
        name: args.name.clone(),
        // A size out of range is the master's to refuse, with the other fields' errors.
        initial_size: u32::try_from(initial_size).unwrap_or(u32::MAX),
        token: args.token.clone(),
        subnet: args.subnet.clone(),
        supernet: args.supernet.clone(),
        stats: settings.stats,
        logs: settings.logs,
        default_affinity: settings.default_affinity,
    })
}
