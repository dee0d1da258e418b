//! How long commits take. No decision depends on it.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

/// Upper bounds of the buckets in microseconds.
const BUCKETS: [u64; 8] = [250, 500, 1_000, 2_500, 10_000, 50_000, 250_000, 1_000_000];

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

/// The moment, for measuring.
#[expect(clippy::disallowed_methods, reason = "measures spans within this crate, nothing else")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

#[derive(Default)]
pub(super) struct Meter {
    buckets: [AtomicU64; BUCKETS.len()],
    count: AtomicU64,
    sum_micros: AtomicU64,
}

impl Meter {
    /// Begins to measure a transaction.
    pub(super) fn begin() -> Instant {
        instant()
    }

    /// Records a transaction that was committed.
    pub(super) fn record(&self, began: Instant) {
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        for (bucket, bound) in self.buckets.iter().zip(BUCKETS) {
            if micros <= bound {
                bucket.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum_micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> CommitTimes {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        #[expect(
            clippy::cast_precision_loss,
            reason = "microseconds of all commits stay below 2^53"
        )]
        let seconds = |micros: u64| micros as f64 / 1e6;
        let buckets = BUCKETS.iter().zip(&self.buckets);
        CommitTimes {
            buckets: buckets.map(|(bound, count)| (seconds(*bound), load(count))).collect(),
            count: load(&self.count),
            sum: seconds(load(&self.sum_micros)),
        }
    }
}
