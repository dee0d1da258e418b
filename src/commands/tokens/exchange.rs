//! Logging in: a code for a token, a refresh token for a new pair.

use chrono::TimeDelta;
use kontena_store::{
    Result,
    tokens::{self as table, Kind},
    users,
};

use super::{Origin, described, note};
use crate::{
    auth::{Grant, Issued, issue},
    commands::Means,
    vault::Purpose,
};

/// What a refreshed token lives for, whatever the first one did (`http-api.md` 2.2). So does the token of an
/// invitation: its client refreshes it.
const REFRESHED: TimeDelta = TimeDelta::seconds(7200);

/// How an exchange ended.
pub enum Exchange {
    /// With a token.
    Issued(Box<Issued>),
    /// What was shown is unknown, was used, or its time is over.
    Unknown,
}

/// Exchanges a one-time code for a bearer token with the code's scopes, description and end, or the code of
/// an invitation for one that is refreshed. A code whose token would have ended is good for nothing.
///
/// # Errors
/// Where the store cannot be written.
pub async fn exchange_code(means: &Means, origin: &Origin, code: &str) -> Result<Exchange> {
    let hash = means.vault.hash(Purpose::Code, code);
    let (means_, origin) = (means.clone(), origin.clone());
    means
        .store
        .write(move |tx| {
            let mut moment = means_.clock.moment();
            let Some(code) = table::take_code(tx.conn(), &hash)? else {
                return Ok(Exchange::Unknown);
            };
            if code.expires_at.is_some_and(|end| end <= moment.now) {
                return Ok(Exchange::Unknown);
            }
            let Some(user) = users::by_id(tx.conn(), code.user)? else {
                return Ok(Exchange::Unknown);
            };
            let is_invitation = code.kind == Kind::Invite;
            let grant = Grant {
                user,
                expires_at: if is_invitation {
                    Some(moment.now + REFRESHED)
                } else {
                    code.expires_at
                },
                scopes: code.scopes,
                description: code.description,
            };
            let issued = issue(tx.conn(), &means_.vault, grant, &mut moment)?;
            let caller = origin.caller(issued.user.clone());
            let event = if is_invitation { "accept invitation" } else { "login" };
            let (token, what) = (&issued.record, described(&issued.record));
            note(tx, &caller, event, (token.id, &issued.user.email), what, moment.now)?;
            Ok(Exchange::Issued(Box::new(issued)))
        })
        .await
}

/// Exchanges a refresh token: the old pair is gone, the new one lives for two hours.
///
/// # Errors
/// Where the store cannot be written.
pub async fn refresh(means: &Means, origin: &Origin, refresh_token: &str) -> Result<Exchange> {
    let hash = means.vault.hash(Purpose::Access, refresh_token);
    let (means_, origin) = (means.clone(), origin.clone());
    means
        .store
        .write(move |tx| {
            let mut moment = means_.clock.moment();
            let Some(old) = table::take_by_refresh(tx.conn(), &hash)? else {
                return Ok(Exchange::Unknown);
            };
            let Some(user) = users::by_id(tx.conn(), old.user)? else {
                return Ok(Exchange::Unknown);
            };
            let grant = Grant {
                user,
                expires_at: Some(moment.now + REFRESHED),
                scopes: old.scopes,
                description: old.description,
            };
            let issued = issue(tx.conn(), &means_.vault, grant, &mut moment)?;
            let caller = origin.caller(issued.user.clone());
            let (token, what) = (&issued.record, described(&issued.record));
            note(tx, &caller, "refresh", (token.id, &issued.user.email), what, moment.now)?;
            Ok(Exchange::Issued(Box::new(issued)))
        })
        .await
}
