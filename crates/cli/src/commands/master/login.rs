//! `kontena master login` and `join`: by code, by token, with the token that is there, or in a browser.
//!
//! ```text
//! --code           POST /oauth2/token                      -> save -> pick a grid, without a word
//! a token          GET /v1/user                            -> save -> say so -> pick a grid
//! else, --join     browser -> code -> POST /oauth2/token   -> save -> say so -> pick a grid
//! ```

use serde_json::Value;

use super::browser::{self, Wish};
use super::entry::{self, Entry, Outcome};
use crate::api::{Client, exchange_code};
use crate::args::master::{Join, Login};
use crate::clock;
use crate::commands::grid::list as grids;
use crate::commands::text;
use crate::config::Server;
use crate::failure::{Failure, Kind};
use crate::output::Ink;
use crate::session::Session;

/// Logs in to a master and makes it the current one.
pub(super) fn run(session: &Session<'_>, args: &Login) -> Result<(), Failure> {
    refuse_clashes(args)?;
    let entry = entry::find(session, args)?;
    if let Some(code) = &args.code {
        let outcome = redeem(session, &entry, code)?;
        let saved = entry::save(session, &entry, &outcome)?;
        // Who redeems a code is a script: it is logged in by now, with a grid or without.
        let _ = pick_grid(session, args, &saved, false);
        return Ok(());
    }
    let known = match &args.join {
        Some(_) => None,
        None => try_token(session, args, &entry)?,
    };
    let outcome = match known {
        Some(outcome) => outcome,
        None => in_browser(session, args, &entry)?,
    };
    let saved = entry::save(session, &entry, &outcome)?;
    say(session, args, &saved)?;
    pick_grid(session, args, &saved, !args.silent)
}

/// Joins a master with an invitation: a login with `--join`.
pub(super) fn join(session: &Session<'_>, args: &Join) -> Result<(), Failure> {
    let login = Login {
        url: Some(args.url.clone()),
        join: Some(args.code.clone()),
        token: None,
        name: args.name.clone(),
        code: None,
        remote: args.remote,
        no_remote: args.no_remote,
        expires_in: EXPIRES_IN,
        verbose: args.verbose,
        force: false,
        silent: false,
        skip_grid_auto_select: false,
        no_login_info: false,
    };
    run(session, &login)
}

/// Seconds a token lasts unless said otherwise.
const EXPIRES_IN: i64 = 7200;

fn in_browser(session: &Session<'_>, args: &Login, entry: &Entry) -> Result<Outcome, Failure> {
    let without_display =
        !cfg!(target_os = "macos") && session.environment.get("DISPLAY").is_none();
    let wish = Wish {
        url: &entry.url,
        invite: args.join.as_deref(),
        expires_in: args.expires_in,
        remote: args.remote || (without_display && !args.no_remote),
        silent: args.silent,
    };
    let client = session.client_for(&entry.url, None, None)?;
    let brought = browser::visit(session, &client, &wish)?;
    let mut outcome = redeem(session, entry, &brought.code)?;
    outcome.server_name = outcome.server_name.or(brought.server_name);
    Ok(outcome)
}

fn refuse_clashes(args: &Login) -> Result<(), Failure> {
    for (both, text) in [
        (args.token.is_some() && args.code.is_some(), "--token and --code"),
        (args.join.is_some() && args.code.is_some(), "--join and --code"),
        (args.code.is_some() && args.force, "--code and --force"),
        (args.token.is_some() && args.force, "--token and --force"),
    ] {
        if both {
            return Err(Failure::said(format!("Can't use {text} together")));
        }
    }
    Ok(())
}

fn redeem(session: &Session<'_>, entry: &Entry, code: &str) -> Result<Outcome, Failure> {
    let client = session.client_for(&entry.url, None, None)?;
    let pair = exchange_code(&client, code)?;
    Ok(Outcome {
        expires_at: pair.expires_at(clock::unix_now()),
        username: pair.username(),
        server_name: pair.server_name(),
        token: pair.access_token,
        refresh_token: pair.refresh_token,
    })
}

/// Tries the token that is given or stored; none where the only way left is a browser.
fn try_token(
    session: &Session<'_>,
    args: &Login,
    entry: &Entry,
) -> Result<Option<Outcome>, Failure> {
    let typed = match args.token.as_deref() {
        Some("-") => Some(session.console.value("Enter access token:")?),
        other => other.map(ToOwned::to_owned),
    };
    let given = typed.as_deref().or(session.environment.get("KONTENA_TOKEN"));
    let stored = entry.known.as_ref().filter(|_| !args.force);
    let mut outcome = match (given, stored) {
        (Some(token), _) if !args.force => {
            Outcome { token: token.to_owned(), ..Outcome::default() }
        }
        (_, Some(Server { token: Some(token), refresh_token, token_expires_at, .. })) => Outcome {
            token: token.clone(),
            refresh_token: refresh_token.clone(),
            expires_at: token_expires_at.unwrap_or(0),
            ..Outcome::default()
        },
        _ => return Ok(None),
    };
    let client = session.client_for(&entry.url, Some(outcome.token.clone()), None)?;
    match client.get::<Value>("/v1/user") {
        Ok(user) => {
            let email = user.get("email").and_then(Value::as_str);
            outcome.username = email.map(ToOwned::to_owned);
            Ok(Some(outcome))
        }
        Err(failure) if !matches!(failure.status(), Some(401 | 403)) => Err(failure),
        Err(_) if given.is_some() => {
            Err(Failure::known(Kind::NotLoggedIn, "Access token was rejected"))
        }
        Err(_) => Ok(None),
    }
}

fn say(session: &Session<'_>, args: &Login, saved: &Server) -> Result<(), Failure> {
    if args.silent || args.no_login_info {
        return Ok(());
    }
    let paint = |value: &str| session.console.paint(Ink::Cyan, value);
    Ok(session.console.line(format!(
        "Authenticated to Kontena Master {} at {} as {}",
        paint(&saved.name),
        text(&saved.url),
        paint(text(&saved.username))
    ))?)
}

/// Makes the first grid of the list the current one, unless there is one already.
fn pick_grid(
    session: &Session<'_>,
    args: &Login,
    saved: &Server,
    aloud: bool,
) -> Result<(), Failure> {
    if saved.grid.is_some() || args.skip_grid_auto_select {
        return Ok(());
    }
    let client: Client = session.client_for(text(&saved.url), saved.token.clone(), None)?;
    let list = match aloud {
        true => grids::fetch_aloud(session.console, &client)?,
        false => grids::fetch(&client)?,
    };
    if aloud {
        grids::print(session.console, list.clone(), None, &saved.name, true)?;
    }
    let Some(first) = grids::first(&list) else {
        return Ok(());
    };
    grids::select_aloud(session.console, aloud, &first, || {
        session.file.update(|config| {
            if let Some(server) = config.server_mut(&saved.name) {
                server.grid = Some(first.clone());
            }
            Ok(())
        })
    })
}
