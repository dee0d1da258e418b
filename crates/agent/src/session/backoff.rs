//! How long to wait before the next connection attempt: full jitter, so that a fleet that lost its
//! master at one moment does not come back at one moment.

use std::time::Duration;

/// No wait is longer than this.
const LONGEST: f64 = 90.0;

/// Returns the wait before the next attempt, uniform in `[0, min(90, 2^attempts))` seconds, where
/// `attempts` counts those since the connection was last open and `lot` is drawn from `[0, 1)`.
#[must_use]
pub fn delay(attempts: u32, lot: f64) -> Duration {
    let bound = 2f64.powi(attempts.min(30).cast_signed()).min(LONGEST);
    Duration::from_secs_f64((bound * lot).clamp(0.0, LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_133_delays_grow_to_90_seconds_and_stay_below_their_bound() {
        for (attempts, bound) in [(0, 1.0), (1, 2.0), (3, 8.0), (6, 64.0), (7, 90.0), (4000, 90.0)]
        {
            let bound = Duration::from_secs_f64(bound);
            assert_eq!(delay(attempts, 0.0), Duration::ZERO);
            assert!(delay(attempts, 0.999_999) < bound, "attempt {attempts}");
            assert!(delay(attempts, 0.9) > bound / 2, "attempt {attempts}");
        }
    }
}
