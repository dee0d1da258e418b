//! Splits a command into words the way a POSIX shell does, without expanding anything.

use crate::failure::Failure;

/// Splits at blanks; quotes and backslashes keep blanks inside a word.
pub(super) fn split(line: &str) -> Result<Vec<String>, Failure> {
    let unmatched = || Failure::said(format!("Unmatched quote: {line}"));
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next().ok_or_else(unmatched)? {
                        '\'' => break,
                        inside => word.push(inside),
                    }
                }
            }
            '"' => quoted(&mut letters, word.get_or_insert_default()).ok_or_else(unmatched)?,
            '\\' => word.get_or_insert_default().extend(letters.next()),
            blank if blank.is_whitespace() => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Reads up to the closing double quote, where a backslash protects only a few letters.
fn quoted(letters: &mut std::str::Chars<'_>, word: &mut String) -> Option<()> {
    loop {
        match letters.next()? {
            '"' => return Some(()),
            '\\' => match letters.next()? {
                '\n' => {}
                protected @ ('$' | '`' | '"' | '\\') => word.push(protected),
                other => word.extend(['\\', other]),
            },
            inside => word.push(inside),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_a_shell_sees_them() {
        for (line, words) in [
            ("a 'b c'", vec!["a", "b c"]),
            ("  a\tb  ", vec!["a", "b"]),
            (r#"sh -c "echo \"x\" \n" ''"#, vec!["sh", "-c", "echo \"x\" \\n", ""]),
            (r"a\ b c'd'e #f", vec!["a b", "cde", "#f"]),
            ("", vec![]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
        assert_eq!(split("a 'b").unwrap_err().to_string(), "Unmatched quote: a 'b");
    }
}
