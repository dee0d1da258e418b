//! Issuing and recognising access tokens and codes. Who asks for them, and what is noted of it, is for commands.

use kontena_core::{
    Moment,
    domain::{Time, TokenId},
};
use kontena_store::{
    Conn, Result, Store,
    tokens::{self, Kind, Token},
    users::{self, User},
};

use super::{Bearer, Scopes};
use crate::vault::{Purpose, Vault, fresh_access_token, fresh_refresh_token};

/// What a token or code is to be.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Whose.
    pub user: User,
    /// Its end, or that of the token that a code is exchanged for; never where none.
    pub expires_at: Option<Time>,
    /// Joined by commas.
    pub scopes: String,
    /// Free text.
    pub description: Option<String>,
}

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

/// A code as it was just made: the only time its text is known.
#[derive(Clone)]
pub struct IssuedCode {
    /// The record.
    pub record: Token,
    /// Whose it is.
    pub user: User,
    /// The code.
    pub code: String,
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
            let (scopes, end) = (Scopes(token.scopes), token.expires_at);
            Ok(user.map_or(Bearer::Unknown, |user| Bearer::Valid(user, scopes, end)))
        })
        .await
}

/// Makes a bearer token within a job. Only one that ends has a refresh token.
///
/// # Errors
/// Where the statement fails.
pub fn issue(conn: &mut Conn, vault: &Vault, grant: Grant, moment: &mut Moment) -> Result<Issued> {
    let access_token = fresh_access_token();
    let refresh_token = grant.expires_at.map(|_| fresh_refresh_token());
    let record = Token {
        id: TokenId::from_bytes(moment.id()),
        user: grant.user.id,
        kind: Kind::Bearer,
        token_hash: vault.hash(Purpose::Access, &access_token),
        refresh_hash: refresh_token.as_ref().map(|token| vault.hash(Purpose::Access, token)),
        last_four: Some(last_four(&access_token)),
        refresh_last_four: refresh_token.as_deref().map(last_four),
        scopes: grant.scopes,
        description: grant.description,
        expires_at: grant.expires_at,
        created_at: moment.now,
    };
    tokens::create(conn, &record)?;
    Ok(Issued { record, user: grant.user, access_token, refresh_token })
}

/// Keeps a one-time code within a job.
///
/// # Errors
/// Where the statement fails.
pub fn issue_code(
    conn: &mut Conn,
    vault: &Vault,
    grant: Grant,
    kind: Kind,
    code: String,
    moment: &mut Moment,
) -> Result<IssuedCode> {
    let record = Token {
        id: TokenId::from_bytes(moment.id()),
        user: grant.user.id,
        kind,
        token_hash: vault.hash(Purpose::Code, &code),
        refresh_hash: None,
        last_four: None,
        refresh_last_four: None,
        scopes: grant.scopes,
        description: grant.description,
        expires_at: grant.expires_at,
        created_at: moment.now,
    };
    tokens::create(conn, &record)?;
    Ok(IssuedCode { record, user: grant.user, code })
}

fn last_four(token: &str) -> String {
    let start = token.len().saturating_sub(4);
    token.get(start..).unwrap_or_default().to_owned()
}
