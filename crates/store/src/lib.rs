//! What the master remembers: everything diesel, over SQLite or Postgres, chosen by URL at run time.
//!
//! - [`Store`]: a cheap handle with [`Store::read`] and [`Store::write`].
//! - One [`writer`] gathers many jobs into one transaction and acknowledges them after the commit.
//! - A master claims the `lease`; its epoch fences every transaction of that store from then on.
//! - The [`feed`] hands each grid's committed changes, in commit order, to whoever follows that grid.
//! - One module per noun holds the queries: the module is the noun, the function the verb.
//!
//! Rows and their conversions stay in `row`; what leaves this crate are the nouns of the domain. Nothing
//! is decided here: a change is written exactly if what it presupposes still holds.
//!
//! What a unique key finds is read with `get_result`, not with `first`: that adds `LIMIT ?`, and SQLite
//! prepares a statement again whenever a limit is bound, which takes longer than the query.

pub mod audit;
mod change;
mod connection;
pub mod containers;
pub mod deploys;
mod dialect;
mod error;
pub mod events;
pub mod feed;
pub mod grids;
pub mod hooks;
pub mod instances;
mod lease;
pub mod logs;
pub mod memory;
mod migrations;
mod news;
pub mod nodes;
pub mod registries;
mod row;
pub mod samples;
mod schema;
pub mod secrets;
pub mod services;
pub mod settings;
pub mod snapshots;
pub mod tokens;
pub mod users;
pub mod volumes;
pub mod writer;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use kontena_core::domain::{Change, GridId, NodeId, SaidLine};

pub use connection::{Conn, DatabaseUrl, InvalidUrl};
pub use error::{Result, StoreError};
pub use feed::{Committed, Follower, Version};
pub use lease::Epoch;
pub use migrations::MigrationState;
pub use writer::{Execution, Tx};

use connection::Manager;
use lease::{Claim, Fence};
use news::News;
use writer::Writer;

/// How long the answer to one ping is good for the next.
const PING_HOLDS: std::time::Duration = std::time::Duration::from_secs(1);

/// How long a database that was away is taken to be so.
const AWAY_HOLDS: std::time::Duration = std::time::Duration::from_secs(1);

/// How a store is opened.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Connections for reading.
    pub readers: u32,
    /// Who runs jobs.
    pub execution: Execution,
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 4, execution: Execution::Thread }
    }
}

/// A handle to the database; clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    readers: r2d2::Pool<Manager>,
    execution: Execution,
    writer: Writer,
    fence: Arc<Fence>,
    versions: Arc<feed::Versions>,
    news: Arc<News>,
    last_ping: tokio::sync::Mutex<Option<std::time::Instant>>,
    /// When the database was found to be away.
    away_at: Mutex<Option<std::time::Instant>>,
}

impl Inner {
    /// A connection for reading. Where the database was away a moment ago, one caller a second finds out
    /// whether it still is: of many callers each would hold a thread for as long as the pool tries.
    fn reader(&self) -> Result<r2d2::PooledConnection<Manager>> {
        if let Some(connection) = self.readers.try_get() {
            return Ok(connection);
        }
        let away_at = || self.away_at.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = &mut *away_at() {
            let now = writer::instant();
            if now.saturating_duration_since(*at) < AWAY_HOLDS {
                return Err(StoreError::Unavailable("it was away a moment ago".to_owned()));
            }
            *at = now;
        }
        let connection = self.readers.get();
        *away_at() = connection.is_err().then(writer::instant);
        connection.map_err(|error| StoreError::unavailable(&error))
    }
}

impl Store {
    /// Opens the database, applies pending migrations and starts the writer. Blocks. What is written is
    /// fenced once the lease is claimed ([`Self::claim`]); tools beside a running master claim none.
    ///
    /// # Errors
    /// Where the database cannot be reached, is newer than this program, or a migration fails.
    pub fn open(url: &DatabaseUrl, options: Options) -> Result<Self> {
        let mut connection = url.connect()?;
        migrations::run(&mut connection)?;
        let readers = r2d2::Pool::builder()
            .max_size(options.readers)
            .min_idle(Some(1))
            .connection_timeout(std::time::Duration::from_secs(5))
            .build(Manager::new(url.clone()))
            .map_err(|error| StoreError::unavailable(&error))?;
        let fence = Arc::new(Fence::default());
        let versions = Arc::new(feed::Versions::default());
        let news = Arc::<News>::default();
        let writer = Writer::start(
            connection,
            url.clone(),
            options.execution,
            Arc::clone(&fence),
            Arc::clone(&versions),
            Arc::clone(&news),
        )?;
        Ok(Self {
            inner: Arc::new(Inner {
                url: url.clone(),
                readers,
                execution: options.execution,
                writer,
                fence,
                versions,
                news,
                last_ping: tokio::sync::Mutex::default(),
                away_at: Mutex::default(),
            }),
        })
    }

    /// Says which migrations a database lacks, changing nothing. Blocks.
    ///
    /// # Errors
    /// Where the database cannot be reached or is newer than this program.
    pub fn migration_state(url: &DatabaseUrl) -> Result<MigrationState> {
        match url {
            // Opening a file that is not there would make it.
            DatabaseUrl::Sqlite(file) if !Path::new(file).exists() => migrations::all(),
            _ => migrations::state(&mut url.connect()?),
        }
    }

    /// Runs a query on a reader, off the caller's thread ([`Execution::Caller`] aside). Sees what was
    /// committed before.
    ///
    /// # Errors
    /// Where the query fails or no reader is free within five seconds.
    pub async fn read<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        let run = move || query(&mut *inner.reader()?);
        if self.inner.execution == Execution::Caller {
            return run();
        }
        tokio::task::spawn_blocking(run).await.map_err(|error| StoreError::unavailable(&error))?
    }

    /// Has a job done by the writer and waits for its commit. A job runs in a savepoint of its own or is
    /// run again alone where its neighbours failed, so it may run more than once.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where a change's presupposition no longer held: nothing of the job was
    /// written. Any other error says whether the transaction surely did not happen.
    pub async fn write<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.inner.writer.write(job).await
    }

    /// Writes one change of a grid, and nothing else, and waits for its commit. The way for changes that
    /// come in storms (connections, pongs, reports): on Postgres they are written as sets.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where its presupposition does not hold.
    pub async fn change(&self, grid: GridId, change: Change) -> Result<()> {
        self.inner.writer.change(grid, change).await
    }

    /// Keeps lines that containers of a node wrote, in one job; says how many. What is said of containers
    /// that the node is not known to have is left out.
    ///
    /// # Errors
    /// Where a statement fails.
    pub async fn log(&self, grid: GridId, node: NodeId, lines: Vec<SaidLine>) -> Result<usize> {
        let kept = self.write(move |tx| logs::append(tx.conn(), grid, node, &lines)).await?;
        if kept > 0 {
            self.inner.news.ring(grid);
        }
        Ok(kept)
    }

    /// Marked as changed after each commit of lines or events of a grid.
    #[must_use]
    pub fn news(&self, grid: GridId) -> tokio::sync::watch::Receiver<()> {
        self.inner.news.of(grid)
    }

    /// Loads a grid and follows its changes from exactly there; nothing where the grid does not exist.
    ///
    /// # Errors
    /// Where the grid cannot be read.
    pub async fn follow(
        &self,
        grid: GridId,
    ) -> Result<Option<(kontena_core::snapshot::Contents, Follower)>> {
        self.write(move |tx| {
            let Some(contents) = snapshots::load(tx.conn(), grid)? else {
                return Ok(None);
            };
            let follower = tx.follow(grid);
            Ok(Some((contents, follower)))
        })
        .await
    }

    /// How far a grid has got: what was read after this was taken is still true while it is the same. Counts
    /// what this store has committed, before whoever asked for it is answered; other programs change no
    /// grids.
    #[must_use]
    pub fn version(&self, grid: GridId) -> Version {
        self.inner.versions.of(grid)
    }

    /// How many jobs this store has committed that were more than one change of a grid, counted before whoever
    /// asked for it is answered. Users, tokens and memberships are as they were while it is the same, as far
    /// as this store goes.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.inner.versions.jobs()
    }

    /// Claims the lease for the active master, with the next epoch: from now on every transaction carries
    /// it, and those of whoever held it before fail. `holder` is what others are told of it. A store that
    /// has claimed keeps what it has.
    ///
    /// On SQLite the claim succeeds at once. On Postgres one that is held is waited for until it has not
    /// been renewed for five seconds.
    ///
    /// # Errors
    /// [`StoreError::Held`] where it is renewed meanwhile.
    pub async fn claim(&self, holder: &str) -> Result<Epoch> {
        if let Some(epoch) = self.inner.fence.epoch() {
            return Ok(epoch);
        }
        let mut renewed_at = None;
        loop {
            let name = holder.to_owned();
            match self.write(move |tx| lease::claim(tx.conn(), &name)).await? {
                Claim::Won(epoch) => {
                    self.inner.fence.hold(epoch);
                    return Ok(epoch);
                }
                Claim::Held(other) => {
                    if renewed_at.is_some_and(|before| before != other.renewed_at) {
                        return Err(StoreError::Held(other.holder));
                    }
                    if renewed_at.replace(other.renewed_at).is_none() {
                        log::info!("store: waiting for the lease of {} to run out", other.holder);
                    }
                    tokio::time::sleep(other.look_again_after()).await;
                }
            }
        }
    }

    /// Renews the lease, which on Postgres is lost to whoever claims it five seconds after the last time.
    /// A store that has claimed none leaves it alone.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] where another master has claimed it.
    pub async fn renew(&self) -> Result<()> {
        match self.inner.fence.epoch() {
            Some(_) => self.write(|tx| lease::renew(tx.conn())).await,
            None => Ok(()),
        }
    }

    /// Gives the lease back, so that the next master need not wait for it. A store that has claimed none
    /// leaves it alone.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] where another master has claimed it: it is not this one's to give.
    pub async fn release(&self) -> Result<()> {
        match self.inner.fence.epoch() {
            Some(_) => self.write(|tx| lease::release(tx.conn())).await,
            None => Ok(()),
        }
    }

    /// Whether another master was found to have taken over.
    #[must_use]
    pub fn is_fenced(&self) -> bool {
        self.inner.fence.refuse_fenced().is_err()
    }

    /// Waits until another master is found to have taken over, and says which.
    pub async fn fenced(&self) -> String {
        self.inner.fence.fenced().await
    }

    /// Answers whether reader and writer both reach the database.
    ///
    /// # Errors
    /// Where either does not.
    pub async fn ping(&self) -> Result<()> {
        self.read(|conn| settings::get(conn, "ping").map(drop)).await?;
        // Writes, since a full disk can be read; one at a time, and at most one a second, since everybody
        // may ask.
        let mut last = self.inner.last_ping.lock().await;
        if last.is_some_and(|at| at.elapsed() < PING_HOLDS) {
            return Ok(());
        }
        let began = writer::instant();
        match self.write(|tx| settings::set(tx.conn(), "ping", "")).await {
            // Another master has just written it for the first time.
            Ok(()) | Err(StoreError::Taken(_)) => {
                *last = Some(began);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Writes a consistent copy of an SQLite database while it is in use.
    ///
    /// # Errors
    /// On Postgres, where the file exists, or where it cannot be written.
    pub fn backup(url: &DatabaseUrl, file: &Path) -> Result<()> {
        connection::backup(url, file)
    }

    /// The database this store works on.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    /// Time spent in the last commits, as counts per bucket of seconds, for `/metrics`.
    #[must_use]
    pub fn commit_times(&self) -> writer::CommitTimes {
        self.inner.writer.commit_times()
    }
}
