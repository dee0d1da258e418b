//! `kontena grid user …`.

use kontena_protocol::api::GridUserRequest;
use serde::Deserialize;
use serde_json::Value;

use crate::api::{Method, path};
use crate::args::ListFormat;
use crate::args::grid::{GridUserCommand, GridUserList, GridUserRemove};
use crate::commands::{document, text};
use crate::failure::Failure;
use crate::output::Table;
use crate::session::Session;

/// What is read of a user.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    email: Option<String>,
    name: Option<String>,
}

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &GridUserCommand) -> Result<(), Failure> {
    match command {
        GridUserCommand::List(args) => list(session, args),
        GridUserCommand::Add(args) => {
            let path = path(&["grids", session.grid()?, "users"]);
            let body = GridUserRequest { email: args.email.clone() };
            session.client()?.tell(Method::Post, &path, &body)
        }
        GridUserCommand::Remove(args) => remove(session, args),
    }
}

fn list(session: &Session<'_>, args: &GridUserList) -> Result<(), Failure> {
    let path = path(&["grids", session.grid()?, "users"]);
    let answer: Value = session.client()?.get(&path)?;
    let objects = document::items(&answer, "users");
    let format = args.listing.format();
    if document::list(session.console, format, objects)? {
        return Ok(());
    }
    let users: Vec<User> = document::views(objects, &path)?;
    if format == ListFormat::Name {
        let names: String = users.iter().map(|user| format!("{}\n", text(&user.email))).collect();
        return Ok(session.console.text(&names)?);
    }
    let mut table = Table::new(&["EMAIL", "NAME"]);
    for user in &users {
        table.row(vec![text(&user.email).to_owned(), text(&user.name).to_owned()]);
    }
    Ok(session.console.text(&table.render(session.console.palette()))?)
}

fn remove(session: &Session<'_>, args: &GridUserRemove) -> Result<(), Failure> {
    let path = path(&["grids", session.grid()?, "users", &args.email]);
    let client = session.client()?;
    session.console.confirm_name(&args.email, args.force.given())?;
    client.delete(&path)
}
