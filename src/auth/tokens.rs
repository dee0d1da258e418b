//! Issuing, exchanging and recognising access tokens.

use chrono::TimeDelta;
use kontena_core::{
    Moment,
    domain::{Time, TokenId, UserId},
};
use kontena_store::{
    Conn, Result, Store, Tx,
    tokens::{self, Kind, Token},
    users::{self, User},
};

use super::Bearer;
use crate::vault::{Purpose, Vault, fresh_access_token, fresh_refresh_token};

/// What a refreshed token lives for, whatever the first one did.
const REFRESHED_SECONDS: i64 = 7200;

/// A token as it was just made: the only time its text is known.
#[derive(Clone)]
pub struct Issued {
    /// The record.
    pub record: Token,
    /// Whose it is.
    pub user: User,
    /// The access token.
    pub access_token: String,
    /// Only of a token that expires.
    pub refresh_token: Option<String>,
}

/// How an exchange of a code or a refresh token ended.
pub enum Exchange {
    /// With a token.
    Issued(Box<Issued>),
    /// It is unknown, or was used.
    Unknown,
}

/// Recognises a bearer token by its keyed hash.
///
/// # Errors
/// Where the store cannot be read.
pub async fn authenticate(store: &Store, hash: String, now: Time) -> Result<Bearer> {
    store
        .read(move |conn| {
            let Some(token) = tokens::bearer(conn, &hash)? else {
                return Ok(Bearer::Unknown);
            };
            if token.expires_at.is_some_and(|end| end <= now) {
                return Ok(Bearer::Expired);
            }
            let user = users::by_id(conn, token.user)?;
            Ok(user.map_or(Bearer::Unknown, |user| Bearer::Valid(user, token.expires_at)))
        })
        .await
}

/// Exchanges a one-time code for a bearer token with the code's scopes and end.
///
/// # Errors
/// Where the store cannot be written.
pub async fn exchange_code(
    store: &Store,
    vault: &Vault,
    code: &str,
    moment: Moment,
) -> Result<Exchange> {
    let (vault, hash) = (vault.clone(), vault.hash(Purpose::Code, code));
    store
        .write(move |tx| {
            let Some(code) = tokens::take_code(tx.conn(), &hash)? else {
                return Ok(Exchange::Unknown);
            };
            let Some(user) = users::by_id(tx.conn(), code.user)? else {
                return Ok(Exchange::Unknown);
            };
            // A code that never ends yields a token that never ends, and so has no refresh token.
            issue(tx, &vault, user, code.expires_at, &code.scopes, &mut moment.clone())
                .map(|issued| Exchange::Issued(Box::new(issued)))
        })
        .await
}

/// Exchanges a refresh token: the old pair is gone, the new one lives for two hours.
///
/// # Errors
/// Where the store cannot be written.
pub async fn refresh(
    store: &Store,
    vault: &Vault,
    refresh_token: &str,
    moment: Moment,
) -> Result<Exchange> {
    let (vault, hash) = (vault.clone(), vault.hash(Purpose::Access, refresh_token));
    store
        .write(move |tx| {
            let Some(old) = tokens::take_by_refresh(tx.conn(), &hash)? else {
                return Ok(Exchange::Unknown);
            };
            let Some(user) = users::by_id(tx.conn(), old.user)? else {
                return Ok(Exchange::Unknown);
            };
            let end = moment.now + TimeDelta::seconds(REFRESHED_SECONDS);
            issue(tx, &vault, user, Some(end), &old.scopes, &mut moment.clone())
                .map(|issued| Exchange::Issued(Box::new(issued)))
        })
        .await
}

/// Makes a bearer token for a user within a job.
///
/// # Errors
/// Where the statement fails.
pub fn issue(
    tx: &mut Tx<'_>,
    vault: &Vault,
    user: User,
    expires_at: Option<Time>,
    scopes: &str,
    moment: &mut Moment,
) -> Result<Issued> {
    let access_token = fresh_access_token();
    let refresh_token = expires_at.map(|_| fresh_refresh_token());
    let record = Token {
        id: TokenId::from_bytes(moment.id()),
        user: user.id,
        kind: Kind::Bearer,
        token_hash: vault.hash(Purpose::Access, &access_token),
        refresh_hash: refresh_token.as_ref().map(|token| vault.hash(Purpose::Access, token)),
        last_four: Some(last_four(&access_token)),
        refresh_last_four: refresh_token.as_deref().map(last_four),
        scopes: scopes.to_owned(),
        description: None,
        expires_at,
        created_at: moment.now,
    };
    tokens::create(tx.conn(), &record)?;
    Ok(Issued { record, user, access_token, refresh_token })
}

/// Keeps a one-time code for a user, within a job. It never ends, and neither does its token.
///
/// # Errors
/// Where the statement fails.
pub fn first_code(
    conn: &mut Conn,
    vault: &Vault,
    user: UserId,
    code: &str,
    moment: &mut Moment,
) -> Result<()> {
    let record = Token {
        id: TokenId::from_bytes(moment.id()),
        user,
        kind: Kind::Code,
        token_hash: vault.hash(Purpose::Code, code),
        refresh_hash: None,
        last_four: None,
        refresh_last_four: None,
        scopes: "user,owner".to_owned(),
        description: None,
        expires_at: None,
        created_at: moment.now,
    };
    tokens::create(conn, &record)
}

fn last_four(token: &str) -> String {
    let start = token.len().saturating_sub(4);
    token.get(start..).unwrap_or_default().to_owned()
}
