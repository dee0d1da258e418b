//! `kontena master use`.

use crate::args::master::MasterUse;
use crate::commands::text;
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::{Session, unknown_master};

/// Makes a master the current one, or none.
pub(super) fn run(session: &Session<'_>, args: &MasterUse) -> Result<(), Failure> {
    if args.clear {
        return session.file.update(|config| {
            config.current_server = None;
            Ok(())
        });
    }
    let name = args.name.as_ref();
    let name = name.ok_or_else(|| Failure::Usage("parameter 'NAME': missing".to_owned()))?;
    let server = session.file.update(|config| {
        let server = config.server(name).cloned().ok_or_else(|| unknown_master(config, name))?;
        config.current_server = Some(name.clone());
        Ok(server)
    })?;
    let console = session.console;
    let shown = console.paint(Ink::Cyan, name);
    console.line(format!("Using master: {shown} ({})", text(&server.url)))?;
    let grid = server.grid.filter(|grid| !grid.is_empty());
    let shown = console.paint(Ink::Cyan, grid.as_deref().unwrap_or("<none>"));
    Ok(console.line(format!("Using grid: {shown}"))?)
}
