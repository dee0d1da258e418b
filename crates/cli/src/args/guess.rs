//! Which known name was probably meant.

/// Returns the known name closest to `word`, where one is close: a slip or two, never another word. Else the only
/// one that `word` is a good part of the beginning of.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = word.chars().collect();
    let allowed = match letters.len() {
        0..=2 => return None,
        3..=5 => 1,
        _ => 2,
    };
    let known: Vec<&str> = known.into_iter().filter(|name| *name != word).collect();
    let close = known
        .iter()
        .map(|name| (distance(&letters, name), *name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name);
    let mut longer = known.iter().filter(|name| letters.len() >= 4 && name.starts_with(word));
    close.or_else(|| match (longer.next(), longer.next()) {
        (Some(only), None) => Some(*only),
        _ => None,
    })
}

/// Counts the letters to add, drop, replace or swap with their neighbour.
fn distance(from: &[char], to: &str) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=from.len()).collect();
    let mut above: Option<char> = None;
    for (row, letter) in to.chars().enumerate() {
        let mut line = vec![row + 1];
        let mut left: Option<char> = None;
        for (column, other) in from.iter().enumerate() {
            let at =
                |cells: &[usize], index: usize| cells.get(index).copied().unwrap_or(usize::MAX);
            let replaced = at(&last, column) + usize::from(*other != letter);
            let mut cost = replaced.min(at(&last, column + 1) + 1).min(at(&line, column) + 1);
            if left == Some(letter) && above == Some(*other) && column > 0 {
                cost = cost.min(at(&before, column - 1).saturating_add(1));
            }
            line.push(cost);
            left = Some(*other);
        }
        before = std::mem::replace(&mut last, line);
        above = Some(letter);
    }
    last.last().copied().unwrap_or(usize::MAX)
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
        let from: Vec<char> = "master".chars().collect();
        for to in ["mater", "masster", "mbster", "msater"] {
            assert_eq!(distance(&from, to), 1, "{to}");
        }
        assert_eq!(distance(&from, "master"), 0);
        assert_eq!(distance(&[], "ab"), 2);
    }
}
