//! Removes a user with their tokens, roles and memberships.

use kontena_core::validate::FieldErrors;
use kontena_store::{StoreError, users};

use super::subject;
use crate::{
    auth::{self, Action, Caller, MASTER_ADMIN},
    commands::{CommandError, Means, audit, run, setup::ADMIN},
};

/// Removes a user. Nobody removes themselves or the first administrator, and only a master admin another.
///
/// # Errors
/// Where that would happen, the user is unknown, or the store fails.
pub async fn remove(means: &Means, caller: &Caller, email: &str) -> Result<(), CommandError> {
    let (clock, caller, email) = (means.clock.clone(), caller.clone(), email.to_owned());
    run(&means.store, move |tx| {
        let Some(user) = users::by_email(tx.conn(), &email)? else {
            return Err(StoreError::Conflict("users"));
        };
        if user.id == caller.user.id {
            return Ok(Err(FieldErrors::single("user", "Cannot remove itself")));
        }
        let is_admin = user.roles.iter().any(|role| role == MASTER_ADMIN);
        let may_remove_admins = auth::check(Action::ManageRoles, &caller.user, false).is_ok();
        if user.email == ADMIN || (is_admin && !may_remove_admins) {
            return Ok(Err(FieldErrors::single("user", "Operation not allowed")));
        }
        users::remove(tx.conn(), user.id)?;
        audit(tx, &caller, "delete", &subject(&user, None), clock.now())?;
        Ok(Ok(()))
    })
    .await
}
