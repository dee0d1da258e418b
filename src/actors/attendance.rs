//! Watches whether this process is there without a break (`core::attendance`). Observed every second, and
//! by every scheduler before it judges, so that none judges by a time nobody lived through.

use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use kontena_core::{attendance, domain::Time};
use tokio::time::Instant;

use crate::clock::{self, Clock};

/// Since when this master is there; clones share it.
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

    /// Since when; looks before it answers.
    #[must_use]
    pub fn since(&self) -> Time {
        self.inner.observe()
    }
}

impl Attendance {
    /// How long an agent that arrives now may have had to wait at the door.
    #[must_use]
    pub fn kept_waiting(&self) -> Duration {
        self.inner.observe();
        let state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.kept_waiting(self.inner.clock.now())
    }

    /// The database was found to be away: until now nobody could come back.
    pub fn interrupt(&self) {
        let mut state = self.inner.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.interrupt(self.inner.clock.now());
    }
}

impl Inner {
    fn observe(&self) -> Time {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, gap) = state.observe(self.clock.now(), self.began.elapsed());
        if let Some(gap) = gap {
            log::warn!(
                "the master was not there for {gap:?}, or its clock was set: graces begin anew"
            );
        }
        since
    }
}

async fn observe(inner: Weak<Inner>) {
    loop {
        tokio::time::sleep(attendance::PERIOD).await;
        let Some(inner) = inner.upgrade() else { return };
        inner.observe();
    }
}
