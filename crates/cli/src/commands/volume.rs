//! `kontena volume …`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{document, text, time};
use crate::api::{Method, encode, path, read};
use crate::args::ListFormat;
use crate::args::volume::{VolumeCommand, VolumeCreate, VolumeList, VolumeRemove, VolumeShow};
use crate::failure::Failure;
use crate::output::{Ink, Table};
use crate::session::Session;

const SCOPES: [&str; 3] = ["grid", "stack", "instance"];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Volume {
    id: Option<String>,
    name: Option<String>,
    scope: Option<String>,
    driver: Option<String>,
    driver_opts: Option<BTreeMap<String, Value>>,
    created_at: Option<String>,
    instances: Option<Vec<Place>>,
    services: Option<Vec<User>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Place {
    node: Option<String>,
    name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    id: Option<String>,
}

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &VolumeCommand) -> Result<(), Failure> {
    match command {
        VolumeCommand::List(args) => list(session, args),
        VolumeCommand::Show(args) => show(session, args),
        VolumeCommand::Create(args) => create(session, args),
        VolumeCommand::Remove(args) => remove(session, args),
    }
}

/// Lists the volumes of the grid by name.
fn list(session: &Session<'_>, args: &VolumeList) -> Result<(), Failure> {
    let path = path(&["volumes", session.grid()?]);
    let answer: Value = session.client()?.get(&path)?;
    let objects = document::by_name(document::items(&answer, "volumes"));
    let format = args.listing.format();
    if document::list(session.console, format, &objects)? {
        return Ok(());
    }
    let volumes: Vec<Volume> = document::views(&objects, &path)?;
    if format == ListFormat::Name {
        let names = volumes.iter().map(|volume| format!("{}\n", text(&volume.name)));
        return Ok(session.console.text(&names.collect::<String>())?);
    }
    let long = args.long.wanted(!session.console.is_terminal());
    let mut table = Table::new(&["NAME", "SCOPE", "DRIVER", "CREATED_AT"]);
    for volume in &volumes {
        table.row(vec![
            text(&volume.name).to_owned(),
            text(&volume.scope).to_owned(),
            text(&volume.driver).to_owned(),
            time(volume.created_at.as_deref(), long),
        ]);
    }
    Ok(session.console.text(&table.render(session.console.palette()))?)
}

/// Shows a volume.
fn show(session: &Session<'_>, args: &VolumeShow) -> Result<(), Failure> {
    let path = path(&["volumes", session.grid()?, &args.name]);
    let object: Value = session.client()?.get(&path)?;
    if document::object(session.console, args.showing.output, &object)? {
        return Ok(());
    }
    let volume: Volume = read(object, &path)?;
    let mut out = String::new();
    let _ = writeln!(out, "{}:", text(&volume.id));
    let _ = writeln!(out, "  created: {}", text(&volume.created_at));
    let _ = writeln!(out, "  scope: {}", text(&volume.scope));
    let _ = writeln!(out, "  driver: {}", text(&volume.driver));
    let _ = writeln!(out, "  driver_opts:");
    for (option, value) in volume.driver_opts.iter().flatten() {
        let _ = writeln!(out, "    {option}: {}", document::plain(value));
    }
    let _ = writeln!(out, "  instances:");
    for place in volume.instances.iter().flatten() {
        let _ = writeln!(out, "    - name: {}", text(&place.name));
        let _ = writeln!(out, "      node: {}", text(&place.node));
    }
    let _ = writeln!(out, "  services:");
    for user in volume.services.iter().flatten() {
        let _ = writeln!(out, "    - {}", text(&user.id));
    }
    Ok(session.console.text(&out)?)
}

/// Creates a volume.
fn create(session: &Session<'_>, args: &VolumeCreate) -> Result<(), Failure> {
    let path = path(&["volumes", session.grid()?]);
    if !SCOPES.contains(&args.scope.as_str()) {
        return Err(Failure::said(format!(
            "Unknown scope '{}', must be one of {}",
            args.scope,
            SCOPES.join(",")
        )));
    }
    let body = json!({
        "name": args.name,
        "scope": args.scope,
        "driver": args.driver,
        "driver_opts": driver_opts(&args.driver_opts)?,
    });
    let client = session.client()?;
    let name = session.console.paint(Ink::Cyan, &args.name);
    session
        .console
        .step(format!("Creating volume {name} "), |_| client.tell(Method::Post, &path, &body))
}

fn driver_opts(options: &[String]) -> Result<Map<String, Value>, Failure> {
    let pairs = options.iter().map(|option| match option.split_once('=') {
        Some((key, value)) => Ok((key.to_owned(), Value::from(value))),
        None => Err(Failure::said(format!(
            "Invalid driver option {option}: --driver-opt takes KEY=VALUE"
        ))),
    });
    pairs.collect()
}

/// Removes volumes one after the other; the first failure stops.
fn remove(session: &Session<'_>, args: &VolumeRemove) -> Result<(), Failure> {
    let path = path(&["volumes", session.grid()?]);
    let client = session.client()?;
    args.names.iter().try_for_each(|name| {
        session.console.confirm_name(name, args.force.given())?;
        let shown = session.console.paint(Ink::Cyan, name);
        session.console.step(format!("Removing volume {shown} "), |_| {
            client.delete(&format!("{path}/{}", encode(name)))
        })
    })
}
