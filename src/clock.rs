//! The only reader of time, and the only source of chance and fresh secrets.
//!
//! Everything else is handed a [`Moment`] or a [`Time`]. The wall clock of a [`Clock::virtual_from`]
//! follows the runtime's own clock, so that a story on a paused runtime lives through hours in
//! milliseconds.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::SubsecRound;
use kontena_core::{Moment, domain::Time};
use rand::{Rng, RngExt};
use tokio::time::Instant;

/// Reads the time and draws chance.
#[derive(Debug, Clone)]
pub struct Clock {
    wall: Wall,
    seed: Arc<AtomicU64>,
}

#[derive(Debug, Clone, Copy)]
enum Wall {
    System,
    Virtual { epoch: Time, began: Instant },
}

impl Clock {
    /// The machine's clock, and its chance.
    #[must_use]
    pub fn system() -> Self {
        Self { wall: Wall::System, seed: Arc::new(AtomicU64::new(random())) }
    }

    /// A clock that starts at `epoch` and follows the runtime's; draws follow from `seed`.
    #[must_use]
    pub fn virtual_from(epoch: Time, seed: u64) -> Self {
        let wall = Wall::Virtual { epoch, began: instant() };
        Self { wall, seed: Arc::new(AtomicU64::new(seed)) }
    }

    /// The time, cut to microseconds: what is kept is what was decided on.
    #[must_use]
    pub fn now(&self) -> Time {
        self.precise().trunc_subsecs(6)
    }

    fn precise(&self) -> Time {
        match self.wall {
            Wall::System => system_time(),
            Wall::Virtual { epoch, began } => {
                epoch + chrono::TimeDelta::from_std(began.elapsed()).unwrap_or_default()
            }
        }
    }

    /// The time with fresh ids and chance for one decision.
    #[must_use]
    pub fn moment(&self) -> Moment {
        // Odd and large, so that consecutive seeds share no draws.
        let seed = self.seed.fetch_add(0xd134_2543_de82_ef95, Ordering::Relaxed);
        Moment::new(self.now(), seed)
    }
}

/// A reading of the clock that never jumps and that a paused runtime pauses.
#[must_use]
pub fn instant() -> Instant {
    Instant::now()
}

/// Bytes nobody can guess.
#[must_use]
pub fn secret<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::disallowed_methods, reason = "this is the one place secrets are drawn")]
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

fn random() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "this is the one place chance is drawn")]
    rand::rng().random()
}

fn system_time() -> Time {
    #[expect(clippy::disallowed_methods, reason = "this is the one place the time is read")]
    chrono::Utc::now()
}
