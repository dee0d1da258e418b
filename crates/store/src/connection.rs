//! Two kinds of connection behind one type, and how each is set up.
//!
//! The enum is the only connection type in signatures. Its own `establish` is never called: it would try
//! one backend after the other and hide the true error (`SQLite` accepts any string as a file name).

use std::{path::Path, str::FromStr};

use diesel::{
    Connection, MultiConnection, PgConnection, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
};

use crate::{Result, StoreError};

/// A connection to either database.
#[derive(MultiConnection)]
pub enum Conn {
    /// Postgres.
    Postgres(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file: `sqlite://FILE` or `sqlite:///DIR/FILE`.
    Sqlite(String),
    /// A server: `postgres://…`, kept verbatim.
    Postgres(String),
}

/// A database URL has neither of the two schemes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("takes sqlite://FILE, sqlite:///DIR/FILE or postgres://USER@HOST/DATABASE")]
pub struct InvalidUrl;

impl FromStr for DatabaseUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        match text.split_once("://") {
            Some(("sqlite", file)) if !file.is_empty() => Ok(Self::Sqlite(file.to_owned())),
            Some(("postgres" | "postgresql", rest)) if !rest.is_empty() => {
                Ok(Self::Postgres(text.to_owned()))
            }
            _ => Err(InvalidUrl),
        }
    }
}

impl std::fmt::Display for DatabaseUrl {
    /// Shows the URL without its password and parameters.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(file) => write!(f, "sqlite://{file}"),
            Self::Postgres(url) => {
                // Neither user information nor parameters are shown: either may hold a password.
                let plain = url.split('?').next().unwrap_or_default();
                let (scheme, rest) = plain.split_once("://").unwrap_or(("postgres", plain));
                let (user, host) = match rest.rsplit_once('@') {
                    Some((user, host)) => (user.split(':').next().unwrap_or_default(), host),
                    None => ("", rest),
                };
                let at = if user.is_empty() { "" } else { "@" };
                write!(f, "{scheme}://{user}{at}{host}")
            }
        }
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl DatabaseUrl {
    /// Opens a connection and sets it up.
    pub(crate) fn connect(&self) -> Result<Conn> {
        match self {
            Self::Sqlite(file) => open_sqlite(file).map(Conn::Sqlite),
            Self::Postgres(url) => open_postgres(url).map(Conn::Postgres),
        }
    }
}

/// A server that vanishes without a word must not hold the writer up for minutes. What the URL says wins.
const POSTGRES_LIMITS: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "2"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "10000"),
];

/// A master that is stopped in the middle of a transaction must not keep the lease's row, and with it its
/// successor: shorter than the lease lasts.
const POSTGRES_SETUP: &str = "set idle_in_transaction_session_timeout = '3s'";

fn open_postgres(url: &str) -> Result<PgConnection> {
    let mut connection = PgConnection::establish(&with_limits(url))
        .map_err(|error| StoreError::unavailable(&error))?;
    connection.batch_execute(POSTGRES_SETUP).map_err(|error| StoreError::unavailable(&error))?;
    Ok(connection)
}

fn with_limits(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in POSTGRES_LIMITS {
        if !url.contains(&format!("{name}=")) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&format!("{name}={value}"));
        }
    }
    url
}

/// WAL lets readers go on while the writer commits; FULL makes an acknowledged commit survive a power
/// cut, and costs next to nothing with many jobs per commit.
const SQLITE_SETUP: &str = "pragma busy_timeout = 5000;
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma foreign_keys = on;
    pragma temp_store = memory;";

fn open_sqlite(file: &str) -> Result<SqliteConnection> {
    let away = |error: &dyn std::fmt::Display| StoreError::unavailable(&format!("{file}: {error}"));
    let mut connection = SqliteConnection::establish(file).map_err(|error| away(&error))?;
    connection.batch_execute(SQLITE_SETUP).map_err(|error| away(&error))?;
    Ok(connection)
}

pub(crate) fn backup(url: &DatabaseUrl, file: &Path) -> Result<()> {
    let mut connection = url.connect()?;
    let Conn::Sqlite(connection) = &mut connection else {
        return Err(StoreError::Unavailable("use pg_dump to back up Postgres".to_owned()));
    };
    diesel::sql_query("vacuum into ?")
        .bind::<diesel::sql_types::Text, _>(file.to_string_lossy().into_owned())
        .execute(connection)?;
    Ok(())
}

/// Makes readers for the pool.
pub(crate) struct Manager {
    url: DatabaseUrl,
}

impl Manager {
    pub(crate) fn new(url: DatabaseUrl) -> Self {
        Self { url }
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Conn;
    type Error = StoreError;

    fn connect(&self) -> Result<Conn> {
        self.url.connect()
    }

    fn is_valid(&self, connection: &mut Conn) -> Result<()> {
        match connection {
            // A file cannot go away under an open connection.
            Conn::Sqlite(_) => Ok(()),
            Conn::Postgres(connection) => connection
                .batch_execute("select 1")
                .map_err(|error| StoreError::unavailable(&error)),
        }
    }

    fn has_broken(&self, _connection: &mut Conn) -> bool {
        std::thread::panicking()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_apart_by_scheme_and_shown_without_password() {
        assert_eq!("sqlite://k.db".parse(), Ok(DatabaseUrl::Sqlite("k.db".into())));
        assert_eq!("sqlite:///var/k.db".parse(), Ok(DatabaseUrl::Sqlite("/var/k.db".into())));
        let url: DatabaseUrl = "postgres://kontena:s3cret@db/kontena".parse().expect("a URL");
        assert_eq!(url.to_string(), "postgres://kontena@db/kontena");
        let url: DatabaseUrl = "postgres://db/k?user=k&password=s3cret".parse().expect("a URL");
        assert_eq!(url.to_string(), "postgres://db/k");
        for wrong in ["mysql://x", "kontena.db", "sqlite://", "postgres://", ""] {
            assert_eq!(wrong.parse::<DatabaseUrl>(), Err(InvalidUrl), "{wrong}");
        }
    }
}
