//! `kontena node label list|add|remove`.

use kontena_protocol::api::NodeUpdate;

use crate::api::{Method, Node, path_of_node};
use crate::args::node::{LabelAdd, LabelCommand, LabelList, LabelRemove};
use crate::commands::document;
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::Session;

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &LabelCommand) -> Result<(), Failure> {
    match command {
        LabelCommand::List(args) => list(session, args),
        LabelCommand::Add(args) => add(session, args),
        LabelCommand::Remove(args) => remove(session, args),
    }
}

fn list(session: &Session<'_>, args: &LabelList) -> Result<(), Failure> {
    let (_, labels) = read(session, &args.node)?;
    document::texts(session.console, args.output, &labels)
}

fn add(session: &Session<'_>, args: &LabelAdd) -> Result<(), Failure> {
    let (path, mut labels) = read(session, &args.node)?;
    for label in &args.labels {
        if !labels.contains(label) {
            labels.push(label.clone());
        }
    }
    write(session, &args.node, &path, labels, args.verbose)
}

fn remove(session: &Session<'_>, args: &LabelRemove) -> Result<(), Failure> {
    let (path, labels) = read(session, &args.node)?;
    let missing: Vec<&str> =
        args.labels.iter().filter(|label| !labels.contains(label)).map(String::as_str).collect();
    if !missing.is_empty() && !args.force {
        let noun = if missing.len() == 1 { "Label" } else { "Labels" };
        let missing = missing.join(", ");
        return Err(Failure::said(format!("{noun} {missing} not found on node {}", args.node)));
    }
    let remaining: Vec<String> =
        labels.iter().filter(|label| !args.labels.contains(label)).cloned().collect();
    if remaining.len() == labels.len() {
        return Ok(());
    }
    write(session, &args.node, &path, remaining, args.verbose)
}

/// Returns the path to write labels to, and the labels there are.
fn read(session: &Session<'_>, name: &str) -> Result<(String, Vec<String>), Failure> {
    let path = super::node_path(session, name)?;
    let node: Node = session.client()?.get(&path)?;
    let path = node.id.map_or(path, |id| path_of_node(&id));
    Ok((path, node.labels.unwrap_or_default()))
}

fn write(
    session: &Session<'_>,
    name: &str,
    path: &str,
    labels: Vec<String>,
    verbose: bool,
) -> Result<(), Failure> {
    let client = session.client()?;
    let body = NodeUpdate { labels: Some(labels), availability: None };
    if !verbose {
        return client.tell(Method::Put, path, &body);
    }
    let name = session.console.paint(Ink::Cyan, name);
    session
        .console
        .step(format!("Updating {name} node "), |_| client.tell(Method::Put, path, &body))
}
