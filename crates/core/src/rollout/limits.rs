//! The limits of a deploy: time and parallelism (`scheduling.md` 5.4 and 5.7).

use chrono::TimeDelta;

use crate::{
    domain::{Deploy, Time},
    snapshot::Snapshot,
};

/// How long a service deploy may take up instances, from its start.
pub const DEPLOY_LIMIT: TimeDelta = TimeDelta::minutes(30);
/// How long an instance may take to stop on its old node, and again to start on the new one.
pub const INSTANCE_LIMIT: TimeDelta = TimeDelta::seconds(300);
/// How long a node may take to answer that it was told.
pub const NOTIFY_LIMIT: TimeDelta = TimeDelta::seconds(5);

/// Most instances of one deploy in flight, whatever its size.
const CAP: u32 = 20;
/// What `min_health` is where it is not given.
const DEFAULT_MIN_HEALTH: f64 = 0.8;
/// Decimal places of `min_health` that count: the product is exact, not binary.
const PLACES: f64 = 1e9;

/// When a started deploy has had its time; none before it has started. Time during which no master
/// listened does not count against it.
#[must_use]
pub fn overdue_at(snapshot: &Snapshot, deploy: &Deploy) -> Option<Time> {
    let started_at = deploy.started_at?;
    let counted_from = started_at.max(snapshot.listening_since);
    Some(counted_from + DEPLOY_LIMIT + snapshot.absences.since(counted_from))
}

/// How many instances may be in flight: `max(1, min(20, floor(total · (1 − min_health))))`, exact.
#[must_use]
pub fn most_in_flight(total: u32, min_health: Option<f64>) -> u32 {
    let min_health = min_health.unwrap_or(DEFAULT_MIN_HEALTH);
    if min_health < 0.0 {
        return CAP;
    }
    // In whole billionths, so that 1 − 0.8 is a fifth.
    let share = ((1.0 - min_health.min(1.0)) * PLACES).round();
    let limit = (f64::from(total) * share / PLACES).floor();
    // Far below 2^52, where every whole number is exact.
    (limit.min(f64::from(CAP)) as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parallelism_is_exact() {
        let rows: [(f64, [u32; 7]); 5] = [
            (1.0, [1, 1, 1, 1, 1, 1, 1]),
            (0.8, [1, 1, 1, 1, 2, 8, 20]),
            (0.75, [1, 1, 1, 2, 2, 10, 20]),
            (0.5, [1, 1, 2, 4, 5, 20, 20]),
            (0.0, [1, 3, 5, 8, 10, 20, 20]),
        ];
        for (min_health, limits) in rows {
            for (total, limit) in [1, 3, 5, 8, 10, 40, 100].into_iter().zip(limits) {
                let found = most_in_flight(total, Some(min_health));
                assert_eq!(found, limit, "{min_health} of {total}");
            }
        }
        assert_eq!(most_in_flight(20, Some(0.9)), 2);
        assert_eq!(most_in_flight(10, None), 2);
        assert_eq!(most_in_flight(3, Some(7.0)), 1);
        assert_eq!(most_in_flight(3, Some(-1.0)), 20);
        assert_eq!(most_in_flight(u32::MAX, Some(0.0)), 20);
        assert_eq!(most_in_flight(10, Some(f64::NAN)), 1);
    }
}
