//! What a decision gets from outside: the time, fresh ids and chance.

use crate::domain::Time;

/// Now, fresh ids and chance for one decision. The same moment always yields the same ids and draws.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The time of the decision.
    pub now: Time,
    state: u64,
}

impl Moment {
    /// Makes a moment of a time and a seed.
    #[must_use]
    pub const fn new(now: Time, seed: u64) -> Self {
        Self { now, state: seed }
    }

    /// Draws 64 bits (splitmix64: one addition and two multiplications, good enough to break ties).
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Draws a number below `bound`; 0 where the bound is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        // Multiplying instead of taking the remainder: unbiased enough for any bound a grid has.
        let wide = u128::from(self.draw()) * u128::from(bound);
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// Makes a fresh id: the second in the first four bytes, chance in the other eight.
    pub fn id(&mut self) -> [u8; 12] {
        let second = u32::try_from(self.now.timestamp()).unwrap_or_default();
        let mut bytes = [0; 12];
        let (time, chance) = bytes.split_at_mut(4);
        time.copy_from_slice(&second.to_be_bytes());
        chance.copy_from_slice(&self.draw().to_be_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_moment_draws_the_same() {
        let mut one = Moment::new(Time::default(), 7);
        let mut two = one.clone();
        assert_eq!(one.id(), two.id());
        assert_ne!(one.id(), one.id());
        assert!((0..1000).all(|_| one.below(3) < 3));
        assert_eq!(one.below(0), 0);
    }
}
