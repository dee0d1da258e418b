//! After a 404: the name that was probably meant.
//!
//! Nothing is asked for it: a script's requests are its own. Lists leave the names they showed in
//! `~/.kontena/cache/names.json`, by master and grid, and a 404 is compared with those.

use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::args::closest;
use crate::failure::Failure;
use crate::session::Session;

/// More names than this are not kept: the file is read and written whole.
const LIMIT: usize = 5000;

/// Keeps the names of a grid's nodes or services. A failure costs a hint, and is none.
pub(crate) fn remember(session: &Session<'_>, grid: &str, kind: &str, names: Vec<String>) {
    let (Some(path), Ok(master)) = (file(session), session.master()) else {
        return;
    };
    if names.len() > LIMIT {
        return;
    }
    let before = read(&path);
    let mut all = before.clone();
    let of_master = all.entry(master.url.clone()).or_insert_with(|| json!({}));
    if let Some(of_master) = of_master.as_object_mut() {
        let of_grid = of_master.entry(grid).or_insert_with(|| json!({}));
        if let Some(of_grid) = of_grid.as_object_mut() {
            of_grid.insert(kind.to_owned(), json!(names));
        }
    }
    if all != before {
        write(&path, &Value::Object(all));
    }
}

/// Adds what was probably meant to a failure, where something was.
pub(crate) fn names(session: &Session<'_>, failure: Failure) -> Failure {
    match guess(session, &failure) {
        Some(name) => failure.hint(format!("Did you mean '{name}'?")),
        None => failure,
    }
}

fn guess(session: &Session<'_>, failure: &Failure) -> Option<String> {
    let (grid, kind, missing) = whereabouts(failure.missing_path()?)?;
    let all = read(&file(session)?);
    let known = all.get(&session.master().ok()?.url)?.get(grid)?.get(kind)?.as_array()?;
    closest(&missing, known.iter().filter_map(Value::as_str)).map(ToOwned::to_owned)
}

/// The grid, the kind and the name of what is not there.
fn whereabouts(asked: &str) -> Option<(&str, &'static str, String)> {
    let parts: Vec<&str> = asked.trim_start_matches("/v1/").split('/').collect();
    match parts.as_slice() {
        ["nodes", grid, node, ..] => Some((*grid, "nodes", (*node).to_owned())),
        ["services", grid, "null", service, ..] => Some((*grid, "services", (*service).to_owned())),
        ["services", grid, stack, service, ..] => {
            Some((*grid, "services", format!("{stack}/{service}")))
        }
        _ => None,
    }
}

fn file(session: &Session<'_>) -> Option<PathBuf> {
    session.environment.kontena_dir().map(|dir| dir.join("cache").join("names.json"))
}

fn read(path: &PathBuf) -> Map<String, Value> {
    let text = fs::read(path).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn write(path: &PathBuf, all: &Value) {
    let draft = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(&draft, all.to_string()))
        .and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_the_way_it_is_listed() {
        for (asked, kind, name) in [
            ("/v1/nodes/g/core-1/token", "nodes", "core-1"),
            ("/v1/services/g/null/rdis", "services", "rdis"),
            ("/v1/services/g/web/ap/deploys/d", "services", "web/ap"),
        ] {
            assert_eq!(whereabouts(asked), Some(("g", kind, name.to_owned())));
        }
        assert!(whereabouts("/v1/grids/g").is_none());
    }
}
