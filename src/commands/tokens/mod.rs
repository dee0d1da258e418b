//! Access tokens and codes: made, exchanged, refreshed, revoked; invitations.
//!
//! None of them is ever written down: the audit log names the record and its owner.

mod exchange;
mod find;
mod invite;
mod make;
mod remove;

pub use exchange::{Exchange, exchange_code, refresh};
pub use find::find;
pub use invite::{Invited, NotInvited, invite, is_invitation};
pub use make::{NotMade, code, token};
pub use remove::remove;

use kontena_core::domain::{Time, TokenId};
use kontena_store::{StoreError, Tx, users::User};

use super::{Subject, audit};
use crate::auth::Caller;

const RESOURCE: &str = "AccessToken";

/// Where somebody calls from who is not known yet.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The address.
    pub source_ip: String,
    /// With what the call was made.
    pub user_agent: String,
}

impl Origin {
    /// Who calls, now that they are known.
    pub(super) fn caller(&self, user: User) -> Caller {
        Caller { user, source_ip: self.source_ip.clone(), user_agent: self.user_agent.clone() }
    }
}

/// Notes what happened to a token or code of a user.
pub(super) fn note(
    tx: &mut Tx<'_>,
    caller: &Caller,
    event: &'static str,
    (token, owner): (TokenId, &str),
    at: Time,
) -> Result<(), StoreError> {
    let subject =
        Subject { grid: None, resource_type: RESOURCE, name: owner, id: token.to_string() };
    audit(tx, caller, event, &subject, at)
}
