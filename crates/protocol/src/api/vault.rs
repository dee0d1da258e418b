//! Secrets and external registries.

use serde::{Deserialize, Serialize};

/// A secret with its value; holds what is secret, so that it is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Secret {
    /// `GRID/NAME`.
    pub id: String,
    /// The name.
    pub name: String,
    /// When.
    pub created_at: String,
    /// When its value was last changed.
    pub updated_at: String,
    /// The value, byte for byte.
    pub value: String,
    /// Which services use it.
    #[serde(default)]
    pub services: Vec<ServiceOfSecret>,
}

/// A secret in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretInList {
    /// `GRID/NAME`.
    pub id: String,
    /// The name.
    pub name: String,
    /// When.
    pub created_at: String,
    /// When its value was last changed.
    pub updated_at: String,
    /// Which services use it.
    #[serde(default)]
    pub services: Vec<ServiceOfSecret>,
}

/// `GET /v1/grids/:grid/secrets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Secrets {
    /// By name.
    pub secrets: Vec<SecretInList>,
}

/// A service that uses a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceOfSecret {
    /// `GRID/STACK/SERVICE`.
    pub id: String,
    /// The name.
    pub name: String,
}

/// `POST /v1/grids/:grid/secrets`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretCreate {
    /// `A-Za-z0-9_-`, not starting with `-`; at most 128 bytes.
    pub name: String,
    /// Kept byte for byte.
    pub value: String,
}

/// `PUT /v1/secrets/:grid/:secret`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretUpdate {
    /// With `upsert`: the name of a secret that is created; none: that of the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Kept byte for byte.
    pub value: String,
    /// Whether a secret that does not exist is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upsert: Option<bool>,
}

/// An external registry; its password is never told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Registry {
    /// `GRID/NAME`.
    pub id: String,
    /// The host of its URL, with the port unless it is 80 or 443.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Who logs in.
    pub username: String,
    /// Where it wants one.
    pub email: Option<String>,
}

/// `GET /v1/grids/:grid/external_registries`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Registries {
    /// By name.
    pub external_registries: Vec<Registry>,
}

/// `POST /v1/grids/:grid/external_registries`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegistryCreate {
    /// `http://…` or `https://…`.
    pub url: String,
    /// Who logs in.
    pub username: String,
    /// With what.
    pub password: String,
    /// Where it wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}
