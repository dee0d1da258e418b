//! A token or code that somebody makes for themselves, or a master admin for another user.

use chrono::TimeDelta;
use kontena_core::{domain::Time, validate::access::TokenWish};
use kontena_store::{Conn, Result, Tx, tokens::Kind, users};

use super::{described, note};
use crate::{
    auth::{self, Action, Caller, Grant, Issued, IssuedCode},
    commands::Means,
    vault::fresh_code,
};

/// Why none was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotMade {
    /// It was asked for on behalf of another user.
    Denied,
    /// There is no such user.
    UnknownUser,
}

/// Makes an access token.
///
/// # Errors
/// Where the store fails.
pub async fn token(
    means: &Means,
    caller: &Caller,
    wish: TokenWish,
) -> Result<Result<Issued, NotMade>> {
    let (means_, caller) = (means.clone(), caller.clone());
    means
        .store
        .write(move |tx| {
            let mut moment = means_.clock.moment();
            let grant = match grant(tx.conn(), &caller, &wish, moment.now)? {
                Ok(grant) => grant,
                Err(not_made) => return Ok(Err(not_made)),
            };
            let issued = auth::issue(tx.conn(), &means_.vault, grant, &mut moment)?;
            made(tx, &caller, (&issued.record, &issued.user.email), moment.now)?;
            Ok(Ok(issued))
        })
        .await
}

/// Makes a one-time code, whose token will end when the wish says.
///
/// # Errors
/// Where the store fails.
pub async fn code(
    means: &Means,
    caller: &Caller,
    wish: TokenWish,
) -> Result<Result<IssuedCode, NotMade>> {
    let (means_, caller) = (means.clone(), caller.clone());
    means
        .store
        .write(move |tx| {
            let mut moment = means_.clock.moment();
            let grant = match grant(tx.conn(), &caller, &wish, moment.now)? {
                Ok(grant) => grant,
                Err(not_made) => return Ok(Err(not_made)),
            };
            let (vault, code) = (&means_.vault, fresh_code());
            let made_code =
                auth::issue_code(tx.conn(), vault, grant, Kind::Code, code, &mut moment)?;
            made(tx, &caller, (&made_code.record, &made_code.user.email), moment.now)?;
            Ok(Ok(made_code))
        })
        .await
}

fn grant(
    conn: &mut Conn,
    caller: &Caller,
    wish: &TokenWish,
    now: Time,
) -> Result<Result<Grant, NotMade>> {
    let user = match &wish.user {
        None => caller.user.clone(),
        Some(_) if auth::check(Action::ManageRoles, &caller.user, false).is_err() => {
            return Ok(Err(NotMade::Denied));
        }
        Some(email) => match users::by_email(conn, email)? {
            Some(user) => user,
            None => return Ok(Err(NotMade::UnknownUser)),
        },
    };
    let expires_at = wish.expires_in.map(|seconds| now + TimeDelta::seconds(seconds));
    let (scopes, description) = (wish.scopes.clone(), wish.description.clone());
    Ok(Ok(Grant { user, expires_at, scopes, description }))
}

fn made(
    tx: &mut Tx<'_>,
    caller: &Caller,
    (record, owner): (&kontena_store::tokens::Token, &str),
    at: Time,
) -> Result<()> {
    let event = if record.kind == Kind::Bearer { "create" } else { "create code" };
    note(tx, caller, event, (record.id, owner), described(record), at)
}
