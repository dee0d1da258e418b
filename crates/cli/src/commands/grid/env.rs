//! `kontena grid env`.

use crate::api::websocket_uri;
use crate::args::grid::GridEnv;
use crate::commands::text;
use crate::failure::Failure;
use crate::session::Session;

/// Prints what an agent needs to join with the grid token.
pub(super) fn run(session: &Session<'_>, args: &GridEnv) -> Result<(), Failure> {
    session.client()?;
    let name = args.name.as_deref().or(session.grid_name()).ok_or_else(|| {
        Failure::said(
            "No grid selected. Use: kontena grid env <name>, \
             or select a grid with: kontena grid use <name>",
        )
    })?;
    let (grid, _) = super::find(session, name)?.known()?;
    let export = if args.export { "export " } else { "" };
    let uri = websocket_uri(&session.master()?.url);
    session.console.line(format!("{export}KONTENA_URI={uri}"))?;
    Ok(session.console.line(format!("{export}KONTENA_TOKEN={}", text(&grid.token)))?)
}
