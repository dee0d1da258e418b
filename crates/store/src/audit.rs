//! The audit log: who changed what, from where, and how it ended.

use diesel::prelude::*;
use kontena_core::domain::{Time, UserId};

use crate::{
    Conn, Result,
    connection::MultiBackend,
    row::{micros, time},
    schema::audit_log,
};

/// How a change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was made.
    Success,
    /// Who asked for it may not.
    Denied,
    /// It was refused or failed for another reason.
    Failed,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

/// One entry. It never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// The grid's name, where it is about one.
    pub grid: Option<String>,
    /// Such as `HostNode`.
    pub resource_type: &'static str,
    /// The resource's name.
    pub resource_name: String,
    /// The resource's id.
    pub resource_id: String,
    /// Such as `create`.
    pub event_name: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// Who.
    pub user: UserId,
    /// Who, for people.
    pub user_email: String,
    /// From where.
    pub source_ip: String,
    /// With what.
    pub user_agent: String,
    /// What in particular, such as the role that was given.
    pub description: String,
}

/// Writes an entry; in the job that makes the change where one is made.
///
/// # Errors
/// Where the statement fails.
pub fn record(conn: &mut Conn, entry: &Entry) -> Result<()> {
    diesel::insert_into(audit_log::table)
        .values((
            audit_log::at.eq(micros(entry.at)),
            audit_log::grid_name.eq(&entry.grid),
            audit_log::resource_type.eq(entry.resource_type),
            audit_log::resource_name.eq(&entry.resource_name),
            audit_log::resource_id.eq(&entry.resource_id),
            audit_log::event_name.eq(entry.event_name),
            audit_log::outcome.eq(entry.outcome.as_str()),
            audit_log::user_id.eq(entry.user.to_string()),
            audit_log::user_email.eq(&entry.user_email),
            audit_log::source_ip.eq(&entry.source_ip),
            audit_log::user_agent.eq(&entry.user_agent),
            audit_log::description.eq(&entry.description),
        ))
        .execute(conn)?;
    Ok(())
}

/// Writes an entry about a call that was refused, and forgets the oldest of these beyond the newest so
/// many: who may change nothing shall not fill the disk by asking.
///
/// # Errors
/// Where a statement fails.
pub fn record_refused(conn: &mut Conn, entry: &Entry, kept: i64) -> Result<()> {
    record(conn, entry)?;
    let refused = audit_log::outcome.ne(Outcome::Success.as_str());
    let last_to_go = audit_log::table
        .filter(refused)
        .order(audit_log::id.desc())
        .offset(kept)
        .limit(1)
        .select(audit_log::id)
        .get_result::<i64>(conn)
        .optional()?;
    if let Some(last) = last_to_go {
        let gone = audit_log::table.filter(refused).filter(audit_log::id.le(last));
        diesel::delete(gone).execute(conn)?;
    }
    Ok(())
}

/// An entry as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// When.
    pub at: Time,
    /// The grid's name, where it is about one.
    pub grid: Option<String>,
    /// Such as `HostNode`.
    pub resource_type: String,
    /// The resource's name.
    pub resource_name: String,
    /// The resource's id.
    pub resource_id: String,
    /// Such as `create`.
    pub event_name: String,
    /// `success`, `denied` or `failed`.
    pub outcome: String,
    /// Id of who it was.
    pub user: String,
    /// Who, for people.
    pub user_email: String,
    /// From where.
    pub source_ip: String,
    /// With what.
    pub user_agent: String,
    /// What in particular, such as the role that was given.
    pub description: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_log, check_for_backend(MultiBackend))]
struct AuditRow {
    at: i64,
    grid_name: Option<String>,
    resource_type: String,
    resource_name: String,
    resource_id: String,
    event_name: String,
    outcome: String,
    user_id: String,
    user_email: String,
    source_ip: String,
    user_agent: String,
    description: String,
}

/// The newest entries, oldest first; those about a grid since it was created, or all.
///
/// # Errors
/// Where the query fails.
pub fn newest(conn: &mut Conn, grid: Option<(&str, Time)>, limit: i64) -> Result<Vec<Recorded>> {
    let mut query = audit_log::table
        .order(audit_log::id.desc())
        .limit(limit)
        .select(AuditRow::as_select())
        .into_boxed();
    if let Some((name, since)) = grid {
        // What happened to an earlier grid of the same name is not for the members of this one.
        query = query.filter(audit_log::grid_name.eq(name)).filter(audit_log::at.ge(micros(since)));
    }
    let rows = query.load::<AuditRow>(conn)?;
    let mut entries = rows.into_iter().rev().map(read).collect::<Result<Vec<_>>>()?;
    // Jobs look at the clock before they are committed, and not in that order.
    entries.sort_by_key(|entry| entry.at);
    Ok(entries)
}

fn read(row: AuditRow) -> Result<Recorded> {
    Ok(Recorded {
        at: time("audit_log", row.at)?,
        grid: row.grid_name,
        resource_type: row.resource_type,
        resource_name: row.resource_name,
        resource_id: row.resource_id,
        event_name: row.event_name,
        outcome: row.outcome,
        user: row.user_id,
        user_email: row.user_email,
        source_ip: row.source_ip,
        user_agent: row.user_agent,
        description: row.description,
    })
}
