//! The embedded migrations of both dialects.

use diesel::{
    Connection, RunQueryDsl,
    connection::SimpleConnection,
    migration::{Migration, MigrationSource},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{Conn, Result, StoreError};

fn sqlite() -> EmbeddedMigrations {
    const EMBEDDED: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
    EMBEDDED
}

fn postgres() -> EmbeddedMigrations {
    const EMBEDDED: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
    EMBEDDED
}

/// Masters of one database migrate one after the other; any number does.
const ADVISORY_LOCK: i64 = 0x006b_6f6e_7465_6e61;

/// How far a database's migrations are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationState {
    /// Versions this program has and the database lacks.
    pub pending: Vec<String>,
}

/// Applies what is pending.
pub(crate) fn run(connection: &mut Conn) -> Result<()> {
    match connection {
        Conn::Sqlite(connection) => apply(connection, sqlite),
        Conn::Postgres(connection) => {
            let lock = |function: &str| format!("select {function}({ADVISORY_LOCK})");
            diesel::sql_query(lock("pg_advisory_lock")).execute(connection)?;
            // Postgres tells of every table that "if not exists" found; nobody needs to know.
            connection.batch_execute("set client_min_messages = warning")?;
            let applied = apply(connection, postgres);
            diesel::sql_query(lock("pg_advisory_unlock")).execute(connection)?;
            applied
        }
    }
}

/// Looks what is pending, changing nothing.
pub(crate) fn state(connection: &mut Conn) -> Result<MigrationState> {
    // Asking makes the table that is asked for: inside a transaction that is rolled back, nothing stays.
    connection.batch_execute("begin")?;
    let state = match connection {
        Conn::Sqlite(connection) => pending(connection, sqlite),
        Conn::Postgres(connection) => pending(connection, postgres),
    };
    connection.batch_execute("rollback")?;
    state
}

fn apply<C>(connection: &mut C, source: fn() -> EmbeddedMigrations) -> Result<()>
where
    C: Connection + MigrationHarness<C::Backend>,
    C::Backend: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<C::Backend>,
{
    refuse_newer::<C>(connection, source)?;
    connection
        .run_pending_migrations(source())
        .map(drop)
        .map_err(|error| StoreError::Migration(error.to_string()))
}

fn pending<C>(connection: &mut C, source: fn() -> EmbeddedMigrations) -> Result<MigrationState>
where
    C: Connection + MigrationHarness<C::Backend>,
    C::Backend: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<C::Backend>,
{
    refuse_newer::<C>(connection, source)?;
    let pending = connection
        .pending_migrations(source())
        .map_err(|error| StoreError::Migration(error.to_string()))?;
    Ok(MigrationState {
        pending: pending.iter().map(|migration| migration.name().to_string()).collect(),
    })
}

fn refuse_newer<C>(connection: &mut C, source: fn() -> EmbeddedMigrations) -> Result<()>
where
    C: Connection + MigrationHarness<C::Backend>,
    C::Backend: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<C::Backend>,
{
    let failed =
        |error: Box<dyn std::error::Error + Send + Sync>| StoreError::Migration(error.to_string());
    let applied = connection.applied_migrations().map_err(failed)?;
    let ours = MigrationSource::<C::Backend>::migrations(&source()).map_err(failed)?;
    let known: Vec<String> =
        ours.iter().map(|migration| migration.name().version().to_string()).collect();
    match applied.iter().find(|version| !known.contains(&version.to_string())) {
        Some(version) => Err(StoreError::Newer(version.to_string())),
        None => Ok(()),
    }
}

/// What a database that does not exist yet lacks: everything.
pub(crate) fn all() -> Result<MigrationState> {
    let ours = MigrationSource::<diesel::sqlite::Sqlite>::migrations(&sqlite());
    let ours = ours.map_err(|error| StoreError::Migration(error.to_string()))?;
    Ok(MigrationState {
        pending: ours.iter().map(|migration| migration.name().to_string()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use diesel::SqliteConnection;

    use super::*;
    use crate::{DatabaseUrl, Options, Store, grids, nodes};

    #[tokio::test]
    async fn a_database_of_the_first_migration_is_brought_up_to_date() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("k.db").to_string_lossy().into_owned();
        let mut old = SqliteConnection::establish(&path).expect("opens");
        let first = old.run_next_migration(sqlite()).expect("migrates");
        assert_eq!(first.to_string(), "0001");
        old.batch_execute(include_str!("../tests/rows_of_0001.sql")).expect("inserts");
        drop(old);

        let store = Store::open(&DatabaseUrl::Sqlite(path), Options::default()).expect("opens");
        let found = store.read(|conn| {
            let grid = grids::by_name(conn, "test")?.map(|grid| grid.id);
            grid.map(|grid| nodes::of_grid(conn, grid)).transpose()
        });
        let found = found.await.expect("reads").expect("the grid");
        let [away, here] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (away.name.as_str(), away.labels.as_slice()),
            ("away", &["az=a".to_owned()][..])
        );
        assert!(!away.connected && away.figures.is_none(), "measured anew within a minute");
        assert!(away.marked_offline_at.is_some());
        assert_eq!(away.marked_offline_at, away.disconnected_at, "its grace counts from its end");
        assert_eq!((here.name.as_str(), here.connected), ("here", true));
        assert_eq!((here.marked_offline_at, here.disconnected_at), (None, None));
    }
}
