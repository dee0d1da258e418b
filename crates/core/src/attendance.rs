//! Since when this master is there without a break: graces never count from before, since nobody can have
//! come back to a master that was not there.
//!
//! ```text
//!   start ──── observed every second ──── … ········ gap ········ observed again
//!     since ─────────────────────────────┘                         └ since, from now on
//! ```
//!
//! A gap is a time in which nobody observed (the process was stopped, starved, its machine suspended), or one
//! after which the wall clock stands elsewhere than the monotonic one says (it was set, or the machine
//! slept). Either way what the wall clock says about before is worth nothing to a grace.

use std::time::Duration;

use chrono::TimeDelta;

use crate::domain::Time;

/// How often it is observed at least.
pub const PERIOD: Duration = Duration::from_secs(1);
/// What an observation may come late, and the clocks may part by.
const TOLERATED: Duration = Duration::from_secs(2);

/// How long a master that is back may take to let in who waited.
const JUST_NOW: TimeDelta = TimeDelta::seconds(10);

/// Since when a master is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attendance {
    since: Time,
    wall: Time,
    monotonic: Duration,
    gap: Duration,
}

impl Attendance {
    /// Begins now; `monotonic` is the reading of a clock that is never set.
    #[must_use]
    pub fn new(now: Time, monotonic: Duration) -> Self {
        Self { since: now, wall: now, monotonic, gap: Duration::ZERO }
    }

    /// The master could not do its work until now, its database being away: nobody can have come back.
    pub fn interrupt(&mut self, now: Time) {
        self.since = self.since.max(now);
    }

    /// How long whoever arrives now may have had to wait at the door: as long as the master was not there
    /// a moment ago.
    #[must_use]
    pub fn kept_waiting(&self, now: Time) -> Duration {
        if now - self.since < JUST_NOW { self.gap } else { Duration::ZERO }
    }

    /// Observes both clocks; returns since when the master is there, and how long it was not where that
    /// has just been found out.
    pub fn observe(&mut self, now: Time, monotonic: Duration) -> (Time, Option<Duration>) {
        let passed = monotonic.saturating_sub(self.monotonic);
        let on_the_wall = now - self.wall;
        let parted = (on_the_wall - TimeDelta::from_std(passed).unwrap_or(TimeDelta::MAX)).abs();
        let parted = parted.to_std().unwrap_or(Duration::MAX);
        let gap = passed.saturating_sub(PERIOD).max(parted);
        (self.wall, self.monotonic) = (now, monotonic);
        if gap <= TOLERATED {
            return (self.since, None);
        }
        (self.since, self.gap) = (now, gap);
        (now, Some(gap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_master_that_is_observed_is_there_since_its_start() {
        let mut attendance = Attendance::new(at(100), s(5));
        for second in 1..100_i64 {
            let monotonic = s(5 + second.unsigned_abs());
            assert_eq!(attendance.observe(at(100 + second), monotonic), (at(100), None));
        }
    }

    #[test]
    fn stopped_suspended_or_set_it_begins_anew() {
        let begun = Attendance::new(at(100), s(5));
        // Stopped for ten seconds: both clocks went on.
        assert_eq!(begun.clone().observe(at(111), s(16)), (at(111), Some(s(10))));
        // Suspended for an hour, or the clock was set forward: the monotonic one knows nothing of it.
        assert_eq!(begun.clone().observe(at(3701), s(6)), (at(3701), Some(s(3600))));
        // Set back.
        assert_eq!(begun.clone().observe(at(51), s(6)), (at(51), Some(s(50))));
        // A little late, a little off.
        assert_eq!(begun.clone().observe(at(104), s(8)), (at(100), None));
        let mut interrupted = begun;
        interrupted.interrupt(at(101));
        assert_eq!(interrupted.observe(at(102), s(7)), (at(101), None));
        let mut returned = begun;
        assert_eq!(returned.kept_waiting(at(101)), s(0));
        returned.observe(at(200), s(85));
        assert_eq!(returned.kept_waiting(at(201)), s(79));
        assert_eq!(returned.kept_waiting(at(211)), s(0));
        assert_eq!(returned.observe(at(201), s(86)), (at(200), None));
    }
}
