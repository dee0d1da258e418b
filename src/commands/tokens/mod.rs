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

use kontena_core::domain::{Time, TokenId, UserId};
use kontena_store::{StoreError, Tx, tokens::Token, users::User};

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
    /// Who calls and is no user; the audit log calls them so.
    #[must_use]
    pub fn stranger(&self, name: &str) -> Caller {
        self.caller(User {
            id: UserId::from_bytes([0; 12]),
            email: name.to_owned(),
            name: name.to_owned(),
            roles: Vec::new(),
        })
    }

    /// Who calls, now that they are known.
    #[must_use]
    pub fn caller(&self, user: User) -> Caller {
        let (source_ip, user_agent) = (self.source_ip.clone(), self.user_agent.clone());
        Caller { user, source_ip, user_agent, token: String::new() }
    }
}

/// Notes what happened to a token or code of a user.
pub(super) fn note(
    tx: &mut Tx<'_>,
    caller: &Caller,
    event: &'static str,
    (token, owner): (TokenId, &str),
    what: String,
    at: Time,
) -> Result<(), StoreError> {
    let id = token.to_string();
    let subject = Subject { grid: None, resource_type: RESOURCE, name: owner, id, what };
    audit(tx, caller, event, &subject, at)
}

/// What an audit line says of a token or code.
pub(super) fn described(token: &Token) -> String {
    let end = token.expires_at.map_or_else(
        || "never ends".to_owned(),
        |end| end.format("ends %Y-%m-%dT%H:%M:%SZ").to_string(),
    );
    format!("scopes: {}; {end}", token.scopes)
}
