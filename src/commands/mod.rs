//! One use case per file: what an administrator may have done.
//!
//! Each command is one job of the writer: read what it needs, ask the core, write, and with it the audit
//! line. It answers after the commit. Who else must know hears of it through the feed: commands know no
//! actor.

pub mod config;
pub mod containers;
pub mod grids;
pub mod nodes;
pub mod registries;
pub mod secrets;
pub mod services;
pub mod setup;
pub mod tokens;
pub mod users;
pub mod volumes;

use kontena_core::{domain::text::cut, validate::FieldErrors};
use kontena_store::{Store, StoreError, Tx, audit};

use crate::{auth::Caller, clock::Clock, vault::Vault};

/// What commands work with; clones share it.
#[derive(Clone)]
pub struct Means {
    /// What must survive.
    pub store: Store,
    /// Seals and hashes tokens.
    pub vault: Vault,
    /// Time and chance.
    pub clock: Clock,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// What was asked for is not possible: field by field.
    #[error("{0}")]
    Invalid(FieldErrors),
    /// The node is connected by another connection than the one that was looked at.
    #[error("the node has connected meanwhile")]
    Reconnected,
    /// What it is about does not exist (any more).
    #[error("not found")]
    NotFound,
    /// The store failed; nothing was acknowledged.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Bytes of a text in an audit line.
const LONGEST: usize = 255;
/// Lines about refused calls that are kept.
const MOST_REFUSED: i64 = 10_000;

/// The outcome of a job that may refuse: a refusal is no failure of the store.
type Outcome<T> = Result<Result<T, FieldErrors>, StoreError>;

/// Runs a job that may refuse, and unwraps its outcome.
async fn run<T, F>(store: &Store, job: F) -> Result<T, CommandError>
where
    T: Send + 'static,
    F: FnMut(&mut Tx<'_>) -> Outcome<T> + Send + 'static,
{
    match store.write(job).await {
        Ok(outcome) => outcome.map_err(CommandError::Invalid),
        // Commands read what they change in the same job: a conflict means that it is gone.
        Err(StoreError::Conflict(_)) => Err(CommandError::NotFound),
        Err(error) => Err(error.into()),
    }
}

/// What an audit line is about.
#[derive(Debug, Clone, Default)]
struct Subject<'a> {
    grid: Option<&'a str>,
    resource_type: &'static str,
    name: &'a str,
    id: String,
    /// What in particular; never a value that may be a secret.
    what: String,
}

impl Subject<'_> {
    /// Says what in particular.
    fn with(self, what: impl Into<String>) -> Self {
        Self { what: what.into(), ..self }
    }
}

fn audit(
    tx: &mut Tx<'_>,
    caller: &Caller,
    event_name: &'static str,
    subject: &Subject<'_>,
    at: kontena_core::domain::Time,
) -> Result<(), StoreError> {
    audit::record(
        tx.conn(),
        &audit::Entry {
            at,
            grid: subject.grid.map(str::to_owned),
            resource_type: subject.resource_type,
            resource_name: subject.name.to_owned(),
            resource_id: subject.id.clone(),
            event_name,
            outcome: audit::Outcome::Success,
            user: caller.user.id,
            user_email: caller.user.email.clone(),
            source_ip: caller.source_ip.clone(),
            user_agent: short(&caller.user_agent),
            description: short(&subject.what),
        },
    )
}

/// A change that somebody asked for and that was not made.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The grid's name, as it was given.
    pub grid: Option<String>,
    /// Such as `HostNode`.
    pub resource: &'static str,
    /// Such as `create`.
    pub event: &'static str,
    /// The resource's name, as it was given.
    pub name: String,
    /// Its id, as it was given.
    pub id: String,
    /// Whether whoever asked may not.
    pub denied: bool,
}

/// Writes an audit line about a change that was not made.
///
/// # Errors
/// Where the store fails.
pub async fn note_refusal(
    means: &Means,
    caller: &Caller,
    attempt: Attempt,
) -> Result<(), StoreError> {
    let entry = audit::Entry {
        at: means.clock.now(),
        grid: attempt.grid.as_deref().map(short),
        resource_type: attempt.resource,
        resource_name: short(&attempt.name),
        resource_id: short(&attempt.id),
        event_name: attempt.event,
        outcome: if attempt.denied { audit::Outcome::Denied } else { audit::Outcome::Failed },
        user: caller.user.id,
        user_email: caller.user.email.clone(),
        source_ip: caller.source_ip.clone(),
        user_agent: short(&caller.user_agent),
        description: String::new(),
    };
    means.store.write(move |tx| audit::record_refused(tx.conn(), &entry, MOST_REFUSED)).await
}

/// As much of what a client sent as a line takes.
fn short(text: &str) -> String {
    cut(text, LONGEST).to_owned()
}
