//! The first start: the vault key is tied to the database, and the first administrator may log in.

use kontena_core::{Moment, domain::UserId};
use kontena_store::{
    Result, Store, Tx, nodes, settings,
    tokens::Kind,
    users::{self, User},
};

use super::{
    Means, config,
    tokens::{Origin, described, note},
};
use crate::{
    auth::{self, Grant, Issued, MASTER_ADMIN},
    vault::{Vault, fresh_code},
};

/// The user that exists from the first start on.
pub const ADMIN: &str = "admin";

const VAULT_CHECK: &str = "vault.check";
/// Set once the first administrator's code was made.
const FIRST_CODE: &str = "admin.first_code";

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
            let user = find_or_make(tx, ADMIN, &mut moment)?;
            config::name_installation(tx.conn())?;
            if settings::get(tx.conn(), FIRST_CODE)?.is_some() {
                return Ok(None);
            }
            settings::set(tx.conn(), FIRST_CODE, "made")?;
            let code = given.clone().unwrap_or_else(|| made_up.clone());
            let scopes = "user,owner".to_owned();
            let grant = Grant { user, expires_at: None, scopes, description: None };
            auth::issue_code(tx.conn(), &vault, grant, Kind::Code, code, &mut moment)?;
            Ok(given.is_none().then(|| made_up.clone()))
        })
        .await
}

/// The user of this address, made where there is none. `admin` is always a master admin.
fn find_or_make(tx: &mut Tx<'_>, email: &str, moment: &mut Moment) -> Result<User> {
    let found = users::by_email(tx.conn(), email)?;
    let mut user = match found {
        Some(user) => user,
        None => {
            let name = if email == ADMIN { ADMIN } else { "" };
            let user = User {
                id: UserId::from_bytes(moment.id()),
                email: email.to_owned(),
                name: name.to_owned(),
                roles: Vec::new(),
            };
            users::create(tx.conn(), &user, moment.now)?;
            user
        }
    };
    if email == ADMIN && !user.roles.iter().any(|role| role == MASTER_ADMIN) {
        users::add_role(tx.conn(), user.id, MASTER_ADMIN)?;
        user.roles.push(MASTER_ADMIN.to_owned());
    }
    Ok(user)
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
            let mut user = find_or_make(tx, &email, &mut moment)?;
            for role in &roles {
                users::add_role(tx.conn(), user.id, role)?;
            }
            user.roles.extend(roles.iter().cloned());
            let expires_at = expires_in.map(|span| moment.now + span);
            let scopes = "user".to_owned();
            let grant = Grant { user, expires_at, scopes, description: None };
            let issued = auth::issue(tx.conn(), &vault, grant, &mut moment)?;
            let (record, owner) = (issued.record.id, &issued.user.email);
            let caller = on_the_machine().caller(issued.user.clone());
            let what = described(&issued.record);
            note(tx, &caller, "create", (record, owner), what, moment.now)?;
            Ok(issued)
        })
        .await
}

/// Who may read the vault key may do as they like, and is nobody the master knows: their line in the audit
/// log carries the user the token is for.
fn on_the_machine() -> Origin {
    Origin { source_ip: String::new(), user_agent: "kontena-master token create".to_owned() }
}

/// A master begins to listen: nodes whose connection ended with the previous one are offline from now
/// on. Returns how many there were.
///
/// # Errors
/// Where the store fails.
pub async fn begin(store: &Store, listening_since: kontena_core::domain::Time) -> Result<usize> {
    store.write(move |tx| nodes::unplug_all(tx, listening_since, 1006, "master restarted")).await
}
