//! `kontena master user …`.

use kontena_protocol::api::RoleRequest;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::{Client, Method, path};
use crate::args::ListFormat;
use crate::args::administration::{
    RoleAdd, RoleCommand, RoleRemove, UserCommand, UserInvite, UserList, UserRemove,
};
use crate::commands::{document, text};
use crate::failure::Failure;
use crate::output::{DESTRUCTIVE, Ink, Table};
use crate::session::Session;

/// What is read of a user.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    id: Option<String>,
    email: Option<String>,
    roles: Option<Vec<Role>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Role {
    name: Option<String>,
}

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::List(args) => list(session, args),
        UserCommand::Invite(args) => invite(session, args),
        UserCommand::Remove(args) => remove(session, args),
        UserCommand::Role(RoleCommand::Add(args)) => add_role(session, args),
        UserCommand::Role(RoleCommand::Remove(args)) => remove_role(session, args),
    }
}

fn list(session: &Session<'_>, args: &UserList) -> Result<(), Failure> {
    let console = session.console;
    let client = session.client()?;
    let format = args.listing.format();
    let fetch = || client.get("/v1/users");
    let is_table = matches!(format, ListFormat::Table | ListFormat::Wide);
    let answer: Value = match is_table && console.is_terminal() {
        true => console.step("Retrieving user list from Kontena Master".to_owned(), |_| fetch())?,
        false => fetch()?,
    };
    let objects = document::items(&answer, "users");
    if document::list(console, format, objects)? {
        return Ok(());
    }
    let users: Vec<User> = document::views(objects, "/v1/users")?;
    if format == ListFormat::Name {
        let ids: String = users.iter().map(|user| format!("{}\n", text(&user.id))).collect();
        return Ok(console.text(&ids)?);
    }
    let mut table = Table::new(&["EMAIL", "ROLES"]);
    for user in &users {
        let roles: Vec<&str> =
            user.roles.iter().flatten().filter_map(|role| role.name.as_deref()).collect();
        table.row(vec![text(&user.email).to_owned(), roles.join(",")]);
    }
    Ok(console.text(&table.render(console.palette()))?)
}

fn invite(session: &Session<'_>, args: &UserInvite) -> Result<(), Failure> {
    let client = session.client()?;
    let console = session.console;
    for email in &args.emails {
        let body = json!({ "email": email, "external_id": null, "response_type": "invite" });
        let invitation: Value = client
            .send(Method::Post, "/oauth2/authorize", &body)
            .map_err(|failure| failure.about(&format!("Failed to invite {email}")))?;
        let code = invitation.get("invite_code").and_then(Value::as_str).unwrap_or_default();
        if code.is_empty() {
            return Err(Failure::said(format!("The master made no invitation code for {email}")));
        }
        if args.code {
            console.line(code)?;
        } else {
            let head = format!("Invitation created for {email}");
            console.line(console.paint(Ink::Green, head))?;
            console.line(format!("  * code:    {code}"))?;
            let url = &session.master()?.url;
            console.line(format!("  * command: kontena master join {url} {code}"))?;
        }
        for role in &args.roles {
            give(client, email, role)?;
        }
    }
    Ok(())
}

fn give(client: &Client, user: &str, role: &str) -> Result<(), Failure> {
    let body = RoleRequest { role: role.to_owned() };
    client.tell(Method::Post, &path(&["users", user, "roles"]), &body)
}

fn remove(session: &Session<'_>, args: &UserRemove) -> Result<(), Failure> {
    let client = session.client()?;
    session.console.confirm(DESTRUCTIVE, args.force.given())?;
    for email in &args.emails {
        client.delete(&path(&["users", email])).map_err(|failure| {
            let text = failure.about(&format!("Failed to remove user {email}")).to_string();
            Failure::Bare(session.console.paint_note(Ink::Red, text))
        })?;
    }
    Ok(())
}

fn add_role(session: &Session<'_>, args: &RoleAdd) -> Result<(), Failure> {
    let client = session.client()?;
    for user in &args.users {
        give(client, user, &args.role)?;
        if !args.silent {
            session.console.line(format!("Added role {} to {user}", args.role))?;
        }
    }
    Ok(())
}

fn remove_role(session: &Session<'_>, args: &RoleRemove) -> Result<(), Failure> {
    let client = session.client()?;
    session.console.confirm(DESTRUCTIVE, args.force.given())?;
    for user in &args.users {
        client.delete(&path(&["users", user, "roles", &args.role]))?;
        session.console.line(format!("Removed role {} from {user}", args.role))?;
    }
    Ok(())
}
