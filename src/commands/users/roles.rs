//! Gives roles and takes them.

use kontena_core::validate::FieldErrors;
use kontena_store::{
    StoreError,
    users::{self, User},
};

use super::subject;
use crate::{
    auth::{Caller, MASTER_ADMIN, ROLES},
    commands::{CommandError, Means, audit, run, setup::ADMIN},
};

/// Gives a user a role; returns the user.
///
/// # Errors
/// Where the user or the role is unknown, or the store fails.
pub async fn add_role(
    means: &Means,
    caller: &Caller,
    email: &str,
    role: String,
) -> Result<User, CommandError> {
    let (clock, caller, email) = (means.clock.clone(), caller.clone(), email.to_owned());
    run(&means.store, move |tx| {
        let Some(mut user) = users::by_email(tx.conn(), &email)? else {
            return Err(StoreError::Conflict("users"));
        };
        if let Err(unknown) = known(&role) {
            return Ok(Err(unknown));
        }
        if !user.roles.contains(&role) {
            users::add_role(tx.conn(), user.id, &role)?;
            user.roles.push(role.clone());
            user.roles.sort();
            let subject = subject(&user, None).with(role.as_str());
            audit(tx, &caller, "add role", &subject, clock.now())?;
        }
        Ok(Ok(user))
    })
    .await
}

/// Takes a role from a user; returns the user. There is always a master admin, and `admin` is always one.
///
/// # Errors
/// Where that would end, the user or the role is unknown, or the store fails.
pub async fn remove_role(
    means: &Means,
    caller: &Caller,
    email: &str,
    role: &str,
) -> Result<User, CommandError> {
    let (clock, caller, email) = (means.clock.clone(), caller.clone(), email.to_owned());
    let role = role.to_owned();
    run(&means.store, move |tx| {
        let Some(mut user) = users::by_email(tx.conn(), &email)? else {
            return Err(StoreError::Conflict("users"));
        };
        if let Err(unknown) = known(&role) {
            return Ok(Err(unknown));
        }
        if role == MASTER_ADMIN {
            let of_role = |text: &str| Ok(Err(FieldErrors::single("role", text)));
            if users::holders(tx.conn(), &role)? == 1 {
                return of_role("Not allowed to remove last user from Master admin role");
            }
            if user.email == ADMIN {
                return of_role("Not allowed to remove admin from Master admin role");
            }
        }
        if user.roles.contains(&role) {
            users::remove_role(tx.conn(), user.id, &role)?;
            user.roles.retain(|known| *known != role);
            let subject = subject(&user, None).with(role.as_str());
            audit(tx, &caller, "remove role", &subject, clock.now())?;
        }
        Ok(Ok(user))
    })
    .await
}

fn known(role: &str) -> Result<(), FieldErrors> {
    if ROLES.contains(&role) {
        return Ok(());
    }
    Err(FieldErrors::single("role", format!("Role '{role}' not found")))
}
