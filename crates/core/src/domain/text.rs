//! Texts that somebody else chose the length of.

/// Most bytes of a name, an id of somebody else's or a revision. All of them are looked up by, and an
/// entry of a Postgres index takes at most 2,704 bytes: a longer one would fail its statement, and with
/// it what is written together with it.
pub const NAME: usize = 255;

/// The beginning of a text: at most so many bytes, and no character cut in two.
#[must_use]
pub fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(
            (cut("aäö", 9), cut("aäö", 3), cut("aäö", 2), cut("", 0)),
            ("aäö", "aä", "a", "")
        );
    }
}
