//! Secrets and registries.

use kontena_core::domain::{Grid, Service};
use kontena_protocol::api::{self, timestamp};
use kontena_store::{registries::Registry, secrets::Secret};

use super::service::path;
use crate::commands::secrets::Opened;

/// Shows a secret with its value.
pub(in crate::http::v1) fn secret(grid: &Grid, opened: &Opened) -> api::Secret {
    let secret = &opened.secret;
    api::Secret {
        id: format!("{}/{}", grid.name, secret.name),
        name: secret.name.clone(),
        created_at: timestamp(secret.created_at),
        updated_at: timestamp(secret.updated_at),
        value: opened.value.clone(),
        services: opened.services.iter().map(|service| user(grid, service)).collect(),
    }
}

/// Shows a secret without its value.
pub(in crate::http::v1) fn secret_in_list(
    grid: &Grid,
    secret: &Secret,
    users: &[&Service],
) -> api::SecretInList {
    api::SecretInList {
        id: format!("{}/{}", grid.name, secret.name),
        name: secret.name.clone(),
        created_at: timestamp(secret.created_at),
        updated_at: timestamp(secret.updated_at),
        services: users.iter().map(|service| user(grid, service)).collect(),
    }
}

fn user(grid: &Grid, service: &Service) -> api::ServiceOfSecret {
    api::ServiceOfSecret { id: path(grid, service), name: service.name.clone() }
}

/// Shows a registry without its password.
pub(in crate::http::v1) fn registry(grid: &Grid, registry: &Registry) -> api::Registry {
    api::Registry {
        id: format!("{}/{}", grid.name, registry.name),
        name: registry.name.clone(),
        url: registry.url.clone(),
        username: registry.username.clone(),
        email: registry.email.clone(),
    }
}
