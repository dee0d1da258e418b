//! `kontena grid audit-log` and `kontena master audit-log`.

use serde::Deserialize;
use serde_json::Value;

use crate::api::path;
use crate::args::ListFormat;
use crate::args::grid::AuditLog;
use crate::commands::{document, text};
use crate::failure::Failure;
use crate::session::Session;

/// What is read of an entry.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    time: Option<String>,
    grid: Option<String>,
    resource_type: Option<String>,
    resource_name: Option<String>,
    resource_id: Option<String>,
    event_name: Option<String>,
    user_identity: Option<Identity>,
    source_ip: Option<String>,
    user_agent: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Identity {
    email: Option<String>,
}

/// Shows the log of the selected grid.
pub(super) fn of_grid(session: &Session<'_>, args: &AuditLog) -> Result<(), Failure> {
    let path = path(&["grids", session.grid()?, "audit_log"]);
    print(session, args, &path)
}

/// Shows the log of the whole master.
pub(in crate::commands) fn of_master(
    session: &Session<'_>,
    args: &AuditLog,
) -> Result<(), Failure> {
    print(session, args, "/v1/audit_logs")
}

fn print(session: &Session<'_>, args: &AuditLog, path: &str) -> Result<(), Failure> {
    let path = match args.lines {
        Some(lines) => format!("{path}?limit={lines}"),
        None => path.to_owned(),
    };
    let answer: Value = session.client()?.get(&path)?;
    let objects = document::items(&answer, "logs");
    let format = args.listing.format();
    if document::list(session.console, format, objects)? {
        return Ok(());
    }
    let entries: Vec<Entry> = document::views(objects, &path)?;
    if format == ListFormat::Name {
        let ids: String =
            entries.iter().map(|entry| format!("{}\n", text(&entry.resource_id))).collect();
        return Ok(session.console.text(&ids)?);
    }
    session.console.line(row([
        "Time",
        "Grid",
        "Resource Type",
        "Resource Name",
        "Event Name",
        "User",
        "Source IP",
        "User-Agent",
    ]))?;
    for entry in &entries {
        let email = entry.user_identity.as_ref().and_then(|user| user.email.as_deref());
        session.console.line(row([
            text(&entry.time),
            text(&entry.grid),
            text(&entry.resource_type),
            text(&entry.resource_name),
            text(&entry.event_name),
            email.unwrap_or_default(),
            text(&entry.source_ip),
            text(&entry.user_agent),
        ]))?;
    }
    Ok(())
}

/// Fixed columns, as in Kontena 1.5; only the time is ever cut.
fn row([time, grid, kind, name, event, user, ip, agent]: [&str; 8]) -> String {
    format!(
        "{time:<30.30} {grid:<10} {kind:<15} {name:<25} {event:<15} {user:<25} {ip:<15} {agent:<15}"
    )
}
