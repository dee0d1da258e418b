//! Which known name was probably meant.

use strsim::osa_distance;

/// Returns the known name closest to `word`, where one is close: a slip or two, never another word. Else the only
/// one that `word` is a good part of the beginning of.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = word.chars().count();
    let allowed = match letters {
        0..=2 => return None,
        3..=5 => 1,
        _ => 2,
    };
    let known: Vec<&str> = known.into_iter().filter(|name| *name != word).collect();
    let close = known
        .iter()
        .map(|name| (osa_distance(word, name), *name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name);
    let mut longer = known.iter().filter(|name| letters >= 4 && name.starts_with(word));
    close.or_else(|| match (longer.next(), longer.next()) {
        (Some(only), None) => Some(*only),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_one_name_is_enough() {
        let known = ["development", "prod", "production"];
        assert_eq!(closest("develop", known), Some("development"));
        assert_eq!(closest("dev", known), None);
        assert_eq!(closest("prod-", ["production", "prod-1-x", "prod-2-x"]), None);
    }

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        for (word, known, guess) in [
            ("nod", &["node", "grid"][..], Some("node")),
            ("ndoe", &["node", "grid"], Some("node")),
            ("gird", &["node", "grid"], Some("grid")),
            ("crate", &["create", "update"], Some("create")),
            ("core-10", &["core-01", "core-02"], Some("core-01")),
            ("bogus", &["node", "grid", "service", "master", "version", "whoami"], None),
            ("help", &["health", "env"], None),
            ("nope", &["prod", "development"], None),
            ("nosuch", &["core-01"], None),
            ("l", &["ls"], None),
            ("rm", &["rm"], None),
        ] {
            assert_eq!(closest(word, known.iter().copied()), guess, "{word}");
        }
    }

    #[test]
    fn every_kind_of_slip_counts_one() {
        for to in ["mater", "masster", "mbster", "msater"] {
            assert_eq!(osa_distance("master", to), 1, "{to}");
        }
        assert_eq!(osa_distance("master", "master"), 0);
        assert_eq!(osa_distance("", "ab"), 2);
    }
}
