//! How much of the passing time this thread was really there: an agent's silence while the master itself
//! stood still (stopped, starved, busy) is nobody's death.
//!
//! One beat for each thread that has sessions, twice a second. What a beat comes late is lost time, and
//! keepalives count lived time only.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    clock,
    telemetry::{Metrics, metrics},
};

/// From one beat to the next.
const BEAT: Duration = Duration::from_millis(500);
/// A beat may be so late without anything being wrong.
const TOLERATED: Duration = Duration::from_millis(100);

thread_local! {
    static HERE: RefCell<Weak<Pulse>> = const { RefCell::new(Weak::new()) };
}

/// The pulse of one thread. Beats as long as somebody holds it.
#[derive(Debug)]
pub struct Pulse {
    began: Instant,
    beat: Cell<Instant>,
    lost: Cell<Duration>,
    told: Cell<Duration>,
}

impl Pulse {
    /// The pulse of the present thread, which runs an arbiter.
    #[must_use]
    pub fn here(metrics: &Arc<Metrics>) -> Rc<Self> {
        HERE.with_borrow_mut(|here| {
            if let Some(pulse) = here.upgrade() {
                return pulse;
            }
            let pulse = Rc::new(Self::new(clock::instant()));
            *here = Rc::downgrade(&pulse);
            actix_rt::spawn(beat(Rc::downgrade(&pulse), Arc::clone(metrics)));
            pulse
        })
    }

    fn new(now: Instant) -> Self {
        Self {
            began: now,
            beat: Cell::new(now),
            lost: Cell::new(Duration::ZERO),
            told: Cell::new(Duration::ZERO),
        }
    }

    /// How long this thread has lived since the pulse began. Never goes back.
    #[must_use]
    pub fn lived(&self) -> Duration {
        self.lived_at(clock::instant())
    }

    fn lived_at(&self, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.began);
        let lived = passed.saturating_sub(self.lost.get() + self.late_at(now));
        let lived = lived.max(self.told.get());
        self.told.set(lived);
        lived
    }

    /// How late the next beat is already; zero where that is nothing to speak of.
    fn late_at(&self, now: Instant) -> Duration {
        let late = now.saturating_duration_since(self.beat.get()).saturating_sub(BEAT);
        if late > TOLERATED { late } else { Duration::ZERO }
    }

    fn beat_at(&self, now: Instant) -> Duration {
        let late = self.late_at(now);
        self.lost.set(self.lost.get() + late);
        self.beat.set(now);
        late
    }
}

async fn beat(pulse: Weak<Pulse>, counters: Arc<Metrics>) {
    loop {
        tokio::time::sleep(BEAT).await;
        let Some(pulse) = pulse.upgrade() else { return };
        let late = pulse.beat_at(clock::instant());
        if !late.is_zero() {
            log::warn!(
                "the master stood still for {late:?}; agents get that much longer to answer"
            );
            let millis = u64::try_from(late.as_millis()).unwrap_or(u64::MAX);
            counters.add(metrics::LAG, String::new(), millis);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_was_not_lived_does_not_count() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let pulse = Pulse::new(start);
        assert_eq!(pulse.lived_at(at(400)), Duration::from_millis(400));
        assert_eq!(pulse.beat_at(at(550)), Duration::ZERO, "a little late is on time");
        // Stopped for ten seconds; whoever asks before the late beat has come gets the same answer.
        assert_eq!(pulse.lived_at(at(10_550)), Duration::from_millis(1050));
        assert_eq!(pulse.beat_at(at(10_560)), Duration::from_millis(9510));
        assert_eq!(pulse.lived_at(at(10_560)), Duration::from_millis(1050));
        assert_eq!(pulse.lived_at(at(11_000)), Duration::from_millis(1490));
    }

    #[test]
    fn lived_time_never_goes_back() {
        let start = Instant::now();
        let pulse = Pulse::new(start);
        let before = pulse.lived_at(start + Duration::from_millis(599));
        let after = pulse.lived_at(start + Duration::from_millis(601));
        assert!(after >= before, "{before:?} {after:?}");
    }
}
