//! How much memory the containers of a service take (`scheduling.md` 3.8).

use chrono::TimeDelta;

use super::{ServiceId, Time};

/// The seconds that one peak stands for.
const SPAN_SECONDS: i64 = 300;
/// The slots of the ring: an hour touches twelve spans and a part of a thirteenth.
const SLOTS: i64 = 13;

/// The highest usage of any container of a service within five minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryPeak {
    /// The service.
    pub service: ServiceId,
    /// When the five minutes began.
    pub at: Time,
    /// The usage, in bytes.
    pub bytes: i64,
}

impl MemoryPeak {
    /// Takes a measurement for the peak of the five minutes it falls into.
    #[must_use]
    pub fn new(service: ServiceId, measured_at: Time, bytes: i64) -> Self {
        let second = measured_at.timestamp();
        let began = second - second.rem_euclid(SPAN_SECONDS);
        let at = Time::from_timestamp(began, 0).unwrap_or(measured_at);
        Self { service, at, bytes }
    }

    /// Its place in the ring of its service.
    #[must_use]
    pub fn slot(&self) -> i32 {
        let slot = self.at.timestamp().div_euclid(SPAN_SECONDS).rem_euclid(SLOTS);
        i32::try_from(slot).unwrap_or(0)
    }

    /// Whether any of it is of the last hour.
    #[must_use]
    pub fn is_recent(&self, now: Time) -> bool {
        self.at + TimeDelta::seconds(SPAN_SECONDS) > now - TimeDelta::hours(1)
    }
}
