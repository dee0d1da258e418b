//! How much memory services took lately.

use std::collections::BTreeMap;

use super::Snapshot;
use crate::domain::{MemoryPeak, ServiceId, Time};

/// The peaks of each service, by slot.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Peaks(BTreeMap<ServiceId, BTreeMap<i32, MemoryPeak>>);

impl Peaks {
    pub(super) fn new(peaks: Vec<MemoryPeak>, now: Time) -> Self {
        let mut known = Self::default();
        peaks.into_iter().for_each(|peak| known.put(peak));
        known.forget_old(now);
        known
    }

    /// The higher one of the same five minutes stays; an older one gives its slot up.
    fn put(&mut self, peak: MemoryPeak) {
        let slots = self.0.entry(peak.service).or_default();
        let known = slots.entry(peak.slot()).or_insert(peak);
        if known.at != peak.at || known.bytes < peak.bytes {
            *known = peak;
        }
    }

    fn forget_old(&mut self, now: Time) {
        for slots in self.0.values_mut() {
            slots.retain(|_, peak| peak.is_recent(now));
        }
        self.0.retain(|_, slots| !slots.is_empty());
    }

    pub(super) fn forget_service(&mut self, service: ServiceId) {
        self.0.remove(&service);
    }
}

impl Snapshot {
    /// The highest memory usage of any container of the service in the last hour, in bytes.
    #[must_use]
    pub fn memory_peak(&self, service: ServiceId) -> Option<i64> {
        let slots = self.memory.0.get(&service)?;
        slots.values().map(|peak| peak.bytes).max()
    }

    /// Forgets what was measured more than an hour ago; to be called before a decision.
    pub fn forget_old_peaks(&mut self, now: Time) {
        self.memory.forget_old(now);
    }

    pub(super) fn put_memory_peak(&mut self, peak: MemoryPeak) {
        // Of a service that is gone there is nothing to remember.
        if self.services.contains_key(&peak.service) {
            self.memory.put(peak);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use crate::{
        domain::{Change, MemoryPeak, Strategy},
        testing::{GridBuilder, at},
    };

    #[test]
    fn the_highest_of_the_last_hour_counts() {
        let mut grid = GridBuilder::new();
        let service = grid.service("web", Strategy::Ha).id();
        let mut snapshot = grid.build();
        let mut measure = |minute: i64, bytes: i64| {
            let peak = MemoryPeak::new(service, at(0) + TimeDelta::minutes(minute), bytes);
            snapshot.apply(&Change::MemoryMeasured(peak));
            snapshot.forget_old_peaks(at(0) + TimeDelta::minutes(minute));
            snapshot.memory_peak(service)
        };
        assert_eq!(measure(1, 700), Some(700));
        assert_eq!(measure(3, 500), Some(700), "of the same five minutes");
        assert_eq!(measure(7, 900), Some(900));
        assert_eq!(measure(62, 100), Some(900));
        assert_eq!(measure(67, 100), Some(900), "measured in the hour before, to five minutes");
        assert_eq!(measure(71, 100), Some(100));
        assert_eq!(measure(66, 50), Some(100), "the clock was set back");
        snapshot.forget_old_peaks(at(0) + TimeDelta::hours(9));
        assert_eq!(snapshot.memory_peak(service), None);
    }

    #[test]
    fn a_removed_service_leaves_nothing_behind() {
        let mut grid = GridBuilder::new();
        let service = grid.service("web", Strategy::Ha).id();
        let mut snapshot = grid.build();
        let measured = Change::MemoryMeasured(MemoryPeak::new(service, at(0), 1));
        snapshot.apply(&measured);
        snapshot.apply(&Change::ServiceRemoved(service));
        snapshot.apply(&measured);
        assert_eq!(snapshot.memory_peak(service), None);
    }
}
