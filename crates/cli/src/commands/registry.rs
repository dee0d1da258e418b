//! `kontena external-registry …`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{document, text};
use crate::api::{Method, path};
use crate::args::ListFormat;
use crate::args::registry::{RegistryAdd, RegistryCommand, RegistryList, RegistryRemove};
use crate::failure::Failure;
use crate::output::{Ink, Table};
use crate::session::Session;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Registry {
    name: Option<String>,
    username: Option<String>,
    email: Option<String>,
}

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &RegistryCommand) -> Result<(), Failure> {
    match command {
        RegistryCommand::List(args) => list(session, args),
        RegistryCommand::Add(args) => add(session, args),
        RegistryCommand::Remove(args) => remove(session, args),
    }
}

/// Lists the registries of the grid by name.
fn list(session: &Session<'_>, args: &RegistryList) -> Result<(), Failure> {
    let path = path(&["grids", session.grid()?, "external_registries"]);
    let answer: Value = session.client()?.get(&path)?;
    let objects = document::by_name(document::items(&answer, "external_registries"));
    let format = args.listing.format();
    if document::list(session.console, format, &objects)? {
        return Ok(());
    }
    let registries: Vec<Registry> = document::views(&objects, &path)?;
    if format == ListFormat::Name {
        let names = registries.iter().map(|registry| format!("{}\n", text(&registry.name)));
        return Ok(session.console.text(&names.collect::<String>())?);
    }
    let mut table = Table::new(&["NAME", "USERNAME", "EMAIL"]);
    for registry in &registries {
        let cells = [&registry.name, &registry.username, &registry.email];
        table.row(cells.map(|cell| text(cell).to_owned()).to_vec());
    }
    Ok(session.console.text(&table.render(session.console.palette()))?)
}

/// Adds a registry.
fn add(session: &Session<'_>, args: &RegistryAdd) -> Result<(), Failure> {
    let path = path(&["grids", session.grid()?, "external_registries"]);
    let client = session.client()?;
    let has_scheme = args.url.starts_with("http://") || args.url.starts_with("https://");
    let url = if has_scheme { args.url.clone() } else { format!("https://{}", args.url) };
    let body = json!({
        "username": args.username, "password": args.password, "email": args.email, "url": url,
    });
    let shown = session.console.paint(Ink::Cyan, &url);
    session.console.step(format!("Adding {shown} to external registries "), |_| {
        client.tell(Method::Post, &path, &body)
    })
}

/// Removes a registry.
fn remove(session: &Session<'_>, args: &RegistryRemove) -> Result<(), Failure> {
    let grid = session.grid()?;
    let path = path(&["external_registries", grid, &args.name]);
    let client = session.client()?;
    session.console.confirm_name(&args.name, args.force.given())?;
    let name = session.console.paint(Ink::Cyan, &args.name);
    let grid = session.console.paint(Ink::Cyan, grid);
    let message = format!("Removing {name} external-registry from {grid} grid ");
    session.console.step(message, |_| client.delete(&path))
}
