//! `whoami` and `version`.

use std::time::Duration;

use serde_json::Value;

use crate::args::about::{Version, Whoami};
use crate::failure::Failure;
use crate::session::Session;

/// A master that does not answer in time is left out.
const VERSION_LIMIT: Duration = Duration::from_secs(5);

/// Says who is logged in, where.
pub(super) fn whoami(session: &Session<'_>, args: &Whoami) -> Result<(), Failure> {
    if args.token {
        let token = session.master()?.token.as_ref().ok_or(Failure::Aborted)?;
        return Ok(session.console.line(token)?);
    }
    let console = session.console;
    let master = session.master()?;
    let temporary = session.environment.get("KONTENA_URL");
    console.line(format!("Master: {}", temporary.unwrap_or(&master.name)))?;
    console.line(format!("URL: {}", master.url))?;
    console.line(format!("Grid: {}", session.grid_name().unwrap_or_default()))?;
    if temporary.is_some() {
        return Ok(());
    }
    let user = match &master.username {
        Some(name) if !name.is_empty() => name.clone(),
        _ => ask_for_user(session)?,
    };
    Ok(console.line(format!("User: {user}"))?)
}

fn ask_for_user(session: &Session<'_>) -> Result<String, Failure> {
    let user: Value = session.client()?.get("/v1/user")?;
    let email = user.get("email").and_then(Value::as_str).unwrap_or_default().to_owned();
    session.update_master(|server| server.username = Some(email.clone()))?;
    Ok(email)
}

/// Says which versions are in use; a master that does not answer is left out.
pub(super) fn version(session: &Session<'_>, args: &Version) -> Result<(), Failure> {
    session.console.line(format!("cli: {}", env!("CARGO_PKG_VERSION")))?;
    if args.cli {
        return Ok(());
    }
    let Ok(master) = session.master() else {
        return Ok(());
    };
    let root = session.client_for(&master.url, None, None).and_then(|client| {
        let root: Value = client.hasty(VERSION_LIMIT).get("/")?;
        Ok(root)
    });
    let version = root.ok().and_then(|root| Some(root.get("version")?.as_str()?.to_owned()));
    if let Some(version) = version {
        session.console.line(format!("master: {version} ({})", master.url))?;
    }
    Ok(())
}
