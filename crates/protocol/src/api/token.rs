//! Access tokens, codes, invitations and users.

use serde::{Deserialize, Serialize};

/// An access token, or a code not yet exchanged for one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Token {
    /// 24 hexadecimal digits.
    pub id: String,
    /// `bearer`; absent for a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    /// `authorization_code`, for a code only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// The code in clear, in the creating answer only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// In clear, in the creating answer only.
    pub access_token: Option<String>,
    /// In clear, in the creating answer only; only of a token that expires.
    pub refresh_token: Option<String>,
    /// The end of the access token.
    pub access_token_last_four: Option<String>,
    /// The end of the refresh token.
    pub refresh_token_last_four: Option<String>,
    /// Seconds left; null: never expires.
    pub expires_in: Option<i64>,
    /// Joined by commas.
    pub scopes: String,
    /// Free text.
    pub description: Option<String>,
    /// Whose it is.
    pub user: TokenUser,
    /// The master.
    pub server: Server,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({} of {})", self.id, self.user.email)
    }
}

/// The user inside a [`Token`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenUser {
    /// 24 hexadecimal digits.
    pub id: String,
    /// E-mail address, or `admin`.
    pub email: String,
    /// Empty where unset.
    pub name: String,
}

/// The master inside a [`Token`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Server {
    /// The master's configured name.
    pub name: Option<String>,
}

/// `GET /v1/user`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// 24 hexadecimal digits.
    pub id: String,
    /// E-mail address, or `admin`.
    pub email: String,
    /// Free text.
    pub name: Option<String>,
    /// `{"name", "description"}` each.
    #[serde(default)]
    pub roles: Vec<serde_json::Value>,
}

/// `GET /oauth2/tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tokens {
    /// The caller's, codes included, oldest first.
    pub tokens: Vec<Token>,
}

/// The answer to an invitation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invitation {
    /// Address of who is invited.
    pub email: String,
    /// Good for one login: `kontena master login --code CODE URL`.
    pub invite_code: String,
    /// Shows the code in a browser.
    pub link: String,
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Invitation({})", self.email)
    }
}

/// `GET /v1/users`, `GET /v1/grids/:grid/users`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Users {
    /// By address.
    pub users: Vec<User>,
}
