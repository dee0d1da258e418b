//! `kontena master config …`.

use std::fs;
use std::io::Read as _;

use serde_json::{Map, Value};

use crate::api::{Method, encode, path};
use crate::args::administration::{
    ConfigCommand, ConfigExport, ConfigGet, ConfigImport, FileFormat,
};
use crate::commands::{document, flat};
use crate::failure::Failure;
use crate::output::{DESTRUCTIVE, yaml};
use crate::session::Session;

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Get(args) => get(session, args),
        ConfigCommand::Set(args) => set(session, &args.pairs),
        ConfigCommand::Unset(args) => {
            let client = session.client()?;
            args.keys.iter().try_for_each(|key| client.delete(&path(&["config", key])))
        }
        ConfigCommand::Export(args) => export(session, args),
        ConfigCommand::Import(args) => import(session, args),
    }
}

fn get(session: &Session<'_>, args: &ConfigGet) -> Result<(), Failure> {
    let answer: Value = session.client()?.get(&path(&["config", &args.key]))?;
    let value = document::plain(answer.get(&args.key).unwrap_or(&Value::Null));
    let key = if args.pair { format!("{}=", args.key) } else { String::new() };
    Ok(session.console.line(format!("{key}{value}"))?)
}

/// A value may have `=` in it, a key may not.
fn set(session: &Session<'_>, pairs: &[String]) -> Result<(), Failure> {
    let mut body = Map::new();
    for pair in pairs {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            Failure::Usage(format!("parameter 'KEY=VALUE ...': no = in {pair:?}"))
        })?;
        body.insert(key.to_owned(), Value::from(value));
    }
    session.client()?.tell(Method::Patch, "/v1/config", &body)
}

fn export(session: &Session<'_>, args: &ConfigExport) -> Result<(), Failure> {
    let filter = args.filter.as_ref().map(|filter| format!("?filter={}", encode(filter)));
    let answer: Value =
        session.client()?.get(&format!("/v1/config{}", filter.unwrap_or_default()))?;
    let text = match format_of(args.format, args.path.as_deref()) {
        FileFormat::Json => format!("{answer:#}\n"),
        FileFormat::Yaml => yaml(&answer),
    };
    match &args.path {
        Some(path) => fs::write(path, text)
            .map_err(|error| Failure::said(format!("Cannot write {path}: {error}"))),
        None => Ok(session.console.text(&text)?),
    }
}

fn import(session: &Session<'_>, args: &ConfigImport) -> Result<(), Failure> {
    let client = session.client()?;
    let (text, name) = read(args.path.as_deref())?;
    let map = match format_of(args.format, args.path.as_deref()) {
        FileFormat::Json => flat::from_json(&text),
        FileFormat::Yaml => flat::from_yaml(&text),
    };
    let map = map.map_err(|why| Failure::said(format!("Cannot read {name}: {why}")))?;
    session.console.confirm(DESTRUCTIVE, args.force || args.yes)?;
    let method = if args.full { Method::Patch } else { Method::Put };
    client.tell(method, "/v1/config", &map)
}

/// Returns the text and what to call its source.
fn read(path: Option<&str>) -> Result<(String, &str), Failure> {
    let mut text = String::new();
    let (outcome, name) = match path {
        Some(path) => (fs::read_to_string(path).map(|read| text = read), path),
        None => (std::io::stdin().read_to_string(&mut text).map(drop), "standard input"),
    };
    outcome.map_err(|error| Failure::said(format!("Cannot read {name}: {error}")))?;
    if text.trim().is_empty() { Err(Failure::said("Missing input")) } else { Ok((text, name)) }
}

fn format_of(given: Option<FileFormat>, path: Option<&str>) -> FileFormat {
    let is_yaml = |path: &str| path.ends_with(".yml") || path.ends_with(".yaml");
    given.unwrap_or(match path {
        Some(path) if is_yaml(path) => FileFormat::Yaml,
        _ => FileFormat::Json,
    })
}
