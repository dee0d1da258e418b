//! `kontena master logout`.

use crate::api::refresh;
use crate::args::master::Logout;
use crate::config::Server;
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::Session;

/// Forgets access tokens; users and grids stay.
pub(super) fn run(session: &Session<'_>, args: &Logout) -> Result<(), Failure> {
    let names: Vec<String> = if args.all {
        session.config.servers.iter().map(|server| server.name.clone()).collect()
    } else {
        session.master().ok().map(|master| master.name.clone()).into_iter().collect()
    };
    if names.is_empty() {
        session.console.note("Current master has not been selected");
    }
    for name in &names {
        if let Some(server) = session.config.server(name) {
            spend_refresh_token(session, server);
        }
        session.file.update(|config| {
            config.server_mut(name).map(Server::log_out);
            Ok(())
        })?;
        let name = session.console.paint(Ink::Cyan, name);
        session.console.line(format!("Logged out of {name}"))?;
    }
    Ok(())
}

/// A refresh token works once: using it up leaves nothing behind that could get a new pair. A master that
/// cannot be reached does not keep anyone from logging out.
fn spend_refresh_token(session: &Session<'_>, server: &Server) {
    let (Some(url), Some(refresh_token)) = (&server.url, &server.refresh_token) else {
        return;
    };
    if let Ok(client) = session.client_for(url, None, None) {
        let _ = refresh(&client, refresh_token);
    }
}
