//! Watches whether this process is there without a break (`core::attendance`). Observed every second, and
//! by every scheduler before it judges, so that none judges by a time nobody lived through.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use chrono::TimeDelta;
use kontena_core::{
    attendance::{self, Absences},
    domain::Time,
};
use tokio::time::Instant;

use crate::clock::{self, Clock};

/// When this master was not there; clones share it.
#[derive(Debug, Clone)]
pub struct Attendance {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    clock: Clock,
    began: Instant,
    state: Mutex<attendance::Attendance>,
}

impl Attendance {
    /// Begins now, and is observed from now on by a task of the present thread.
    #[must_use]
    pub fn begin(clock: &Clock, now: Time) -> Self {
        let began = clock::instant();
        let state = attendance::Attendance::new(now, began.elapsed());
        let inner = Arc::new(Inner { clock: clock.clone(), began, state: Mutex::new(state) });
        actix_rt::spawn(observe(Arc::downgrade(&inner)));
        Self { inner }
    }

    /// The absences up to now.
    #[must_use]
    pub fn absences(&self) -> Arc<Absences> {
        self.inner.observe().absences()
    }

    /// How long an agent that arrives now may have had to wait at the door.
    #[must_use]
    pub fn kept_waiting(&self) -> TimeDelta {
        self.inner.observe().kept_waiting(self.inner.clock.now())
    }

    /// The database was found to be away: until now nobody could come back.
    pub fn interrupt(&self) {
        self.inner.observe().interrupt(self.inner.clock.now());
    }
}

impl Inner {
    fn observe(&self) -> MutexGuard<'_, attendance::Attendance> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gap) = state.observe(self.clock.now(), self.began.elapsed()) {
            log::warn!(
                "the master was not there for {gap:?}, or its clock was set: graces wait for it"
            );
        }
        state
    }
}

async fn observe(inner: Weak<Inner>) {
    loop {
        tokio::time::sleep(attendance::PERIOD).await;
        let Some(inner) = inner.upgrade() else { return };
        drop(inner.observe());
    }
}
