//! What must be known of the words before, or without, their being understood: how to say that they were not.

use std::ffi::OsString;

use super::ColorChoice;
use crate::config::Environment;

/// Formats that `KONTENA_OUTPUT` may name.
const OUTPUTS: [&str; 6] = ["table", "wide", "name", "json", "yaml", "text"];

/// Returns the format of `KONTENA_OUTPUT`, or the reason why it is none.
pub(super) fn output_variable(environment: &Environment) -> Result<Option<&'static str>, String> {
    let Some(value) = environment.get("KONTENA_OUTPUT") else {
        return Ok(None);
    };
    let known = OUTPUTS.into_iter().find(|known| *known == value);
    known.map(Some).ok_or_else(|| {
        format!("KONTENA_OUTPUT: must be table, wide, name, json or yaml, not {value:?}")
    })
}

/// Tells whether JSON is asked for.
pub(super) fn wants_json(words: &[OsString], environment: &Environment) -> bool {
    match value_of(words, "--output", Some("-o")) {
        Some(format) => format == "json",
        None => environment.get("KONTENA_OUTPUT") == Some("json"),
    }
}

/// Returns when to colour.
pub(super) fn color(words: &[OsString]) -> ColorChoice {
    if options(words).any(|word| word == "--no-color") {
        return ColorChoice::Never;
    }
    match value_of(words, "--color", None).as_deref() {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
    }
}

fn options(words: &[OsString]) -> impl Iterator<Item = &str> {
    words.iter().take_while(|word| *word != "--").filter_map(|word| word.to_str())
}

fn value_of(words: &[OsString], long: &str, short: Option<&str>) -> Option<String> {
    let mut words = options(words);
    while let Some(word) = words.next() {
        if word == long || short == Some(word) {
            return words.next().map(ToOwned::to_owned);
        }
        let attached = word.strip_prefix(long).and_then(|rest| rest.strip_prefix('='));
        let attached = attached.or_else(|| short.and_then(|short| word.strip_prefix(short)));
        if let Some(value) = attached {
            return Some(value.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn every_spelling_is_seen() {
        let none = Environment::default();
        for line in ["ls -o json", "ls -ojson", "ls --output json --bogus", "--output=json x"] {
            assert!(wants_json(&words(line), &none), "{line}");
        }
        for line in ["ls -o yaml", "exec x -- ls -o json", "ls"] {
            assert!(!wants_json(&words(line), &none), "{line}");
        }
        let json = Environment::of(&[("KONTENA_OUTPUT", "json")]);
        assert!(wants_json(&words("ls"), &json) && !wants_json(&words("ls -o table"), &json));
        assert_eq!(color(&words("ls --color=always")), ColorChoice::Always);
        assert_eq!(color(&words("ls --color always --no-color")), ColorChoice::Never);
        assert_eq!(color(&words("exec -- --no-color")), ColorChoice::Auto);
    }

    #[test]
    fn a_format_nobody_knows_is_named() {
        assert_eq!(
            output_variable(&Environment::of(&[("KONTENA_OUTPUT", "wide")])),
            Ok(Some("wide"))
        );
        assert_eq!(output_variable(&Environment::of(&[("KONTENA_OUTPUT", "")])), Ok(None));
        let reason = output_variable(&Environment::of(&[("KONTENA_OUTPUT", "xml")])).unwrap_err();
        assert!(reason.contains("KONTENA_OUTPUT") && reason.contains("\"xml\""));
    }
}
