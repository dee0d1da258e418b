//! The one writer: many jobs in one transaction, acknowledged after the commit.
//!
//! ```text
//!   callers --queue--> [ begin | job | job | job | commit ] --> the feed, then answers
//! ```
//!
//! `job` is what waits in the queue, `engine` runs it, `meter` counts how long commits take. A panic in a
//! job is that job's failure and nobody else's.

mod engine;
mod job;
mod meter;

use std::sync::{Arc, Mutex, PoisonError};

use kontena_core::domain::{Change, GridId};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Conn, DatabaseUrl, Follower, Result, StoreError, change,
    feed::{self, Versions},
    lease::Fence,
    news::News,
};
use engine::Engine;
use job::{Job, Single, Task};
use meter::Meter;

pub use meter::CommitTimes;
pub(crate) use meter::instant;

/// Jobs per transaction: beyond this a commit is amortised and callers only wait longer.
const MOST_JOBS: usize = 512;
/// Jobs waiting; callers beyond it wait for room.
const QUEUE: usize = 8192;

/// Who runs the writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution {
    /// A thread of its own: the normal case.
    Thread,
    /// The runtime's blocking pool: time that is paused stands still until a job is done, which an
    /// answer from a foreign thread would not achieve.
    BlockingPool,
    /// Whoever asks, there and then, and reads alike: a simulation, which has to be the same every time,
    /// leaves nothing to the order in which threads happen to be done. Nobody else gets on meanwhile.
    Caller,
}

/// An open transaction, as a job sees it.
pub struct Tx<'a> {
    conn: &'a mut Conn,
    changes: Vec<(GridId, Change)>,
    beginnings: Vec<feed::Beginning>,
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
        changes.into_iter().try_for_each(|change| self.apply(grid, change))
    }

    /// Begins to follow a grid from this job's commit on.
    pub fn follow(&mut self, grid: GridId) -> Follower {
        let (beginning, follower) = feed::begin(grid);
        self.beginnings.push(beginning);
        follower
    }
}

/// The queue in front of the engine.
pub(crate) struct Writer {
    queue: Queue,
    meter: Arc<Meter>,
}

enum Queue {
    Thread(mpsc::Sender<Box<dyn Job>>),
    BlockingPool(Arc<Mutex<Engine>>),
    Caller(Box<Mutex<Engine>>),
}

impl Writer {
    pub(crate) fn start(
        conn: Conn,
        url: DatabaseUrl,
        execution: Execution,
        fence: Arc<Fence>,
        versions: Arc<Versions>,
        news: Arc<News>,
    ) -> Result<Self> {
        let meter = Arc::new(Meter::default());
        let engine = Engine::new(conn, url, Arc::clone(&meter), fence, versions, news);
        let queue = match execution {
            Execution::BlockingPool => Queue::BlockingPool(Arc::new(Mutex::new(engine))),
            Execution::Caller => Queue::Caller(Box::new(Mutex::new(engine))),
            Execution::Thread => Queue::Thread(start_thread(engine)?),
        };
        Ok(Self { queue, meter })
    }

    /// Has a job done and waits for its commit.
    pub(crate) async fn write<T, F>(&self, job: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.enqueue(Box::new(Task::new(job, answer))).await?;
        answered.await.map_err(|_| stopped())?
    }

    /// Writes one change and waits for its commit.
    pub(crate) async fn change(&self, grid: GridId, change: Change) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.enqueue(Box::new(Single { grid, change, answer })).await?;
        answered.await.map_err(|_| stopped())?
    }

    async fn enqueue(&self, job: Box<dyn Job>) -> Result<()> {
        match &self.queue {
            Queue::Thread(sender) => sender.send(job).await.map_err(|_| stopped()),
            Queue::BlockingPool(engine) => {
                let engine = Arc::clone(engine);
                let run = move || {
                    engine.lock().unwrap_or_else(PoisonError::into_inner).run(vec![job]);
                };
                tokio::task::spawn_blocking(run).await.map_err(|_| stopped())
            }
            Queue::Caller(engine) => {
                engine.lock().unwrap_or_else(PoisonError::into_inner).run(vec![job]);
                Ok(())
            }
        }
    }

    pub(crate) fn commit_times(&self) -> CommitTimes {
        self.meter.read()
    }
}

/// Gathers what has arrived, and runs it; ends with the last handle of the store.
fn start_thread(mut engine: Engine) -> Result<mpsc::Sender<Box<dyn Job>>> {
    let (sender, mut receiver) = mpsc::channel::<Box<dyn Job>>(QUEUE);
    let run = move || {
        while let Some(first) = receiver.blocking_recv() {
            let mut jobs = vec![first];
            while jobs.len() < MOST_JOBS
                && let Ok(job) = receiver.try_recv()
            {
                jobs.push(job);
            }
            engine.run(jobs);
        }
    };
    let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(run);
    thread.map_err(|error| StoreError::unavailable(&error))?;
    Ok(sender)
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the writer has stopped".to_owned())
}
