//! A token or code by what its owner has of it.

use kontena_core::domain::TokenId;
use kontena_store::{
    Result,
    tokens::{self as table, Token},
    users::{self, User},
};

use crate::{commands::Means, vault::Purpose};

/// Finds a token or code and its owner: by id, or by the access token itself.
///
/// # Errors
/// Where the store cannot be read.
pub async fn find(means: &Means, name: &str) -> Result<Option<(Token, User)>> {
    let id: Option<TokenId> = name.parse().ok();
    let hash = means.vault.hash(Purpose::Access, name);
    means
        .store
        .read(move |conn| {
            let found = match id {
                Some(id) => table::by_id(conn, id)?,
                None => table::bearer(conn, &hash)?,
            };
            let Some(token) = found else { return Ok(None) };
            Ok(users::by_id(conn, token.user)?.map(|owner| (token, owner)))
        })
        .await
}
