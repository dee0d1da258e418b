//! `whoami`, `version` and `man`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::{complete, document};
use crate::args::ShowFormat;
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
    let name = temporary.unwrap_or(&master.name);
    let user = || match &master.username {
        _ if temporary.is_some() => Ok(None),
        Some(name) if !name.is_empty() => Ok(Some(name.clone())),
        _ => ask_for_user(session).map(Some),
    };
    if args.form.output != ShowFormat::Text {
        let (grid, user) = (session.grid_name(), user()?);
        let object = json!({ "master": name, "url": master.url, "grid": grid, "user": user });
        document::object(console, args.form.output, &object)?;
        return Ok(());
    }
    console.line(format!("Master: {name}"))?;
    console.line(format!("URL: {}", master.url))?;
    console.line(format!("Grid: {}", session.grid_name().unwrap_or_default()))?;
    match user()? {
        Some(user) => Ok(console.line(format!("User: {user}"))?),
        None => Ok(()),
    }
}

fn ask_for_user(session: &Session<'_>) -> Result<String, Failure> {
    let user: Value = session.client()?.get("/v1/user")?;
    let email = user.get("email").and_then(Value::as_str).unwrap_or_default().to_owned();
    session.update_master(|server| server.username = Some(email.clone()))?;
    Ok(email)
}

/// Says which versions are in use; a master that does not answer is left out.
pub(super) fn version(session: &Session<'_>, args: &Version) -> Result<(), Failure> {
    let console = session.console;
    let cli = env!("CARGO_PKG_VERSION");
    if args.form.output != ShowFormat::Text {
        let master = if args.cli { None } else { master_version(session) };
        let master = master.map(|(version, url)| json!({ "version": version, "url": url }));
        document::object(console, args.form.output, &json!({ "cli": cli, "master": master }))?;
        return Ok(());
    }
    console.line(format!("cli: {cli}"))?;
    if !args.cli
        && let Some((version, url)) = master_version(session)
    {
        console.line(format!("master: {version} ({url})"))?;
    }
    Ok(())
}

/// Returns the version of the master, and its address.
fn master_version(session: &Session<'_>) -> Option<(String, String)> {
    let master = session.master().ok()?;
    let client = session.client_for(&master.url, None, None).ok()?;
    let root: Value = client.hasty(VERSION_LIMIT).get("/").ok()?;
    Some((root.get("version")?.as_str()?.to_owned(), master.url.clone()))
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
