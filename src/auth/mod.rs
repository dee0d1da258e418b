//! Users, access tokens, roles: who calls, and what they may do in a grid.
//!
//! Tokens are found by keyed hash, so that nothing here ever compares a secret text by text. What may be
//! done by whom is one table, [`Action`] × role (`http-api.md` 2.7).

mod access;
mod tokens;

pub use access::{Action, Denied, check};
pub use tokens::{Grant, Issued, IssuedCode, authenticate, issue, issue_code};

use kontena_core::domain::Time;
use kontena_store::users::User;

/// Who makes a call, and from where; what an audit entry needs.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// Where the call came from.
    pub source_ip: String,
    /// With what it was made.
    pub user_agent: String,
    /// The keyed hash of the token it showed; empty where it showed none.
    pub token: String,
}

/// Whether a bearer token opens the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bearer {
    /// It is this user's, for these scopes, until its end where it has one.
    Valid(User, Scopes, Option<Time>),
    /// It was, and its time is over.
    Expired,
    /// Nobody's.
    Unknown,
}

/// What a token is good for, joined by commas. Only making tokens asks for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(pub String);

impl Scopes {
    /// Whether they include one.
    #[must_use]
    pub fn include(&self, scope: &str) -> bool {
        self.0.split(',').any(|known| known == scope)
    }
}

/// The role that includes everything.
pub const MASTER_ADMIN: &str = "master_admin";
/// The role that administers the grids its holder is a member of.
pub const GRID_ADMIN: &str = "grid_admin";
/// The role that invites and removes users.
pub const USER_ADMIN: &str = "user_admin";
/// What people call a role.
#[must_use]
pub fn role_title(role: &str) -> &'static str {
    match role {
        MASTER_ADMIN => "Master admin",
        GRID_ADMIN => "Grid admin",
        USER_ADMIN => "Invite and remove users",
        _ => "",
    }
}

/// Every role there is.
pub const ROLES: [&str; 3] = [MASTER_ADMIN, GRID_ADMIN, USER_ADMIN];
