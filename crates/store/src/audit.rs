//! The audit log: who changed what, from where, and how it ended.

use diesel::prelude::*;
use kontena_core::domain::{Time, UserId};

use crate::{Conn, Result, row::micros, schema::audit_log};

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
        ))
        .execute(conn)?;
    Ok(())
}
