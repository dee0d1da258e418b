//! The first start: the vault key is tied to the database, and the first administrator may log in.

use kontena_core::{Moment, domain::UserId};
use kontena_store::{
    Result, Store, nodes, settings,
    users::{self, User},
};

use super::Means;
use crate::{
    auth::{self, Issued, MASTER_ADMIN},
    vault::{Vault, fresh_code},
};

/// The user that exists from the first start on.
pub const ADMIN: &str = "admin";

const VAULT_CHECK: &str = "vault.check";

/// Whether a vault key opens a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultCheck {
    /// It does, or is the database's first.
    Opens,
    /// Another key was used before.
    Wrong,
}

/// Compares the vault key with the one the database was first used with.
///
/// # Errors
/// Where the store fails.
pub async fn check_vault(store: &Store, vault: &Vault) -> Result<VaultCheck> {
    let vault = vault.clone();
    store
        .write(move |tx| {
            match settings::get(tx.conn(), VAULT_CHECK)? {
                Some(sealed) if vault.open(&sealed).is_err() => return Ok(VaultCheck::Wrong),
                Some(_) => {}
                None => settings::set(tx.conn(), VAULT_CHECK, &vault.seal("kontena"))?,
            }
            Ok(VaultCheck::Opens)
        })
        .await
}

/// Makes the first administrator at the first start. Returns the login code that was made up for them,
/// which nobody can find out later.
///
/// # Errors
/// Where the store fails.
pub async fn first_administrator(means: &Means, given: Option<String>) -> Result<Option<String>> {
    let (vault, clock) = (means.vault.clone(), means.clock.clone());
    let made_up = fresh_code();
    means
        .store
        .write(move |tx| {
            let mut moment = clock.moment();
            if users::by_email(tx.conn(), ADMIN)?.is_some() {
                return Ok(None);
            }
            let admin = administrator(&mut moment);
            users::create(tx.conn(), &admin, moment.now)?;
            let code = given.as_deref().unwrap_or(&made_up);
            auth::first_code(tx.conn(), &vault, admin.id, code, &mut moment)?;
            Ok(given.is_none().then(|| made_up.clone()))
        })
        .await
}

fn administrator(moment: &mut Moment) -> User {
    User {
        id: UserId::from_bytes(moment.id()),
        email: ADMIN.to_owned(),
        name: ADMIN.to_owned(),
        roles: vec![MASTER_ADMIN.to_owned()],
    }
}

/// Makes an access token for a user, who is made where there is none; roles are added.
///
/// # Errors
/// Where the store fails.
pub async fn create_token(
    means: &Means,
    email: String,
    roles: Vec<String>,
    expires_in: Option<chrono::TimeDelta>,
) -> Result<Issued> {
    let (vault, clock) = (means.vault.clone(), means.clock.clone());
    means
        .store
        .write(move |tx| {
            let mut moment = clock.moment();
            let mut user = match users::by_email(tx.conn(), &email)? {
                Some(user) => user,
                None => {
                    let id = UserId::from_bytes(moment.id());
                    let user =
                        User { id, email: email.clone(), name: String::new(), roles: vec![] };
                    users::create(tx.conn(), &user, moment.now)?;
                    user
                }
            };
            for role in &roles {
                users::add_role(tx.conn(), user.id, role)?;
            }
            user.roles.extend(roles.iter().cloned());
            let expires_at = expires_in.map(|span| moment.now + span);
            auth::issue(tx, &vault, user, expires_at, "user", &mut moment)
        })
        .await
}

/// A master begins to listen: nodes whose connection ended with the previous one are offline from now
/// on. Returns how many there were.
///
/// # Errors
/// Where the store fails.
pub async fn begin(store: &Store, listening_since: kontena_core::domain::Time) -> Result<usize> {
    store.write(move |tx| nodes::unplug_all(tx, listening_since, 1006, "master restarted")).await
}
