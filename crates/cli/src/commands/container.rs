//! `kontena container …`.

use serde_json::Value;

use super::logs::{Prefix, show_lines};
use super::{document, exec, text};
use crate::api::{Container, path};
use crate::args::ListFormat;
use crate::args::container::{ContainerCommand, ContainerExec, ContainerInspect, ContainerList};
use crate::args::stream::ContainerLogs;
use crate::clock;
use crate::failure::Failure;
use crate::output::{Console, Ink, Table, ago};
use crate::session::Session;

/// Longest command in the list …
const COMMAND: usize = 26;
/// … and what is shown of a longer one.
const CUT: usize = 25;

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &ContainerCommand) -> Result<(), Failure> {
    match command {
        ContainerCommand::List(args) => list(session, args),
        ContainerCommand::Inspect(args) => inspect(session, args),
        ContainerCommand::Logs(args) => logs(session, args),
        ContainerCommand::Exec(args) => run_in(session, args),
    }
}

/// Lists the containers of the grid, the newest first.
fn list(session: &Session<'_>, args: &ContainerList) -> Result<(), Failure> {
    let mut path = path(&["containers", session.grid()?]);
    if args.all {
        path.push_str("?all=1");
    }
    let answer: Value = session.client()?.get(&path)?;
    let objects: Vec<Value> =
        document::items(&answer, "containers").iter().rev().cloned().collect();
    let console = session.console;
    let format = args.listing.format();
    if document::list(console, format, &objects)? {
        return Ok(());
    }
    let containers: Vec<Container> = document::views(&objects, &path)?;
    if format == ListFormat::Name {
        let names = containers.iter().map(|container| format!("{}\n", id(container)));
        return Ok(console.text(&names.collect::<String>())?);
    }
    let mut table = Table::new(&["CONTAINER_ID", "IMAGE", "COMMAND", "CREATED", "STATUS"]);
    for container in &containers {
        table.row(row(console, container));
    }
    Ok(console.text(&table.render(console.palette()))?)
}

fn row(console: &Console, container: &Container) -> Vec<String> {
    vec![
        id(container),
        text(&container.image).to_owned(),
        command(container),
        ago(container.created_at.as_deref(), clock::now()),
        console.paint(Ink::Cyan, status(container)),
    ]
}

/// `NODE/NAME`; the node may be gone.
fn id(container: &Container) -> String {
    let node = container.node.as_ref().map(|node| text(&node.name)).unwrap_or_default();
    format!("{node}/{}", text(&container.name))
}

fn command(container: &Container) -> String {
    let command = container.cmd.as_deref().unwrap_or_default().join(" ");
    if command.chars().count() > COMMAND {
        format!("\"{}..\"", command.chars().take(CUT).collect::<String>())
    } else {
        format!("\"{command}\"")
    }
}

/// The first that applies.
fn status(container: &Container) -> &'static str {
    let Some(state) = &container.state else { return "stopped" };
    let states = [
        (state.paused, "paused"),
        (state.restarting, "restarting"),
        (state.oom_killed, "oom_killed"),
        (state.dead, "dead"),
        (state.running, "running"),
    ];
    states.iter().find(|(applies, _)| *applies == Some(true)).map_or("stopped", |(_, name)| name)
}

/// The path of a container: `NODE/NAME` or `GRID/NODE/NAME`.
fn path_of(session: &Session<'_>, id: &str) -> Result<String, Failure> {
    let grid = session.grid()?;
    let parts: Vec<&str> = id.split('/').collect();
    match parts.as_slice() {
        [grid, node, name] => Ok(path(&["containers", grid, node, name])),
        [node, name] => Ok(path(&["containers", grid, node, name])),
        _ => Err(Failure::said(format!(
            "Invalid container id {id}: it is NODE/NAME. Use: kontena container list"
        ))),
    }
}

/// Prints what the engine knows.
fn inspect(session: &Session<'_>, args: &ContainerInspect) -> Result<(), Failure> {
    let path = format!("{}/inspect", path_of(session, &args.id)?);
    let answer: Value = session.client()?.get(&path)?;
    Ok(session.console.line(format!("{answer:#}"))?)
}

/// Shows what a container wrote.
fn logs(session: &Session<'_>, args: &ContainerLogs) -> Result<(), Failure> {
    let path = format!("{}/logs", path_of(session, &args.id)?);
    show_lines(session, &path, String::new(), &args.stream, Prefix::TimeAndName)
}

/// Runs a command in a container.
fn run_in(session: &Session<'_>, args: &ContainerExec) -> Result<(), Failure> {
    exec::check(&args.mode)?;
    exec::run(session, &path_of(session, &args.id)?, &args.cmd, &args.mode)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn container(value: Value) -> Container {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn long_commands_are_cut() {
        for (cmd, shown) in [
            (json!(["sleep", "1"]), "\"sleep 1\""),
            (json!(["abcdefghijklmnopqrstuvwxyz"]), "\"abcdefghijklmnopqrstuvwxyz\""),
            (json!(["abcdefghijklmnopqrstuvwxyz1"]), "\"abcdefghijklmnopqrstuvwxy..\""),
            (json!(null), "\"\""),
        ] {
            assert_eq!(command(&container(json!({ "cmd": cmd }))), shown);
        }
    }

    #[test]
    fn the_first_state_counts() {
        for (state, shown) in [
            (json!({"paused": true, "running": true}), "paused"),
            (json!({"dead": true, "oom_killed": true}), "oom_killed"),
            (json!({"running": true}), "running"),
            (json!({"running": false}), "stopped"),
            (json!(null), "stopped"),
        ] {
            assert_eq!(status(&container(json!({ "state": state }))), shown);
        }
    }
}
