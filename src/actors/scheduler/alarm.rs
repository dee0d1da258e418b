//! Deadlines of services, and the sweep. One deadline per service: the earliest that was asked for
//! counts, and each look at the service asks anew.

use std::collections::{BTreeMap, BTreeSet};

use kontena_core::domain::{ServiceId, Time};

/// When to look at which service.
#[derive(Debug)]
pub(super) struct Alarms {
    by_time: BTreeSet<(Time, ServiceId)>,
    by_service: BTreeMap<ServiceId, Time>,
    sweep_at: Time,
}

impl Alarms {
    pub(super) fn new(sweep_at: Time) -> Self {
        Self { by_time: BTreeSet::new(), by_service: BTreeMap::new(), sweep_at }
    }

    /// Asks for a look at a service no later than `at`.
    pub(super) fn set(&mut self, service: ServiceId, at: Time) {
        if let Some(known) = self.by_service.get(&service).copied() {
            if known <= at {
                return;
            }
            self.by_time.remove(&(known, service));
        }
        self.by_service.insert(service, at);
        self.by_time.insert((at, service));
    }

    /// Forgets a service's deadline: it is about to be looked at.
    pub(super) fn clear(&mut self, service: ServiceId) {
        if let Some(known) = self.by_service.remove(&service) {
            self.by_time.remove(&(known, service));
        }
    }

    /// Takes the services whose deadline has passed.
    pub(super) fn take_due(&mut self, now: Time) -> Vec<ServiceId> {
        let mut due = Vec::new();
        while let Some((at, service)) = self.by_time.first().copied() {
            if at > now {
                break;
            }
            self.clear(service);
            due.push(service);
        }
        due
    }

    /// Whether a sweep is due; the next one is `period` away then.
    pub(super) fn take_sweep(&mut self, now: Time, period: chrono::TimeDelta) -> bool {
        let due = now >= self.sweep_at;
        if due {
            self.sweep_at = now + period;
        }
        due
    }

    /// When something is due next.
    pub(super) fn next(&self) -> Time {
        self.by_time.first().map_or(self.sweep_at, |(at, _)| self.sweep_at.min(*at))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn the_earliest_deadline_of_a_service_counts() {
        let at = |seconds| Time::default() + TimeDelta::seconds(seconds);
        let (one, two) = (ServiceId::from_bytes([1; 12]), ServiceId::from_bytes([2; 12]));
        let mut alarms = Alarms::new(at(20));
        alarms.set(one, at(10));
        alarms.set(one, at(15));
        alarms.set(two, at(12));
        alarms.set(two, at(5));
        assert_eq!(alarms.next(), at(5));
        assert_eq!(alarms.take_due(at(4)), []);
        assert_eq!(alarms.take_due(at(10)), [two, one]);
        assert_eq!(alarms.next(), at(20));
        assert!(alarms.take_sweep(at(20), TimeDelta::seconds(20)));
        assert!(!alarms.take_sweep(at(39), TimeDelta::seconds(20)));
    }
}
