//! `kontena service env …`.

use serde_json::{Value, json};

use crate::api::{Method, Service, encode};
use crate::args::ListFormat;
use crate::args::service::{EnvAdd, EnvCommand, EnvList, EnvRemove};
use crate::commands::document;
use crate::failure::Failure;
use crate::output::Ink;
use crate::session::Session;

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &EnvCommand) -> Result<(), Failure> {
    match command {
        EnvCommand::List(args) => list(session, args),
        EnvCommand::Add(args) => add(session, args),
        EnvCommand::Remove(args) => remove(session, args),
    }
}

/// Lists the variables, sorted as texts.
fn list(session: &Session<'_>, args: &EnvList) -> Result<(), Failure> {
    let path = super::service_path(session, &args.name)?;
    let service: Service = session.client()?.get(&path)?;
    let mut env = service.env.unwrap_or_default();
    env.sort();
    let format = args.listing.format();
    let objects: Vec<Value> = env.iter().map(|line| line.as_str().into()).collect();
    if document::list(session.console, format, &objects)? {
        return Ok(());
    }
    let names_only = format == ListFormat::Name;
    let name = |line: &str| line.split_once('=').map_or(line, |(name, _)| name).to_owned();
    let lines = env.into_iter().map(|line| if names_only { name(&line) } else { line });
    Ok(session.console.text(&lines.map(|line| format!("{line}\n")).collect::<String>())?)
}

/// Sets a variable.
fn add(session: &Session<'_>, args: &EnvAdd) -> Result<(), Failure> {
    let path = format!("{}/envs", super::service_path(session, &args.name)?);
    let client = session.client()?;
    let service = session.console.paint(Ink::Cyan, &args.name);
    session.console.step(format!("Adding env variable to {service} service "), |_| {
        client.tell(Method::Post, &path, &json!({ "env": args.env }))
    })
}

/// Removes variables one after the other.
fn remove(session: &Session<'_>, args: &EnvRemove) -> Result<(), Failure> {
    let path = super::service_path(session, &args.name)?;
    let client = session.client()?;
    let service = session.console.paint(Ink::Cyan, &args.name);
    args.keys.iter().try_for_each(|key| {
        let shown = session.console.paint(Ink::Cyan, key);
        let message = format!("Removing env variable {shown} from {service} service ");
        session.console.step(message, |_| client.delete(&format!("{path}/envs/{}", encode(key))))
    })
}
