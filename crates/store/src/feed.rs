//! After each commit: the changes of each grid, in commit order, to whoever follows it.
//!
//! ```text
//!   writer --commit--> publish --bounded channel--> follower --apply--> picture
//! ```
//!
//! A follower that falls too far behind is cut off instead of holding the writer up: its channel ends,
//! and it loads the grid afresh.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use kontena_core::domain::{Change, GridId};
use tokio::sync::mpsc;

/// How many commits a follower may lag behind before it is cut off.
const CAPACITY: usize = 4096;

/// The changes of one job, committed together.
#[derive(Debug, Clone)]
pub struct Committed {
    /// In the order they were written.
    pub changes: Arc<[Change]>,
}

/// Receives what is committed about one grid from some point on.
#[derive(Debug)]
pub struct Follower {
    receiver: mpsc::Receiver<Committed>,
}

impl Follower {
    /// Waits for the next commit. None: this follower was cut off and must load the grid afresh.
    pub async fn next(&mut self) -> Option<Committed> {
        self.receiver.recv().await
    }

    /// Takes a commit that has already arrived.
    pub fn try_next(&mut self) -> Option<Committed> {
        self.receiver.try_recv().ok()
    }
}

/// Somebody who began to follow within a job that is not committed yet.
pub(crate) struct Beginning {
    grid: GridId,
    sender: mpsc::Sender<Committed>,
}

pub(crate) fn begin(grid: GridId) -> (Beginning, Follower) {
    let (sender, receiver) = mpsc::channel(CAPACITY);
    (Beginning { grid, sender }, Follower { receiver })
}

/// How far a grid has got. Two that are equal, taken from one store, have nothing committed between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    of_all: u64,
    of_grid: u64,
}

/// Counts the commits about each grid, for whoever keeps something that was made of it.
#[derive(Default)]
pub(crate) struct Versions {
    counts: Mutex<Counts>,
    jobs: AtomicU64,
}

#[derive(Default)]
struct Counts {
    of_all: u64,
    by_grid: HashMap<GridId, u64>,
}

impl Versions {
    pub(crate) fn of(&self, grid: GridId) -> Version {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let of_grid = counts.by_grid.get(&grid).copied().unwrap_or_default();
        Version { of_all: counts.of_all, of_grid }
    }

    pub(crate) fn jobs(&self) -> u64 {
        self.jobs.load(Ordering::Acquire)
    }

    fn changed(&self, grid: GridId) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.by_grid.entry(grid).or_default() += 1;
    }

    fn all_changed(&self) {
        self.jobs.fetch_add(1, Ordering::Release);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.of_all += 1;
        counts.by_grid.clear();
    }
}

/// All followers; owned by the writer.
pub(crate) struct Followers {
    by_grid: HashMap<GridId, Vec<mpsc::Sender<Committed>>>,
    versions: Arc<Versions>,
}

impl Followers {
    pub(crate) fn new(versions: Arc<Versions>) -> Self {
        Self { by_grid: HashMap::new(), versions }
    }

    /// Cuts everybody off: what was committed, if anything, is not known.
    pub(crate) fn cut_off(&mut self) {
        self.by_grid.clear();
        self.versions.all_changed();
    }

    /// A job was committed that may have written anything.
    pub(crate) fn job_done(&self) {
        self.versions.jobs.fetch_add(1, Ordering::Release);
    }

    /// Adds a follower; it hears of what is published from now on.
    pub(crate) fn add(&mut self, beginning: Beginning) {
        self.by_grid.entry(beginning.grid).or_default().push(beginning.sender);
    }

    /// Tells the followers of each grid of one job's changes.
    pub(crate) fn publish(&mut self, changes: Vec<(GridId, Change)>) {
        let mut rest = changes.into_iter().peekable();
        while let Some((grid, first)) = rest.next() {
            let mut of_grid = vec![first];
            while let Some((_, change)) = rest.next_if(|(next, _)| *next == grid) {
                of_grid.push(change);
            }
            self.versions.changed(grid);
            self.tell(grid, Committed { changes: of_grid.into() });
        }
    }

    fn tell(&mut self, grid: GridId, committed: Committed) {
        let Some(senders) = self.by_grid.get_mut(&grid) else {
            return;
        };
        // Dropping the sender ends the channel, which is how a follower learns of the gap.
        senders.retain(|sender| sender.try_send(committed.clone()).is_ok());
        if senders.is_empty() {
            self.by_grid.remove(&grid);
        }
    }
}
