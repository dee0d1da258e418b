//! Ids that follow from a seed.

/// The alphabet of Docker engine ids.
const ENGINE_ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A small generator whose sequence is fixed for ever, unlike that of a library.
#[derive(Debug, Clone)]
pub(super) struct Sequence(u64);

impl Sequence {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number, by the SplitMix64 method.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 64 hexadecimal digits, as engines name containers and images.
    pub(super) fn hex(&mut self) -> String {
        (0..4).map(|_| format!("{:016x}", self.next())).collect()
    }
}

/// Returns an id in the shape of a Docker engine's: 12 groups of 4 characters joined by colons.
#[must_use]
pub fn engine_id(seed: u64) -> String {
    let mut sequence = Sequence::new(seed ^ 0x6b6f_6e74_656e_6121);
    let groups: Vec<String> = (0..12)
        .map(|_| {
            let mut bits = sequence.next();
            (0..4)
                .map(|_| {
                    let index = usize::try_from(bits % 32).unwrap_or_default();
                    bits /= 32;
                    char::from(ENGINE_ALPHABET.get(index).copied().unwrap_or(b'A'))
                })
                .collect()
        })
        .collect();
    groups.join(":")
}
