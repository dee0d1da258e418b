//! After a 404: the name that was probably meant.
//!
//! Finding it takes a request of its own, so only a person at a terminal gets it; whoever records what a
//! script asks for finds nothing more there.

use std::time::Duration;

use serde_json::Value;

use crate::api::path;
use crate::args::closest;
use crate::failure::Failure;
use crate::session::Session;

/// Nobody waits longer for a hint.
const LIMIT: Duration = Duration::from_secs(1);

/// Adds what was probably meant to a failure, where that can be found out.
pub(crate) fn names(session: &Session<'_>, failure: Failure) -> Failure {
    match guess(session, &failure) {
        Some(name) => failure.hint(format!("Did you mean '{name}'?")),
        None => failure,
    }
}

fn guess(session: &Session<'_>, failure: &Failure) -> Option<String> {
    let asked = failure.missing_path()?;
    let (list, key, name) = whereabouts(asked)?;
    let master = session.master().ok()?;
    let client = session.client_for(&master.url, master.token.clone(), None).ok()?.hasty(LIMIT);
    let answer: Value = client.get(&list).ok()?;
    let names: Vec<String> =
        answer.get(key)?.as_array()?.iter().filter_map(|object| name_of(object, key)).collect();
    closest(&name, names.iter().map(String::as_str)).map(ToOwned::to_owned)
}

/// Where the names are listed that the missing one may have been, under which key, and the missing one.
fn whereabouts(asked: &str) -> Option<(String, &'static str, String)> {
    let parts: Vec<&str> = asked.trim_start_matches("/v1/").split('/').collect();
    match parts.as_slice() {
        ["nodes", grid, node, ..] => {
            Some((path(&["grids", grid, "nodes"]), "nodes", (*node).to_owned()))
        }
        ["services", grid, stack, service, ..] => {
            let name = match *stack {
                "null" => (*service).to_owned(),
                stack => format!("{stack}/{service}"),
            };
            Some((path(&["grids", grid, "services"]), "services", name))
        }
        ["grids", grid, ..] => Some((path(&["grids"]), "grids", (*grid).to_owned())),
        _ => None,
    }
}

fn name_of(object: &Value, key: &str) -> Option<String> {
    let name = object.get("name")?.as_str()?;
    let stack = object.get("stack").and_then(|stack| stack.get("name")?.as_str());
    Some(match stack {
        Some(stack) if key == "services" && stack != "null" => format!("{stack}/{name}"),
        _ => name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_up_where_they_are_listed() {
        for (asked, list, name) in [
            ("/v1/nodes/g/core-1/token", "/v1/grids/g/nodes", "core-1"),
            ("/v1/services/g/null/rdis", "/v1/grids/g/services", "rdis"),
            ("/v1/services/g/web/ap/deploys/d", "/v1/grids/g/services", "web/ap"),
            ("/v1/grids/develpment", "/v1/grids", "develpment"),
        ] {
            let (path, _, missing) = whereabouts(asked).unwrap();
            assert_eq!((path.as_str(), missing.as_str()), (list, name));
        }
        assert!(whereabouts("/v1/user").is_none());
    }
}
