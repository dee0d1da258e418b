//! Invitations: a user, made where there is none, and a code with which somebody becomes them.

use kontena_core::{domain::UserId, validate::access::InviteWish};
use kontena_store::{
    Conn, Result, Tx,
    tokens::{self as table, Kind},
    users::{self, User},
};

use crate::{
    auth::{self, Action, Caller, Grant},
    commands::{Means, Subject, audit},
    vault::{Purpose, fresh_code},
};

/// An invitation as it was just made: the only time its code is known.
#[derive(Clone)]
pub struct Invited {
    /// Address of who is invited.
    pub email: String,
    /// Good for one login.
    pub code: String,
}

/// Why nobody was invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotInvited {
    /// Who asks may not invite.
    Denied,
    /// The user is somebody already: only a master admin may give a way in to others' accounts.
    Somebody,
}

/// Invites somebody. An earlier code of theirs is good for nothing from then on.
///
/// Here the code alone makes whoever holds it the user, with no provider of identities in between. So a user
/// admin invites only who is nobody yet; otherwise they could become any administrator.
///
/// # Errors
/// Where the store fails.
pub async fn invite(
    means: &Means,
    caller: &Caller,
    wish: InviteWish,
) -> Result<Result<Invited, NotInvited>> {
    if auth::check(Action::ManageUsers, &caller.user, false).is_err() {
        return Ok(Err(NotInvited::Denied));
    }
    let (means_, caller) = (means.clone(), caller.clone());
    means
        .store
        .write(move |tx| {
            let mut moment = means_.clock.moment();
            let user = match find_or_make(tx, &caller, &wish, &mut moment)? {
                Ok(user) => user,
                Err(not_invited) => return Ok(Err(not_invited)),
            };
            table::remove_invitations(tx.conn(), user.id)?;
            let email = user.email.clone();
            let id = user.id.to_string();
            let grant = Grant {
                user,
                expires_at: None,
                scopes: "user".to_owned(),
                description: Some("invitation".to_owned()),
            };
            let code = fresh_code();
            let (vault, kept) = (&means_.vault, code.clone());
            auth::issue_code(tx.conn(), vault, grant, Kind::Invite, kept, &mut moment)?;
            let subject = Subject { resource_type: "User", name: &email, id, ..Subject::default() };
            audit(tx, &caller, "invite", &subject, moment.now)?;
            Ok(Ok(Invited { email, code }))
        })
        .await
}

fn find_or_make(
    tx: &mut Tx<'_>,
    caller: &Caller,
    wish: &InviteWish,
    moment: &mut kontena_core::Moment,
) -> Result<Result<User, NotInvited>> {
    let (external_id, name) = (wish.external_id.as_deref(), wish.username.as_deref());
    if let Some(user) = users::meant(tx.conn(), external_id, &wish.email, name)? {
        let may = auth::check(Action::ManageRoles, &caller.user, false).is_ok()
            || users::is_blank(tx.conn(), user.id)?;
        return Ok(if may { Ok(user) } else { Err(NotInvited::Somebody) });
    }
    let user = User {
        id: UserId::from_bytes(moment.id()),
        email: wish.email.clone(),
        name: wish.username.clone().unwrap_or_default(),
        roles: Vec::new(),
    };
    users::create(tx.conn(), &user, moment.now)?;
    if let Some(external_id) = external_id {
        users::set_external_id(tx.conn(), user.id, external_id)?;
    }
    Ok(Ok(user))
}

/// Whether a code is that of an invitation that was not redeemed yet.
///
/// # Errors
/// Where the store cannot be read.
pub async fn is_invitation(means: &Means, code: &str) -> Result<bool> {
    let hash = means.vault.hash(Purpose::Code, code);
    means.store.read(move |conn: &mut Conn| Ok(table::invitation(conn, &hash)?.is_some())).await
}
