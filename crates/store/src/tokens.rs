//! Access tokens and one-time codes, by keyed hash.

use diesel::prelude::*;
use kontena_core::domain::{Time, TokenId, UserId};

use crate::{
    Conn, Result, StoreError,
    connection::MultiBackend,
    row::{id, micros, micros_opt, time, time_opt},
    schema::tokens,
};

/// What a token record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Authenticates calls.
    Bearer,
    /// Is exchanged for a bearer token, once.
    Code,
    /// A code that was given to somebody else: whoever redeems it is the user from then on.
    Invite,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Code => "code",
            Self::Invite => "invite",
        }
    }
}

/// A token as it is kept: without the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Identity.
    pub id: TokenId,
    /// Whose it is.
    pub user: UserId,
    /// What it is.
    pub kind: Kind,
    /// Keyed hash.
    pub token_hash: String,
    /// Keyed hash; only of a token that expires.
    pub refresh_hash: Option<String>,
    /// The end of the token.
    pub last_four: Option<String>,
    /// The end of the refresh token.
    pub refresh_last_four: Option<String>,
    /// Joined by commas.
    pub scopes: String,
    /// Free text.
    pub description: Option<String>,
    /// Never where none.
    pub expires_at: Option<Time>,
    /// Creation.
    pub created_at: Time,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(
    table_name = tokens, check_for_backend(MultiBackend), treat_none_as_default_value = false
)]
struct TokenRow {
    id: String,
    user_id: String,
    kind: String,
    token_hash: String,
    refresh_hash: Option<String>,
    last_four: Option<String>,
    refresh_last_four: Option<String>,
    scopes: String,
    description: Option<String>,
    expires_at: Option<i64>,
    created_at: i64,
}

impl TryFrom<TokenRow> for Token {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self> {
        Ok(Self {
            id: id("tokens", &row.id)?,
            user: id("tokens", &row.user_id)?,
            kind: match row.kind.as_str() {
                "code" => Kind::Code,
                "invite" => Kind::Invite,
                "bearer" => Kind::Bearer,
                other => return Err(StoreError::corrupt("tokens", format!("kind {other}"))),
            },
            token_hash: row.token_hash,
            refresh_hash: row.refresh_hash,
            last_four: row.last_four,
            refresh_last_four: row.refresh_last_four,
            scopes: row.scopes,
            description: row.description,
            expires_at: time_opt("tokens", row.expires_at)?,
            created_at: time("tokens", row.created_at)?,
        })
    }
}

/// Adds a token.
///
/// # Errors
/// Where the statement fails.
pub fn create(conn: &mut Conn, token: &Token) -> Result<()> {
    let row = TokenRow {
        id: token.id.to_string(),
        user_id: token.user.to_string(),
        kind: token.kind.as_str().to_owned(),
        token_hash: token.token_hash.clone(),
        refresh_hash: token.refresh_hash.clone(),
        last_four: token.last_four.clone(),
        refresh_last_four: token.refresh_last_four.clone(),
        scopes: token.scopes.clone(),
        description: token.description.clone(),
        expires_at: micros_opt(token.expires_at),
        created_at: micros(token.created_at),
    };
    diesel::insert_into(tokens::table).values(row).execute(conn)?;
    Ok(())
}

/// A bearer token by its keyed hash.
///
/// # Errors
/// Where the query fails.
pub fn bearer(conn: &mut Conn, token_hash: &str) -> Result<Option<Token>> {
    find(conn, &[Kind::Bearer], token_hash)
}

/// An invitation that was not redeemed yet, by the keyed hash of its code.
///
/// # Errors
/// Where the query fails.
pub fn invitation(conn: &mut Conn, token_hash: &str) -> Result<Option<Token>> {
    find(conn, &[Kind::Invite], token_hash)
}

fn find(conn: &mut Conn, kinds: &[Kind], token_hash: &str) -> Result<Option<Token>> {
    let row = tokens::table
        .filter(tokens::token_hash.eq(token_hash))
        .filter(tokens::kind.eq_any(kinds.iter().map(|kind| kind.as_str())))
        .select(TokenRow::as_select())
        .get_result(conn)
        .optional()?;
    row.map(Token::try_from).transpose()
}

/// Takes a code or an invitation: it is gone afterwards.
///
/// # Errors
/// Where a statement fails.
pub fn take_code(conn: &mut Conn, token_hash: &str) -> Result<Option<Token>> {
    take(conn, |conn| find(conn, &[Kind::Code, Kind::Invite], token_hash))
}

/// Takes the token that a refresh token, given as its keyed hash, belongs to: it is gone afterwards.
///
/// # Errors
/// Where a statement fails.
pub fn take_by_refresh(conn: &mut Conn, refresh_hash: &str) -> Result<Option<Token>> {
    take(conn, |conn| {
        let row = tokens::table
            .filter(tokens::refresh_hash.eq(refresh_hash))
            .select(TokenRow::as_select())
            .get_result(conn)
            .optional()?;
        row.map(Token::try_from).transpose()
    })
}

fn take(
    conn: &mut Conn,
    find: impl FnOnce(&mut Conn) -> Result<Option<Token>>,
) -> Result<Option<Token>> {
    let Some(token) = find(conn)? else {
        return Ok(None);
    };
    // Two callers at once: only the one that deletes it has it.
    let taken = diesel::delete(tokens::table.find(token.id.to_string())).execute(conn)?;
    Ok((taken == 1).then_some(token))
}

/// The tokens and codes of a user, oldest first.
///
/// # Errors
/// Where the query fails.
pub fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<Token>> {
    let rows = tokens::table
        .filter(tokens::user_id.eq(user.to_string()))
        .order((tokens::created_at, tokens::id))
        .select(TokenRow::as_select())
        .load(conn)?;
    rows.into_iter().map(Token::try_from).collect()
}

/// A token or code by identity.
///
/// # Errors
/// Where the query fails.
pub fn by_id(conn: &mut Conn, token: TokenId) -> Result<Option<Token>> {
    let row = tokens::table.find(token.to_string()).select(TokenRow::as_select());
    row.get_result(conn).optional()?.map(Token::try_from).transpose()
}

/// Removes a token or code; says whether there was one.
///
/// # Errors
/// Where the statement fails.
pub fn remove(conn: &mut Conn, token: TokenId) -> Result<bool> {
    Ok(diesel::delete(tokens::table.find(token.to_string())).execute(conn)? > 0)
}

/// Takes back the invitations of a user that were not redeemed.
///
/// # Errors
/// Where the statement fails.
pub fn remove_invitations(conn: &mut Conn, user: UserId) -> Result<usize> {
    let rows = tokens::table
        .filter(tokens::user_id.eq(user.to_string()))
        .filter(tokens::kind.eq(Kind::Invite.as_str()));
    Ok(diesel::delete(rows).execute(conn)?)
}
