//! How long to wait before a crashed container is started again: from its crashes alone.

use std::time::Duration;

use crate::engine::{Container, Life};

/// A container that ran for this long has not crashed in a row.
const CALM: Duration = Duration::from_secs(10);
/// No wait is longer than this.
const LONGEST_SECONDS: u64 = 30;

/// The crashes of one pod in a row.
#[derive(Debug, Default)]
pub(super) struct Crashes {
    count: u64,
    last: Option<Life>,
}

impl Crashes {
    /// Counts the end of a container's life and returns the wait before the next one: 0, 1, 4, 9, 16,
    /// 25, 30, 30 ... seconds. `None` where that life's end was counted before, or never began.
    pub(super) fn count(&mut self, container: &Container) -> Option<Duration> {
        let life = container.life()?;
        if self.last.as_ref() == Some(&life) {
            return None;
        }
        let ran_for = container
            .finished_at
            .and_then(|finished_at| (finished_at - life.started_at).to_std().ok());
        if ran_for.is_some_and(|ran_for| ran_for >= CALM) {
            self.count = 0;
        }
        self.last = Some(life);
        Some(self.next())
    }

    /// Counts a container that disappeared while it should run.
    pub(super) fn count_gone(&mut self, life: &Life) -> Option<Duration> {
        if self.last.as_ref() == Some(life) {
            return None;
        }
        self.last = Some(life.clone());
        Some(self.next())
    }

    /// Forgets the row: something else is wanted now. A life whose end was counted stays counted.
    pub(super) fn reset(&mut self) {
        self.count = 0;
    }

    fn next(&mut self) -> Duration {
        let wait = self.count.saturating_mul(self.count).min(LONGEST_SECONDS);
        self.count = self.count.saturating_add(1);
        Duration::from_secs(wait)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn ended(start: i64, ran_for: i64) -> Container {
        let started_at = DateTime::UNIX_EPOCH + TimeDelta::seconds(start);
        Container {
            started_at: Some(started_at),
            finished_at: Some(started_at + TimeDelta::seconds(ran_for)),
            ..Container::default()
        }
    }

    #[test]
    fn waits_grow_with_the_square_and_stop_at_30_seconds() {
        let mut crashes = Crashes::default();
        let waits: Vec<_> = (0..8)
            .filter_map(|start| crashes.count(&ended(100 * start, 1)))
            .map(|wait| wait.as_secs())
            .collect();
        assert_eq!(waits, [0, 1, 4, 9, 16, 25, 30, 30]);
        assert_eq!(crashes.count(&ended(700, 1)), None, "counted before");
        assert_eq!(crashes.count(&ended(900, 10)), Some(Duration::ZERO), "ran for 10 s");
        assert_eq!(crashes.count(&Container::default()), None, "never started");
    }
}
