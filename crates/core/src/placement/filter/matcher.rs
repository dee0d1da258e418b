//! A literal or a regular expression in Onigmo's dialect, bounded in time.

use fancy_regex::{Regex, RegexBuilder};

use crate::placement::Failure;

/// Steps back a search may take; a pattern that needs more on a name or a label is a mistake.
const MOST_STEPS_BACK: usize = 100_000;

/// Tests one text.
#[derive(Debug)]
pub(crate) enum Matcher {
    /// Equal to it, case and all.
    Literal(String),
    /// Found somewhere in it; `^` and `$` hold at line ends.
    Pattern(Box<Regex>),
}

impl Matcher {
    /// Compiles the text between two slashes. One that does not compile is fatal.
    pub(crate) fn pattern(text: &str) -> Result<Self, Failure> {
        RegexBuilder::new(text)
            .multi_line(true)
            .backtrack_limit(MOST_STEPS_BACK)
            .build()
            .map(|regex| Self::Pattern(Box::new(regex)))
            .map_err(|error| Failure::Fatal(format!("{error}: /{text}/")))
    }

    /// Whether the text matches. A search that takes too long is fatal.
    pub(crate) fn matches(&self, text: &str) -> Result<bool, Failure> {
        match self {
            Self::Literal(literal) => Ok(literal == text),
            Self::Pattern(regex) => regex
                .is_match(text)
                .map_err(|error| Failure::Fatal(format!("{error}: /{}/", regex.as_str()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_search_and_know_lines_look_around_and_back_references() {
        let cases = [
            ("eb", "web-1", true),
            ("^eb", "web-1", false),
            ("^b$", "a\nb\nc", true),
            ("", "anything", true),
            (r"(?<!a)b(?=c)", "xbc", true),
            (r"(?<!a)b(?=c)", "abc", false),
            (r"(\w)\1", "aab", true),
            (r"^(app|cache)\/redis$", "cache/redis", true),
            ("web", "Web", false),
        ];
        for (pattern, text, expected) in cases {
            let matcher = Matcher::pattern(pattern).expect("a pattern");
            assert_eq!(matcher.matches(text), Ok(expected), "/{pattern}/ on {text}");
        }
    }

    #[test]
    fn a_pattern_without_end_is_given_up() {
        assert!(matches!(Matcher::pattern("("), Err(Failure::Fatal(_))));
        let slow = Matcher::pattern(r"^(a|a|b?)*\1$(?<!x)").expect("a pattern");
        let text = "a".repeat(60) + "!";
        let outcome = slow.matches(&text);
        assert!(matches!(outcome, Ok(false) | Err(Failure::Fatal(_))), "{outcome:?}");
    }
}
