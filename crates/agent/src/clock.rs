//! The only reader of time in the agent, and its only source of chance.
//!
//! A [`Clock`] is handed to everybody who needs a moment, a deadline or a random draw, so that a test
//! or a simulated fleet can hand in one that follows a paused runtime and repeats its draws.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::time::Instant;

/// Characters of a random name suffix: safe in container names and in URLs.
const NAME_CHARACTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Tells the time and draws lots. Cheap to clone; clones share one source of chance.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    source: Source,
    chance: Mutex<StdRng>,
}

enum Source {
    System,
    Following { base: DateTime<Utc>, since: Instant },
}

impl Clock {
    /// Reads the machine's clock and draws from the operating system's chance.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the clock is where chance enters")]
    pub fn system() -> Self {
        Self::new(Source::System, StdRng::from_rng(&mut rand::rng()))
    }

    /// Starts at `base` and moves with the runtime's clock, paused or not; equal seeds draw equal lots.
    #[must_use]
    pub fn following(base: DateTime<Utc>, seed: u64) -> Self {
        let since = Instant::now();
        Self::new(Source::Following { base, since }, StdRng::seed_from_u64(seed))
    }

    fn new(source: Source, chance: StdRng) -> Self {
        Self(Arc::new(Inner { source, chance: Mutex::new(chance) }))
    }

    /// Returns the current moment in UTC.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the clock is where time enters")]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0.source {
            Source::System => Utc::now(),
            Source::Following { base, since } => {
                *base + TimeDelta::from_std(since.elapsed()).unwrap_or(TimeDelta::MAX)
            }
        }
    }

    /// Returns the current moment of the runtime's monotonic clock, for deadlines.
    #[must_use]
    pub fn instant(&self) -> Instant {
        Instant::now()
    }

    /// Draws a number from 0 up to but not including 1.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        self.chance().random_range(0.0..1.0)
    }

    /// Draws a whole number from 1 up to and including `highest`.
    #[must_use]
    pub fn number_up_to(&self, highest: u64) -> u64 {
        self.chance().random_range(1..=highest.max(1))
    }

    /// Draws a suffix of `length` letters and digits.
    #[must_use]
    pub fn suffix(&self, length: usize) -> String {
        let mut chance = self.chance();
        (0..length)
            .filter_map(|_| NAME_CHARACTERS.get(chance.random_range(0..NAME_CHARACTERS.len())))
            .map(|byte| char::from(*byte))
            .collect()
    }

    fn chance(&self) -> std::sync::MutexGuard<'_, StdRng> {
        // A panic elsewhere leaves a generator that is as random as before.
        self.0.chance.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0.source {
            Source::System => "Clock(system)",
            Source::Following { .. } => "Clock(following)",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_following_clock_moves_with_the_runtime_and_repeats_its_draws() {
        let base = DateTime::UNIX_EPOCH;
        let (one, two) = (Clock::following(base, 7), Clock::following(base, 7));
        tokio::time::sleep(Duration::from_secs(90)).await;
        assert_eq!(one.now(), base + TimeDelta::seconds(90));
        assert_eq!(one.suffix(7), two.suffix(7));
        assert_eq!(one.number_up_to(1), 1);
        assert!((0.0..1.0).contains(&one.fraction()));
    }
}
