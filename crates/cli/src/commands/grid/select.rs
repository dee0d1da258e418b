//! `kontena grid use`.

use crate::args::grid::GridUse;
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::Session;

/// Makes a grid of the master the current one.
pub(super) fn run(session: &Session<'_>, args: &GridUse) -> Result<(), Failure> {
    super::find(session, &args.name)?.resolved()?;
    session.update_master(|server| server.grid = Some(args.name.clone()))?;
    if !args.silent {
        let name = session.console.paint(Ink::Cyan, &args.name);
        session.console.line(format!("Using grid: {name}"))?;
    }
    Ok(())
}
