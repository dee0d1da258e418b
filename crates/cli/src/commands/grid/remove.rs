//! `kontena grid remove`.

use crate::api::path_of;
use crate::args::grid::GridRemove;
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::Session;

/// Removes grids one after the other; the first failure stops.
pub(super) fn run(session: &Session<'_>, args: &GridRemove) -> Result<(), Failure> {
    args.names.iter().try_for_each(|name| remove(session, name, args.force.given()))
}

fn remove(session: &Session<'_>, name: &str, force: bool) -> Result<(), Failure> {
    let client = session.client()?;
    let console = session.console;
    console.confirm_name(name, force)?;
    let (grid, _) = super::find(session, name)?.resolved()?;
    let path = path_of("grids", grid.id.as_deref().unwrap_or(name));
    let shown = console.paint(Ink::Cyan, name);
    console.step(format!("removing {shown} grid "), |_| client.delete(&path))?;
    session.update_master(|server| {
        if server.grid.as_deref() == Some(name) {
            server.grid = None;
        }
    })
}
