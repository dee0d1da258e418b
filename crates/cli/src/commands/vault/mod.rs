//! `kontena vault …`.

use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{document, text, time};
use crate::api::{Client, Method, encode, path, read};
use crate::args::ListFormat;
use crate::args::vault::{
    VaultCommand, VaultExport, VaultList, VaultRead, VaultRemove, VaultUpdate, VaultWrite,
};
use crate::failure::Failure;
use crate::output::{Ink, Table, yaml};
use crate::session::Session;

mod import;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Secret {
    name: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    value: Option<String>,
}

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &VaultCommand) -> Result<(), Failure> {
    match command {
        VaultCommand::List(args) => list(session, args),
        VaultCommand::Write(args) => write(session, args),
        VaultCommand::Update(args) => update(session, args),
        VaultCommand::Read(args) => show(session, args),
        VaultCommand::Remove(args) => remove(session, args),
        VaultCommand::Export(args) => export(session, args),
        VaultCommand::Import(args) => import::run(session, args),
    }
}

/// Returns the secrets of the grid by name, without values.
fn all(session: &Session<'_>) -> Result<(Vec<Value>, String), Failure> {
    let path = path(&["grids", session.grid()?, "secrets"]);
    let answer: Value = session.client()?.get(&path)?;
    Ok((document::by_name(document::items(&answer, "secrets")), path))
}

fn path_of(grid: &str, name: &str) -> String {
    format!("{}/{}", path(&["secrets", grid]), encode(name))
}

/// Lists the secrets of the grid.
fn list(session: &Session<'_>, args: &VaultList) -> Result<(), Failure> {
    let (objects, path) = all(session)?;
    let console = session.console;
    let format = args.listing.format();
    if document::list(console, format, &objects)? {
        return Ok(());
    }
    let secrets: Vec<Secret> = document::views(&objects, &path)?;
    if format == ListFormat::Name {
        let names = secrets.iter().map(|secret| format!("{}\n", text(&secret.name)));
        return Ok(console.text(&names.collect::<String>())?);
    }
    let long = args.long.wanted(!console.is_terminal());
    let mut table = Table::new(&["NAME", "CREATED_AT", "UPDATED_AT"]);
    for secret in &secrets {
        let was_updated = secret.updated_at.is_some() && secret.updated_at != secret.created_at;
        table.row(vec![
            text(&secret.name).to_owned(),
            time(secret.created_at.as_deref(), long),
            if long || was_updated {
                time(secret.updated_at.as_deref(), long)
            } else {
                console.paint(Ink::Blue, "never")
            },
        ]);
    }
    Ok(console.text(&table.render(console.palette()))?)
}

/// Creates a secret, without a word.
fn write(session: &Session<'_>, args: &VaultWrite) -> Result<(), Failure> {
    let path = path(&["grids", session.grid()?, "secrets"]);
    let client = session.client()?;
    let value = value(session, &args.name, args.value.as_deref())?;
    client.tell(Method::Post, &path, &json!({ "name": args.name, "value": value }))
}

/// Changes a secret, without a word.
fn update(session: &Session<'_>, args: &VaultUpdate) -> Result<(), Failure> {
    let grid = session.grid()?;
    let client = session.client()?;
    let value = value(session, &args.name, args.value.as_deref())?;
    put(client, grid, &args.name, &value, args.upsert)
}

fn put(client: &Client, grid: &str, name: &str, value: &str, upsert: bool) -> Result<(), Failure> {
    let body = json!({ "name": name, "value": value, "upsert": upsert });
    client.tell(Method::Put, &path_of(grid, name), &body)
}

/// The value as given, as typed, or as it comes on standard input.
fn value(session: &Session<'_>, name: &str, given: Option<&str>) -> Result<String, Failure> {
    if let Some(value) = given {
        return Ok(value.to_owned());
    }
    session.console.secret_value(&format!("Enter value for secret '{name}'"))
}

/// Shows a secret.
fn show(session: &Session<'_>, args: &VaultRead) -> Result<(), Failure> {
    let path = path_of(session.grid()?, &args.name);
    let object: Value = session.client()?.get(&path)?;
    if !args.value && document::object(session.console, args.showing.output, &object)? {
        return Ok(());
    }
    let secret: Secret = read(object, &path)?;
    let value = text(&secret.value);
    if args.value {
        return Ok(session.console.verbatim(&format!("{value}\n"))?);
    }
    let mut out = String::new();
    let _ = writeln!(out, "{}:", secret.name.as_deref().unwrap_or(&args.name));
    let _ = writeln!(out, "  created_at: {}", text(&secret.created_at));
    let _ = writeln!(out, "  value: {value}");
    Ok(session.console.text(&out)?)
}

/// Removes secrets one after the other, without a word.
fn remove(session: &Session<'_>, args: &VaultRemove) -> Result<(), Failure> {
    let grid = session.grid()?;
    let client = session.client()?;
    args.names.iter().try_for_each(|name| {
        session.console.confirm_name(name, args.force.given())?;
        client.delete(&path_of(grid, name))
    })
}

/// Prints all secrets with their values.
fn export(session: &Session<'_>, args: &VaultExport) -> Result<(), Failure> {
    let grid = session.grid()?;
    let client = session.client()?;
    let (objects, path) = all(session)?;
    let names: Vec<Secret> = document::views(&objects, &path)?;
    let mut values = serde_json::Map::new();
    for secret in &names {
        let name = text(&secret.name);
        let secret: Secret = client.get(&path_of(grid, name))?;
        values.insert(name.to_owned(), secret.value.into());
    }
    let values = Value::Object(values);
    let text = if args.json { format!("{values:#}\n") } else { format!("---\n{}", yaml(&values)) };
    Ok(session.console.text(&text)?)
}
