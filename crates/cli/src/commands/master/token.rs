//! `kontena master token …`.

use kontena_protocol::api::AuthorizeRequest;
use serde::Deserialize;
use serde_json::Value;

use crate::api::lenient::integer;
use crate::api::{Method, encode, read};
use crate::args::administration::{
    TokenCommand, TokenCreate, TokenCurrent, TokenList, TokenRemove,
};
use crate::args::{ListFormat, ShowFormat};
use crate::clock;
use crate::commands::{document, text};
use crate::failure::{Failure, not_logged_in};
use crate::output::{Console, DESTRUCTIVE, Ink, Table, distance};
use crate::session::Session;

/// What is read of a token.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Token {
    id: Option<String>,
    token_type: Option<String>,
    grant_type: Option<String>,
    code: Option<String>,
    access_token: Option<String>,
    refresh_token: Option<String>,
    access_token_last_four: Option<String>,
    refresh_token_last_four: Option<String>,
    #[serde(deserialize_with = "integer")]
    expires_in: Option<i64>,
    scopes: Option<String>,
    description: Option<String>,
    user: Option<User>,
    server: Option<Server>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    id: Option<String>,
    email: Option<String>,
    name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Server {
    name: Option<String>,
}

impl Token {
    /// `bearer`, or what a code is good for.
    fn kind(&self) -> &str {
        self.token_type.as_deref().or(self.grant_type.as_deref()).unwrap_or_default()
    }
}

/// Runs a command of the group.
pub(super) fn run(session: &Session<'_>, command: &TokenCommand) -> Result<(), Failure> {
    match command {
        TokenCommand::List(args) => list(session, args),
        TokenCommand::Create(args) => create(session, args),
        TokenCommand::Show(args) => show(session, &args.token, args.showing.output),
        TokenCommand::Current(args) => current(session, args),
        TokenCommand::Remove(args) => remove(session, args),
    }
}

fn list(session: &Session<'_>, args: &TokenList) -> Result<(), Failure> {
    let console = session.console;
    let answer: Value = session.client()?.get("/oauth2/tokens")?;
    let objects = document::items(&answer, "tokens");
    let format = args.listing.format();
    if document::list(console, format, objects)? {
        return Ok(());
    }
    let tokens: Vec<Token> = document::views(objects, "/oauth2/tokens")?;
    if format == ListFormat::Name {
        let ids: String = tokens.iter().map(|token| format!("{}\n", text(&token.id))).collect();
        return Ok(console.text(&ids)?);
    }
    let mut table =
        Table::new(&["ID", "TOKEN_TYPE", "TOKEN_LAST4", "EXPIRES_IN", "SCOPES", "DESCRIPTION"]);
    for token in &tokens {
        table.row(vec![
            text(&token.id).to_owned(),
            token.kind().to_owned(),
            text(&token.access_token_last_four).to_owned(),
            expiry(console, token),
            text(&token.scopes).to_owned(),
            text(&token.description).to_owned(),
        ]);
    }
    Ok(console.text(&table.render(console.palette()))?)
}

/// Seconds for programs, words for people.
fn expiry(console: &Console, token: &Token) -> String {
    let seconds = token.expires_in.unwrap_or(0);
    if !console.is_terminal() {
        return seconds.to_string();
    }
    match seconds {
        0 => console.paint(Ink::Yellow, "never"),
        left @ 1.. => console.paint(Ink::Green, format!("in {}", distance(left))),
        past => console.paint(Ink::Red, format!("{} ago", distance(past.saturating_neg()))),
    }
}

fn create(session: &Session<'_>, args: &TokenCreate) -> Result<(), Failure> {
    let body = AuthorizeRequest {
        response_type: if args.code { "code" } else { "token" }.to_owned(),
        scope: Some(args.scopes.clone()),
        expires_in: Some(args.expires_in),
        description: args.description.clone(),
        user: args.user.clone(),
        ..AuthorizeRequest::default()
    };
    let object: Value = session.client()?.send(Method::Post, "/oauth2/authorize", &body)?;
    let console = session.console;
    if args.output != ShowFormat::Name && document::object(console, args.output, &object)? {
        return Ok(());
    }
    let token: Token = read(object, "/oauth2/authorize")?;
    if args.id || args.output == ShowFormat::Name {
        return Ok(console.line(text(&token.id))?);
    }
    if args.token {
        return Ok(console.line(token.access_token.or(token.code).unwrap_or_default())?);
    }
    let mut lines = describe(&token);
    if token.code.is_some() {
        lines.push(("code", token.code.clone()));
    } else {
        lines.push(("access_token", token.access_token.clone()));
        lines.push(("refresh_token", token.refresh_token.clone()));
        lines.push(("expires_in", token.expires_in.map(|seconds| seconds.to_string())));
    }
    print(console, &token, &lines, "")
}

fn show(session: &Session<'_>, token: &str, format: ShowFormat) -> Result<(), Failure> {
    let path = format!("/oauth2/tokens/{}", encode(token));
    let object: Value = session.client()?.get(&path)?;
    if format != ShowFormat::Name && document::object(session.console, format, &object)? {
        return Ok(());
    }
    let token: Token = read(object, &path)?;
    if format == ShowFormat::Name {
        return Ok(session.console.line(text(&token.id))?);
    }
    let mut lines = describe(&token);
    if token.grant_type.is_none() {
        lines.push(("expires_in", token.expires_in.map(|seconds| seconds.to_string())));
    }
    print(session.console, &token, &lines, "-")
}

type Line = (&'static str, Option<String>);

fn describe(token: &Token) -> Vec<Line> {
    let user = token.user.as_ref();
    let mut lines = vec![
        ("token_type", Some(token.kind().to_owned())),
        ("scopes", token.scopes.clone()),
        ("user_id", user.and_then(|user| user.id.clone())),
        ("user_email", user.and_then(|user| user.email.clone())),
        ("user_name", user.and_then(|user| user.name.clone())),
        ("server_name", token.server.as_ref().and_then(|server| server.name.clone())),
        ("description", token.description.clone()),
    ];
    if token.grant_type.is_none() {
        lines.push(("access_token_last_four", token.access_token_last_four.clone()));
        lines.push(("refresh_token_last_four", token.refresh_token_last_four.clone()));
    }
    lines
}

fn print(console: &Console, token: &Token, lines: &[Line], none: &str) -> Result<(), Failure> {
    let mut page = format!("{}:\n", text(&token.id));
    for (key, value) in lines {
        page.push_str(&format!("  {key}: {}\n", value.as_deref().unwrap_or(none)));
    }
    Ok(console.text(&page)?)
}

fn current(session: &Session<'_>, args: &TokenCurrent) -> Result<(), Failure> {
    let master = session.master()?;
    let token = master.token.as_deref().ok_or_else(not_logged_in)?;
    let console = session.console;
    if args.token {
        return Ok(console.line(token)?);
    }
    if args.refresh_token {
        return match &master.refresh_token {
            Some(token) => Ok(console.line(token)?),
            None => Ok(()),
        };
    }
    if args.expires_in {
        return match master.expires_at {
            0 => Ok(()),
            at => Ok(console.line(at - clock::unix_now())?),
        };
    }
    show(session, token, if args.id { ShowFormat::Name } else { args.showing.output })
}

fn remove(session: &Session<'_>, args: &TokenRemove) -> Result<(), Failure> {
    let client = session.client()?;
    session.console.confirm(DESTRUCTIVE, args.force || args.yes)?;
    client.delete(&format!("/oauth2/tokens/{}", encode(&args.token)))
}
