//! What can go wrong with a store.

/// The result of everything here.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why a query or a job failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What a change presupposes no longer holds. Nothing was written; decide again on what is there now.
    #[error("{0} has changed meanwhile")]
    Conflict(&'static str),
    /// A unique name, number or token is taken. Nothing was written.
    #[error("{0} is taken")]
    Taken(String),
    /// The statement was refused. Nothing was written.
    #[error("the database refused a statement")]
    Statement(#[source] diesel::result::Error),
    /// A row does not read as what it stands for.
    #[error("table {table} holds something unreadable: {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// The database cannot be reached. Nothing was written.
    #[error("the database is away: {0}")]
    Unavailable(String),
    /// The connection was lost during the commit: the transaction may or may not have happened.
    #[error("the outcome of a commit is unknown: {0}")]
    Unknown(String),
    /// Another master has taken the lease, and this one never writes again. Nothing was written.
    #[error("another master has taken over: {0}")]
    Fenced(String),
    /// Another master holds the lease, and renews it.
    #[error("another master is active: {0}")]
    Held(String),
    /// The database was made by a newer program.
    #[error("the database is newer than this program: it knows migration {0}")]
    Newer(String),
    /// A migration failed.
    #[error("migration failed: {0}")]
    Migration(String),
    /// A job panicked. Nothing was written.
    #[error("a write job panicked: {0}")]
    Panicked(String),
}

impl StoreError {
    pub(crate) fn unavailable(error: &dyn std::fmt::Display) -> Self {
        let text = error.to_string();
        Self::Unavailable(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    pub(crate) fn corrupt(table: &'static str, what: impl std::fmt::Display) -> Self {
        Self::Corrupt { table, what: what.to_string() }
    }

    /// Whether the caller may try again later, the database being away, or another master having taken
    /// over: that one will answer.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Unknown(_) | Self::Fenced(_))
    }

    /// Whether another master has taken over. Said once, by who stops this one; nobody else need log it.
    #[must_use]
    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Fenced(_))
    }

    /// The same for each of many jobs that fail for one reason, before any of them was committed.
    pub(crate) fn for_all(&self) -> Self {
        match self {
            Self::Fenced(holder) => Self::Fenced(holder.clone()),
            Self::Unavailable(text) => Self::Unavailable(text.clone()),
            other => Self::unavailable(other),
        }
    }
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind, Error};
        match &error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
                // Postgres names the constraint; SQLite says "UNIQUE constraint failed: t.a, t.b".
                let name = info.constraint_name().unwrap_or_else(|| info.message());
                Self::Taken(name.trim_start_matches("UNIQUE constraint failed: ").to_owned())
            }
            // What a change is about was removed meanwhile.
            Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
                Self::Conflict("what it refers to")
            }
            Error::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                _,
            )
            | Error::BrokenTransactionManager => Self::unavailable(&error),
            _ => Self::Statement(error),
        }
    }
}
