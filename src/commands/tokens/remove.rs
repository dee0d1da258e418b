//! Revokes a token or code.

use kontena_store::{Result, tokens::Token, tokens::remove as remove_row};

use super::note;
use crate::{auth::Caller, commands::Means};

/// Revokes a token or code; says whether it was still there. Who calls was found to be its owner, or to
/// be allowed to revoke those of others.
///
/// # Errors
/// Where the store fails.
pub async fn remove(means: &Means, caller: &Caller, token: &Token, owner: &str) -> Result<bool> {
    let (clock, caller, id) = (means.clock.clone(), caller.clone(), token.id);
    let owner = owner.to_owned();
    means
        .store
        .write(move |tx| {
            if !remove_row(tx.conn(), id)? {
                return Ok(false);
            }
            note(tx, &caller, "revoke", (id, &owner), String::new(), clock.now())?;
            Ok(true)
        })
        .await
}
