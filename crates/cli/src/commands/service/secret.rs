//! `kontena service secret link` and `kontena service secret unlink`.

use serde_json::{Value, json};

use super::settings;
use crate::api::Method;
use crate::args::service::SecretLink;
use crate::commands::document;
use crate::failure::{Failure, Kind};
use crate::output::Ink;
use crate::session::Session;

/// Gives a secret of the vault to a service.
pub(super) fn link(session: &Session<'_>, args: &SecretLink) -> Result<(), Failure> {
    let wanted = settings::secret(&args.secret)?;
    let path = super::service_path(session, &args.name)?;
    let client = session.client()?;
    let service: Value = client.get(&path)?;
    let mut secrets = document::items(&service, "secrets").to_vec();
    let name = session.console.paint(Ink::Cyan, &args.name);
    let secret = wanted.get("secret").map(document::plain).unwrap_or_default();
    let secret = session.console.paint(Ink::Cyan, secret);
    secrets.push(wanted);
    session.console.step(format!("Linking {secret} from Vault to {name} "), |_| {
        client.tell(Method::Put, &path, &json!({ "secrets": secrets }))
    })
}

/// Takes a secret away from a service, without a word.
pub(super) fn unlink(session: &Session<'_>, args: &SecretLink) -> Result<(), Failure> {
    let unwanted = settings::secret(&args.secret)?;
    let path = super::service_path(session, &args.name)?;
    let client = session.client()?;
    let service: Value = client.get(&path)?;
    let secrets = document::items(&service, "secrets");
    let is_meant = |secret: &Value| {
        ["secret", "name"].iter().all(|field| secret.get(field) == unwanted.get(field))
    };
    let rest: Vec<&Value> = secrets.iter().filter(|secret| !is_meant(secret)).collect();
    if rest.len() == secrets.len() {
        return Err(Failure::known(Kind::NotFound, "Secret not found"));
    }
    client.tell(Method::Put, &path, &json!({ "secrets": rest }))
}
