//! The instance number inside expressions: `%s`, `%d`, `%i`, zero padded like `%02d`; `%%` is a percent
//! sign (`scheduling.md` 3.5).

use crate::placement::Failure;

/// The widest padding that is taken for meant.
const WIDEST: usize = 64;

/// Whether the outcome depends on the number.
pub(crate) fn has_placeholder(text: &str) -> bool {
    text.replace("%%", "").contains('%')
}

/// Puts the number into the text; at most once. Any other percent sign is fatal, with Ruby's words.
pub(crate) fn expand(text: &str, number: u32) -> Result<String, Failure> {
    let mut expanded = String::with_capacity(text.len() + 4);
    let mut rest = text;
    let mut used = false;
    while let Some((before, after)) = rest.split_once('%') {
        expanded.push_str(before);
        if let Some(after) = after.strip_prefix('%') {
            expanded.push('%');
            rest = after;
            continue;
        }
        let (placeholder, after) = read_placeholder(after)?;
        if used {
            return Err(Failure::Fatal("too few arguments".into()));
        }
        used = true;
        expanded.push_str(&placeholder.fill(number));
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// How a number is written.
struct Placeholder {
    width: usize,
    fill: char,
}

impl Placeholder {
    fn fill(&self, number: u32) -> String {
        let digits = number.to_string();
        let missing = self.width.saturating_sub(digits.len());
        let mut text: String = std::iter::repeat_n(self.fill, missing).collect();
        text.push_str(&digits);
        text
    }
}

fn read_placeholder(text: &str) -> Result<(Placeholder, &str), Failure> {
    let rest = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let digits = text.strip_suffix(rest).unwrap_or_default();
    let Some(kind) = rest.chars().next() else {
        let words = "incomplete format specifier; use %% (double %) instead";
        return Err(Failure::Fatal(words.into()));
    };
    let malformed = || Failure::Fatal(format!("malformed format string - %{kind}"));
    let width = match digits {
        "" => 0,
        padding if padding.starts_with('0') => padding.parse().map_err(|_| malformed())?,
        _ => return Err(malformed()),
    };
    let fill = match kind {
        'd' | 'i' => '0',
        // Text is never padded with zeroes.
        's' => ' ',
        _ => return Err(malformed()),
    };
    if width > WIDEST {
        return Err(malformed());
    }
    let after = rest.get(kind.len_utf8()..).unwrap_or_default();
    Ok((Placeholder { width, fill }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_put_in_once() {
        let cases = [
            ("node==n1", "node==n1"),
            ("node==n%s", "node==n7"),
            ("node==n%d-%%", "node==n7-%"),
            ("n%i", "n7"),
            ("n%03d", "n007"),
            ("n%02s", "n 7"),
            ("50%%s", "50%s"),
            ("%%%s%%", "%7%"),
        ];
        for (text, expected) in cases {
            assert_eq!(expand(text, 7), Ok(expected.to_owned()), "{text}");
        }
        assert_eq!(expand("n%02d", 123), Ok("n123".into()));
        for text in ["node==n1", "50%%", "%%s"] {
            assert!(!has_placeholder(text), "{text}");
        }
        assert!(has_placeholder("%%%s") && has_placeholder("50%"));
    }

    #[test]
    fn a_stray_percent_sign_is_fatal() {
        let cases = [
            ("load=50%", "incomplete format specifier; use %% (double %) instead"),
            ("n%s-%s", "too few arguments"),
            ("n%x", "malformed format string - %x"),
            ("n%5d", "malformed format string - %d"),
            ("n%0999d", "malformed format string - %d"),
            ("100% sure", "malformed format string - % "),
        ];
        for (text, words) in cases {
            assert_eq!(expand(text, 7), Err(Failure::Fatal(words.into())), "{text}");
        }
    }
}
