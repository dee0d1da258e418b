//! `whoami`, `version` and `man`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::complete;
use crate::args::about::{Man, Version, Whoami};
use crate::args::pages;
use crate::failure::Failure;
use crate::session::Session;

/// A master that does not answer in time is left out.
const VERSION_LIMIT: Duration = Duration::from_secs(5);

/// Says who is logged in, where.
pub(super) fn whoami(session: &Session<'_>, args: &Whoami) -> Result<(), Failure> {
    if args.bash_completion_path {
        return complete::bash_path(session);
    }
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

/// Writes the manual.
pub(super) fn man(session: &Session<'_>, args: &Man) -> Result<(), Failure> {
    let pages = pages();
    let Some(dir) = &args.dir else {
        let first = pages.first().map(|page| page.text.as_str()).unwrap_or_default();
        return Ok(session.console.text(first)?);
    };
    let dir = Path::new(dir);
    let refuse = |path: &Path, error: &std::io::Error| {
        Failure::said(format!("Cannot write {}: {error}", path.display()))
    };
    fs::create_dir_all(dir).map_err(|error| refuse(dir, &error))?;
    for page in &pages {
        let path = dir.join(&page.file);
        fs::write(&path, &page.text).map_err(|error| refuse(&path, &error))?;
    }
    Ok(session.console.line(format!("Wrote {} pages to {}", pages.len(), dir.display()))?)
}
