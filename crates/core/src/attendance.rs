//! When this master was not there: time that no grace counts, since nobody could come back in it.
//!
//! ```text
//!   observed every second ──── … ····· gap ····· observed again
//!                                └── absence ──┘
//! ```
//!
//! A gap is a time in which nobody observed (the process was stopped, starved, its machine suspended), or one
//! by which the wall clock went further than the monotonic one (it was set, or the machine slept). A master
//! whose database is away can let nobody in either. Deadlines are put off by the absences since they began to
//! count, and by no more: a short break costs its own length.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;

use crate::domain::Time;

/// How often it is observed at least.
pub const PERIOD: Duration = Duration::from_secs(1);
/// What an observation may come late, and the clocks may part by.
const TOLERATED: Duration = Duration::from_secs(2);
/// How long a master that is back may take to let in who waited.
const JUST_NOW: TimeDelta = TimeDelta::seconds(10);
/// Interruptions so close to each other are one: whoever is interrupted tries again within five seconds.
const NEXT_TRY: TimeDelta = TimeDelta::seconds(6);
/// Absences that are remembered; far more than fall into any grace.
const MOST: usize = 256;

/// What a master remembers of its absences, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Absences {
    all: Vec<Absence>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Absence {
    from: Time,
    to: Time,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nobody was there to observe.
    Gap,
    /// The database was away.
    Interruption,
}

impl Absences {
    /// How much of the time since then the master was not there.
    #[must_use]
    pub fn since(&self, then: Time) -> TimeDelta {
        let parts = self.all.iter().map(|absence| absence.to - absence.from.max(then));
        parts.filter(|part| *part > TimeDelta::zero()).sum()
    }

    fn add(&mut self, absence: Absence) {
        if self.all.len() >= MOST {
            self.all.remove(0);
        }
        self.all.push(absence);
    }
}

/// Whether a master is there, as it observes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendance {
    wall: Time,
    monotonic: Duration,
    absences: Arc<Absences>,
}

impl Attendance {
    /// Begins now; `monotonic` is the reading of a clock that is never set.
    #[must_use]
    pub fn new(now: Time, monotonic: Duration) -> Self {
        Self { wall: now, monotonic, absences: Arc::default() }
    }

    /// The absences so far.
    #[must_use]
    pub fn absences(&self) -> Arc<Absences> {
        Arc::clone(&self.absences)
    }

    /// Observes both clocks; returns how long the master was not there where that has just been found out.
    /// A wall clock that was set back is noticed, and no absence.
    pub fn observe(&mut self, now: Time, monotonic: Duration) -> Option<Duration> {
        let passed = monotonic.saturating_sub(self.monotonic);
        let on_the_wall = (now - self.wall).to_std().unwrap_or_default();
        let gap = passed.max(on_the_wall).saturating_sub(PERIOD);
        (self.wall, self.monotonic) = (now, monotonic);
        if gap <= TOLERATED {
            return None;
        }
        let from = now - TimeDelta::from_std(gap).unwrap_or_default();
        Arc::make_mut(&mut self.absences).add(Absence { from, to: now, kind: Kind::Gap });
        Some(gap)
    }

    /// Until now the database was away.
    pub fn interrupt(&mut self, now: Time) {
        let absences = Arc::make_mut(&mut self.absences);
        match absences.all.last_mut() {
            Some(last) if last.kind == Kind::Interruption && now - last.to < NEXT_TRY => {
                last.to = last.to.max(now);
            }
            _ => {
                let from = now - TimeDelta::from_std(PERIOD).unwrap_or_default();
                absences.add(Absence { from, to: now, kind: Kind::Interruption });
            }
        }
    }

    /// How long whoever arrives now may have had to wait at the door: as long as nobody was there a moment
    /// ago.
    #[must_use]
    pub fn kept_waiting(&self, now: Time) -> TimeDelta {
        let gaps = self.absences.all.iter().filter(|absence| absence.kind == Kind::Gap);
        gaps.filter(|gap| now - gap.to < JUST_NOW).map(|gap| gap.to - gap.from).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn absent(attendance: &Attendance, since: i64) -> i64 {
        attendance.absences().since(at(since)).num_seconds()
    }

    #[test]
    fn a_master_that_is_observed_is_there() {
        let mut attendance = Attendance::new(at(100), s(5));
        for second in 1..100_i64 {
            assert_eq!(attendance.observe(at(100 + second), s(5 + second.unsigned_abs())), None);
        }
        assert_eq!(attendance.observe(at(202), s(107)), None, "a little late");
        assert_eq!(absent(&attendance, 0), 0);
    }

    #[test]
    fn stopped_suspended_or_set_forward_it_was_not_there() {
        let mut attendance = Attendance::new(at(100), s(5));
        // Stopped for ten seconds: both clocks went on.
        assert_eq!(attendance.observe(at(111), s(16)), Some(s(10)));
        // Suspended for an hour, or set forward: the monotonic clock knows nothing of it.
        assert_eq!(attendance.observe(at(3712), s(17)), Some(s(3600)));
        assert_eq!((absent(&attendance, 0), absent(&attendance, 111)), (3610, 3600));
        assert_eq!(absent(&attendance, 106), 3605, "only what came after counts");
        assert_eq!(absent(&attendance, 3712), 0);
        // Set back: nothing to be credited.
        assert_eq!(attendance.observe(at(50), s(18)), None);
    }

    #[test]
    fn interruptions_that_follow_each_other_are_one() {
        let mut attendance = Attendance::new(at(0), s(0));
        for second in [10, 11, 15, 20] {
            attendance.interrupt(at(second));
        }
        assert_eq!(absent(&attendance, 0), 11);
        attendance.interrupt(at(100));
        assert_eq!(absent(&attendance, 0), 12, "a single failure costs a second");
        assert_eq!(attendance.kept_waiting(at(101)), TimeDelta::zero(), "its agents were heard");
    }

    #[test]
    fn who_arrives_right_after_may_have_waited_that_long() {
        let mut attendance = Attendance::new(at(0), s(0));
        attendance.observe(at(61), s(61));
        attendance.observe(at(65), s(65));
        assert_eq!(attendance.kept_waiting(at(66)).num_seconds(), 63, "two in a row");
        assert_eq!(attendance.kept_waiting(at(80)), TimeDelta::zero());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut attendance = Attendance::new(at(0), s(0));
        for time in 1..1000_i64 {
            attendance.interrupt(at(time * 100));
        }
        assert_eq!(absent(&attendance, 0), 256);
    }
}
