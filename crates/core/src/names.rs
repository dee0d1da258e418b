//! Names that are made up: an adjective and a noun, as for a grid that was given none.

use crate::Moment;

const ADJECTIVES: [&str; 32] = [
    "amber", "bold", "brave", "bright", "calm", "clear", "cool", "crisp", "early", "fair", "fresh",
    "gentle", "golden", "green", "happy", "icy", "keen", "late", "light", "lively", "lucky",
    "mild", "quick", "quiet", "rapid", "silent", "silver", "snowy", "steady", "still", "sunny",
    "warm",
];

const NOUNS: [&str; 32] = [
    "bay", "birch", "breeze", "brook", "canyon", "cliff", "cloud", "coast", "creek", "dawn",
    "dune", "field", "fjord", "forest", "grove", "harbor", "hill", "island", "lagoon", "lake",
    "meadow", "moon", "ocean", "pine", "reef", "ridge", "river", "shore", "sky", "stone", "summit",
    "valley",
];

/// A name such as `quiet-river`, drawn anew each time; whether it is taken is for the caller to see.
#[must_use]
pub fn made_up(moment: &mut Moment) -> String {
    let drawn = moment.id();
    let [.., first, second] = drawn;
    format!("{}-{}", pick(&ADJECTIVES, first), pick(&NOUNS, second))
}

fn pick(words: &[&'static str; 32], drawn: u8) -> &'static str {
    words.get(usize::from(drawn) % words.len()).copied().unwrap_or_default()
}
