//! `kontena vault import`: a file of names and values, null for what is to be removed.

use std::io::Read as _;

use serde_json::Value;

use super::{path_of, put};
use crate::args::vault::VaultImport;
use crate::commands::flat;
use crate::failure::Failure;
use crate::output::DESTRUCTIVE;
use crate::session::Session;

/// What a file asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    updated: Vec<(String, String)>,
    removed: Vec<String>,
}

/// Creates, changes and removes secrets once the user has agreed.
pub(super) fn run(session: &Session<'_>, args: &VaultImport) -> Result<(), Failure> {
    let grid = session.grid()?;
    let client = session.client()?;
    let changes = read(args)?;
    let (updated, removed) = (changes.updated.len(), changes.removed.len());
    let console = session.console;
    if !args.force.given() {
        console.require_user()?;
        console.line("About to..")?;
        for (verb, count) in [("IMPORT", updated), ("DELETE", removed)] {
            if count > 0 {
                let plural = if count == 1 { "" } else { "s" };
                console.line(format!("  * {verb} {count} secret{plural}"))?;
            }
        }
        console.confirm(DESTRUCTIVE, false)?;
    }
    if updated > 0 {
        console.step(format!("Updating {updated} secrets"), |_| {
            let mut secrets = changes.updated.iter();
            secrets.try_for_each(|(name, value)| put(client, grid, name, value, true))
        })?;
    }
    if removed > 0 {
        console.step(format!("Deleting {removed} secrets"), |_| {
            changes.removed.iter().try_for_each(|name| client.delete(&path_of(grid, name)))
        })?;
    }
    Ok(())
}

fn read(args: &VaultImport) -> Result<Changes, Failure> {
    let (name, text) = match args.path.as_deref() {
        Some(path) => (path, std::fs::read_to_string(path)),
        None => {
            let mut text = String::new();
            ("standard input", std::io::stdin().read_to_string(&mut text).map(|_| text))
        }
    };
    let text = text.map_err(|error| Failure::said(format!("Cannot read {name}: {error}")))?;
    let is_json = args.json || name.ends_with(".json");
    let map = if is_json { flat::from_json(&text) } else { flat::from_yaml(&text) };
    let map = map.map_err(|reason| Failure::said(format!("Cannot read {name}: {reason}")))?;
    let changes = sort(map, args.skip_null, args.empty_is_null)?;
    if changes == Changes::default() {
        return Err(Failure::said("No secrets loaded"));
    }
    Ok(changes)
}

/// Tells secrets to keep from secrets to remove.
fn sort(
    map: serde_json::Map<String, Value>,
    skip_null: bool,
    empty_is_null: bool,
) -> Result<Changes, Failure> {
    let mut changes = Changes::default();
    for (name, value) in map {
        let kind = match value {
            Value::String(value) if !(value.is_empty() && empty_is_null) => {
                changes.updated.push((name, value));
                continue;
            }
            Value::String(_) | Value::Null => {
                if !skip_null {
                    changes.removed.push(name);
                }
                continue;
            }
            Value::Number(number) if number.is_f64() => "Float",
            Value::Number(_) => "Integer",
            Value::Bool(_) => "Boolean",
            Value::Array(_) => "Array",
            Value::Object(_) => "Hash",
        };
        return Err(Failure::said(format!("Invalid value type {kind} for {name}.")));
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sorted(value: Value, skip_null: bool, empty_is_null: bool) -> Result<Changes, Failure> {
        let Value::Object(map) = value else { panic!("a map") };
        sort(map, skip_null, empty_is_null)
    }

    #[test]
    fn null_removes_unless_it_is_skipped() {
        let map = || json!({"A": "1", "B": null, "C": ""});
        let a = || ("A".to_owned(), "1".to_owned());
        let c = || ("C".to_owned(), String::new());
        for (skip_null, empty_is_null, updated, removed) in [
            (false, false, vec![a(), c()], vec!["B"]),
            (true, false, vec![a(), c()], vec![]),
            (false, true, vec![a()], vec!["B", "C"]),
            (true, true, vec![a()], vec![]),
        ] {
            let removed = removed.into_iter().map(str::to_owned).collect();
            let changes = sorted(map(), skip_null, empty_is_null).unwrap();
            assert_eq!(changes, Changes { updated, removed });
        }
    }

    #[test]
    fn only_texts_are_values() {
        for (value, kind) in [
            (json!(1), "Integer"),
            (json!(1.5), "Float"),
            (json!(true), "Boolean"),
            (json!([]), "Array"),
            (json!({}), "Hash"),
        ] {
            let error = sorted(json!({ "K": value }), false, false).unwrap_err();
            assert_eq!(error.to_string(), format!("Invalid value type {kind} for K."));
        }
    }
}
