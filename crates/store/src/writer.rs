//! The one writer: many jobs in one transaction, acknowledged after the commit.
//!
//! ```text
//!   callers --queue--> [ begin | job | job | job | commit ] --> answers, then the feed
//! ```
//!
//! On SQLite each job has a savepoint of its own. On Postgres, where a savepoint is two round trips, the
//! batch runs bare; where one job fails, everything is rolled back and the jobs run again one by one, so
//! a job can run twice. A panic in a job is that job's failure and nobody else's.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use diesel::connection::SimpleConnection;
use kontena_core::domain::{Change, GridId};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Conn, DatabaseUrl, Follower, Result, StoreError, change,
    feed::{self, Beginning, Followers},
};

/// Jobs per transaction: beyond this a commit is amortised and callers only wait longer.
const MOST_JOBS: usize = 512;
/// Jobs waiting; callers beyond it wait for room.
const QUEUE: usize = 8192;
/// Upper bounds of the commit-time buckets in microseconds.
const BUCKETS: [u64; 8] = [250, 500, 1_000, 2_500, 10_000, 50_000, 250_000, 1_000_000];

/// Who runs the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution {
    /// A thread of its own: the normal case.
    Thread,
    /// The runtime's blocking pool: time that is paused stands still until a job is done, which an
    /// answer from a foreign thread would not achieve.
    BlockingPool,
}

/// An open transaction, as a job sees it.
pub struct Tx<'a> {
    conn: &'a mut Conn,
    changes: Vec<(GridId, Change)>,
    beginnings: Vec<Beginning>,
}

impl Tx<'_> {
    /// The connection, for reading what this and earlier jobs wrote.
    pub fn conn(&mut self) -> &mut Conn {
        self.conn
    }

    /// Writes a change of a grid, if what it presupposes holds, and remembers it for the feed.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the presupposition does not hold.
    pub fn apply(&mut self, grid: GridId, change: Change) -> Result<()> {
        change::write(self.conn, grid, &change)?;
        self.changes.push((grid, change));
        Ok(())
    }

    /// Writes several changes of a grid.
    ///
    /// # Errors
    /// As [`Tx::apply`].
    pub fn apply_all(&mut self, grid: GridId, changes: Vec<Change>) -> Result<()> {
        changes
            .into_iter()
            .try_for_each(|change| self.apply(grid, change))
    }

    /// Begins to follow a grid from this job's commit on.
    pub fn follow(&mut self, grid: GridId) -> Follower {
        let (beginning, follower) = feed::begin(grid);
        self.beginnings.push(beginning);
        follower
    }
}

/// A job in the queue, whatever it returns.
trait Job: Send {
    fn attempt(&mut self, tx: &mut Tx<'_>) -> Result<()>;
    fn finish(self: Box<Self>, outcome: Result<()>);
}

struct Task<T, F> {
    job: F,
    value: Option<T>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnMut(&mut Tx<'_>) -> Result<T> + Send,
{
    fn attempt(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        self.value = None;
        self.value = Some((self.job)(tx)?);
        Ok(())
    }

    fn finish(self: Box<Self>, outcome: Result<()>) {
        let Self { value, answer, .. } = *self;
        let outcome = outcome.and_then(|()| {
            value.ok_or_else(|| StoreError::Unavailable("the job did not run".to_owned()))
        });
        // A caller that is gone has no use for the answer; what was written stays.
        drop(answer.send(outcome));
    }
}

/// Commits by duration, for `/metrics`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CommitTimes {
    /// Upper bound in seconds, and how many commits took at most that long.
    pub buckets: Vec<(f64, u64)>,
    /// All commits.
    pub count: u64,
    /// Seconds spent in all of them.
    pub sum: f64,
}

#[derive(Default)]
struct Meter {
    buckets: [AtomicU64; BUCKETS.len()],
    count: AtomicU64,
    sum_micros: AtomicU64,
}

impl Meter {
    fn record(&self, micros: u64) {
        for (bucket, bound) in self.buckets.iter().zip(BUCKETS) {
            if micros <= bound {
                bucket.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum_micros.fetch_add(micros, Ordering::Relaxed);
    }
}

/// What actually runs jobs.
struct Engine {
    conn: Option<Conn>,
    url: DatabaseUrl,
    followers: Followers,
    meter: Arc<Meter>,
}

/// The queue in front of the engine.
pub(crate) struct Writer {
    queue: Queue,
    meter: Arc<Meter>,
}

enum Queue {
    Thread(mpsc::Sender<Box<dyn Job>>),
    BlockingPool(Arc<Mutex<Engine>>),
}

impl Writer {
    pub(crate) fn start(conn: Conn, url: DatabaseUrl, execution: Execution) -> Result<Self> {
        let meter = Arc::new(Meter::default());
        let mut engine = Engine {
            conn: Some(conn),
            url,
            followers: Followers::default(),
            meter: Arc::clone(&meter),
        };
        let queue = match execution {
            Execution::BlockingPool => Queue::BlockingPool(Arc::new(Mutex::new(engine))),
            Execution::Thread => {
                let (sender, mut receiver) = mpsc::channel::<Box<dyn Job>>(QUEUE);
                std::thread::Builder::new()
                    .name("store-writer".to_owned())
                    .spawn(move || {
                        while let Some(first) = receiver.blocking_recv() {
                            let mut jobs = vec![first];
                            while jobs.len() < MOST_JOBS
                                && let Ok(job) = receiver.try_recv()
                            {
                                jobs.push(job);
                            }
                            engine.run(jobs);
                        }
                    })
                    .map_err(|error| StoreError::unavailable(&error))?;
                Queue::Thread(sender)
            }
        };
        Ok(Self { queue, meter })
    }

    pub(crate) async fn write<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let gone = || StoreError::Unavailable("the writer has stopped".to_owned());
        let (answer, answered) = oneshot::channel();
        let task: Box<dyn Job> = Box::new(Task {
            job,
            value: None,
            answer,
        });
        match &self.queue {
            Queue::Thread(sender) => sender.send(task).await.map_err(|_| gone())?,
            Queue::BlockingPool(engine) => {
                let engine = Arc::clone(engine);
                let run = move || {
                    engine
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .run(vec![task]);
                };
                tokio::task::spawn_blocking(run).await.map_err(|_| gone())?;
            }
        }
        answered.await.map_err(|_| gone())?
    }

    pub(crate) fn commit_times(&self) -> CommitTimes {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        #[expect(
            clippy::cast_precision_loss,
            reason = "microseconds of all commits stay below 2^53"
        )]
        let seconds = |micros: u64| micros as f64 / 1e6;
        CommitTimes {
            buckets: BUCKETS
                .iter()
                .zip(&self.meter.buckets)
                .map(|(bound, counter)| (seconds(*bound), load(counter)))
                .collect(),
            count: load(&self.meter.count),
            sum: seconds(load(&self.meter.sum_micros)),
        }
    }
}

/// A job that has run, and what it leaves for after the commit.
struct Ran {
    job: Box<dyn Job>,
    outcome: Result<()>,
    changes: Vec<(GridId, Change)>,
    beginnings: Vec<Beginning>,
}

impl Engine {
    fn run(&mut self, jobs: Vec<Box<dyn Job>>) {
        if let Err(error) = self.reconnect() {
            for job in jobs {
                job.finish(Err(StoreError::unavailable(&error)));
            }
            return;
        }
        let savepoints = matches!(self.url, DatabaseUrl::Sqlite(_));
        if savepoints || jobs.len() == 1 {
            self.transaction(jobs, savepoints);
            return;
        }
        // Postgres: bare first; one by one where any of them fails.
        if let Err(jobs) = self.bare(jobs) {
            for job in jobs {
                self.transaction(vec![job], false);
            }
        }
    }

    fn reconnect(&mut self) -> Result<()> {
        if self.conn.is_none() {
            self.conn = Some(self.url.connect()?);
            log::info!("store: connected to {} again", self.url);
        }
        Ok(())
    }

    /// Runs jobs in one transaction and answers them.
    fn transaction(&mut self, jobs: Vec<Box<dyn Job>>, savepoints: bool) {
        let started = clock::now();
        let Some(conn) = self.conn.as_mut() else {
            return fail_all(jobs, "the database is away");
        };
        // Immediate: waits for another process's write at the beginning instead of failing in the middle.
        let begin = if savepoints {
            "begin immediate"
        } else {
            "begin"
        };
        if let Err(error) = conn.batch_execute(begin) {
            self.conn = None;
            return fail_all(jobs, &error.to_string());
        }
        let ran: Vec<Ran> = jobs
            .into_iter()
            .map(|job| attempt(conn, job, savepoints))
            .collect();
        if !savepoints && ran.iter().any(|ran| ran.outcome.is_err()) {
            self.roll_back();
            self.answer(ran);
            return;
        }
        if let Err(error) = conn.batch_execute("commit") {
            self.roll_back();
            // SQLite reports a failed commit (a full disk) with the transaction rolled back; on Postgres
            // the connection may have been lost after the server had committed.
            let unknown = matches!(self.url, DatabaseUrl::Postgres(_));
            for ran in ran {
                let text = error.to_string();
                let error = if unknown {
                    StoreError::Unknown(text)
                } else {
                    StoreError::Unavailable(text)
                };
                ran.job.finish(ran.outcome.and(Err(error)));
            }
            return;
        }
        self.meter.record(clock::micros_since(started));
        self.answer(ran);
    }

    /// Runs jobs in one transaction without savepoints; gives them back unanswered where one failed.
    fn bare(&mut self, jobs: Vec<Box<dyn Job>>) -> Result<(), Vec<Box<dyn Job>>> {
        let started = clock::now();
        let Some(conn) = self.conn.as_mut() else {
            return Err(jobs);
        };
        if conn.batch_execute("begin").is_err() {
            self.conn = None;
            return Err(jobs);
        }
        let mut done = Vec::with_capacity(jobs.len());
        let mut rest = jobs.into_iter();
        for job in rest.by_ref() {
            let ran = attempt(conn, job, false);
            let failed = ran.outcome.is_err();
            done.push(ran);
            if failed {
                self.roll_back();
                return Err(done.into_iter().map(|ran| ran.job).chain(rest).collect());
            }
        }
        if let Err(error) = conn.batch_execute("commit") {
            self.roll_back();
            for ran in done {
                ran.job.finish(Err(StoreError::Unknown(error.to_string())));
            }
            return Ok(());
        }
        self.meter.record(clock::micros_since(started));
        self.answer(done);
        Ok(())
    }

    fn roll_back(&mut self) {
        let rolled_back = self
            .conn
            .as_mut()
            .map(|conn| conn.batch_execute("rollback"));
        if let Some(Err(error)) = rolled_back {
            log::warn!("store: dropping the connection to {}: {error}", self.url);
            self.conn = None;
        }
    }

    fn answer(&mut self, ran: Vec<Ran>) {
        for Ran {
            job,
            outcome,
            changes,
            beginnings,
        } in ran
        {
            if outcome.is_ok() {
                self.followers.publish(changes);
                beginnings
                    .into_iter()
                    .for_each(|beginning| self.followers.add(beginning));
            }
            job.finish(outcome);
        }
    }
}

fn fail_all(jobs: Vec<Box<dyn Job>>, why: &str) {
    for job in jobs {
        job.finish(Err(StoreError::unavailable(&why)));
    }
}

fn attempt(conn: &mut Conn, mut job: Box<dyn Job>, savepoint: bool) -> Ran {
    let mut tx = Tx {
        conn,
        changes: Vec::new(),
        beginnings: Vec::new(),
    };
    let outcome = run_job(&mut tx, job.as_mut(), savepoint);
    let Tx {
        changes,
        beginnings,
        ..
    } = tx;
    Ran {
        job,
        outcome,
        changes,
        beginnings,
    }
}

fn run_job(tx: &mut Tx<'_>, job: &mut dyn Job, savepoint: bool) -> Result<()> {
    if savepoint {
        tx.conn.batch_execute("savepoint job")?;
    }
    // A job's value is dropped with its failure, so nothing half-made is seen afterwards.
    let outcome = catch_unwind(AssertUnwindSafe(|| job.attempt(tx)))
        .unwrap_or_else(|panic| Err(StoreError::Panicked(panic_text(panic.as_ref()))));
    if savepoint {
        let end = if outcome.is_ok() {
            "release job"
        } else {
            "rollback to job; release job"
        };
        tx.conn.batch_execute(end)?;
    }
    outcome
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

/// Durations of commits only; no decision here depends on the time.
mod clock {
    use std::time::Instant;

    #[expect(
        clippy::disallowed_methods,
        reason = "measures how long a commit takes, nothing else"
    )]
    pub(super) fn now() -> Instant {
        Instant::now()
    }

    pub(super) fn micros_since(start: Instant) -> u64 {
        u64::try_from(now().duration_since(start).as_micros()).unwrap_or(u64::MAX)
    }
}
