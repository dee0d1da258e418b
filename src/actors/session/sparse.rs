//! A log line for what a peer may do as often as it likes: the first times, and then ever more rarely.

/// Times that are told in any case.
const FIRST: u64 = 8;

/// Counts what one peer does.
#[derive(Debug, Default)]
pub(super) struct Sparse {
    times: u64,
}

impl Sparse {
    /// Counts once more; how often it was, where that is to be told.
    pub(super) fn tells(&mut self) -> Option<u64> {
        self.times += 1;
        (self.times <= FIRST || self.times.is_power_of_two()).then_some(self.times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_times_are_some_dozen_lines() {
        let mut sparse = Sparse::default();
        let told = (0..1_000_000).filter_map(|_| sparse.tells()).count();
        assert_eq!(told, 8 + 16, "one to eight, then 16 to 524288");
    }
}
