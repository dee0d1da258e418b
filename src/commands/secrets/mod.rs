//! Secrets of the vault: create, change, show, remove. Values are sealed before they reach the store, and
//! opened for whoever may see them; they stand in no log line and in no audit line.

mod change;
mod create;
mod remove;
mod show;

pub use change::{Changed, change};
pub use create::create;
pub use remove::remove;
pub use show::show;

use kontena_core::domain::{Grid, Service};
use kontena_store::{Conn, StoreError, secrets::Secret, services};

use super::{Means, Subject};

const RESOURCE: &str = "GridSecret";

/// A secret with its value in clear, and the services that use it. Never printed.
pub struct Opened {
    /// As it is kept.
    pub secret: Secret,
    /// What is secret.
    pub value: String,
    /// Who uses it.
    pub services: Vec<Service>,
}

fn subject<'a>(grid: &'a Grid, name: &'a str) -> Subject<'a> {
    Subject {
        grid: Some(&grid.name),
        resource_type: RESOURCE,
        name,
        id: format!("{}/{name}", grid.name),
        what: String::new(),
    }
}

/// Whether a service uses a secret.
#[must_use]
pub fn uses(service: &Service, secret: &str) -> bool {
    service.spec.secrets.iter().any(|used| used.secret == secret)
}

fn users(conn: &mut Conn, grid: &Grid, secret: &str) -> Result<Vec<Service>, StoreError> {
    let mut services = services::of_grid(conn, grid.id)?;
    services.retain(|service| uses(service, secret));
    Ok(services)
}

fn open(means: &Means, secret: &Secret) -> Result<String, StoreError> {
    let opened = means.vault.open(&secret.value_sealed);
    opened.map_err(|error| StoreError::Corrupt { table: "secrets", what: error.to_string() })
}
