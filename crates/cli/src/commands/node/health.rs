//! `kontena node health`.

use serde_json::Value;

use crate::api::{EtcdHealth, NodeHealth, view};
use crate::args::ShowFormat;
use crate::args::node::NodeHealth as Args;
use crate::clock;
use crate::commands::{document, text};
use crate::failure::Failure;
use crate::output::{Console, Mark, long_age};
use crate::session::Session;

/// Shows a node's connection and its etcd; fails unless the etcd is healthy.
pub(super) fn run(session: &Session<'_>, args: &Args) -> Result<(), Failure> {
    let path = format!("{}/health", super::node_path(session, &args.node)?);
    let is_text = args.form.output == ShowFormat::Text;
    let object: Value = match session.client()?.get(&path) {
        Ok(object) => object,
        Err(failure) if is_text => return explain(session, &args.node, failure),
        Err(failure) => return Err(failure),
    };
    let health: NodeHealth = view(&object, &path)?;
    if document::object(session.console, args.form.output, &object)? {
        let etcd = health.etcd_health.unwrap_or_default();
        return if etcd.health == Some(true) { Ok(()) } else { Err(Failure::Aborted) };
    }
    connection(session.console, &health)?;
    etcd(session.console, &args.node, &health.etcd_health.unwrap_or_default())
}

fn connection(console: &Console, health: &NodeHealth) -> Result<(), Failure> {
    let (mark, state) = match text(&health.status) {
        "online" => {
            let age = long_age(health.connected_at.as_deref(), clock::now());
            (Mark::Good, age.map_or("online".to_owned(), |age| format!("online for {age}")))
        }
        "" => (Mark::Absent, "in a state that is not known".to_owned()),
        other => (Mark::Fair, other.to_owned()),
    };
    Ok(console.line(format!("{} Node is {state}", console.mark(mark)))?)
}

fn etcd(console: &Console, name: &str, health: &EtcdHealth) -> Result<(), Failure> {
    if health.health == Some(true) {
        let mark = console.mark(Mark::Good);
        return Ok(console.line(format!("{mark} Node {name} etcd is healthy"))?);
    }
    let mark = console.mark(Mark::Bad);
    let why = match text(&health.error) {
        "" => String::new(),
        error => format!(": {error}"),
    };
    console.line(format!("{mark} Node {name} etcd is unhealthy{why}"))?;
    Err(Failure::Aborted)
}

/// A master that cannot ask the agent says why, key by key; that is an answer, not a failed request.
fn explain(session: &Session<'_>, name: &str, failure: Failure) -> Result<(), Failure> {
    let Failure::Http(http) = &failure else {
        return Err(failure);
    };
    let Some(reasons) = http.reasons().filter(|_| http.status() == 422) else {
        return Err(failure);
    };
    let (grid, mark) = (session.grid()?, session.console.mark(Mark::Absent));
    for (key, reason) in reasons {
        let reason = document::plain(reason);
        session.console.line(format!("{mark} Node {grid}/{name} {key} error: {reason}"))?;
    }
    Err(Failure::Aborted)
}
