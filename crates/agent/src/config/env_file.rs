//! Reads a file of `NAME=value` lines, as container engines and service managers do.

use std::{collections::HashMap, path::Path};

/// Reads a file; one that does not exist is empty.
///
/// # Errors
/// Where it exists but cannot be read.
pub(super) fn read(path: &Path) -> Result<HashMap<String, String>, std::io::Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(parse(&text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(HashMap::new()),
        Err(error) => Err(error),
    }
}

/// Lines without `=` and comments are passed over; matching quotes around a value are taken off.
pub(super) fn parse(text: &str) -> HashMap<String, String> {
    let lines = text.lines().map(str::trim);
    let settings = lines.filter(|line| !line.starts_with('#'));
    settings
        .filter_map(|line| {
            let (name, value) = line.split_once('=')?;
            let name = name.trim();
            let name = name.strip_prefix("export ").unwrap_or(name).trim();
            Some((name.to_owned(), unquote(value.trim()).to_owned()))
        })
        .collect()
}

fn unquote(value: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}
