//! External registries: adding one (`http-api.md` 3.10).
//!
//! Whether a registry is known already is found by the store.

use serde_json::Value;

use super::{
    error::{FieldErrors, Title},
    fields::body,
    rules::{self, Checked},
};

/// The longest URL, in bytes; the name is a part of it, and an index takes it.
const LONGEST_URL: usize = 512;

/// A registry to be added.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryDraft {
    /// Host of the URL, with the port unless it is 80 or 443.
    pub name: String,
    /// `http://…` or `https://…`.
    pub url: String,
    /// Who logs in.
    pub username: String,
    /// With what, byte for byte.
    pub password: String,
    /// Where it wants one.
    pub email: Option<String>,
}

/// Reads the body that adds a registry.
pub fn create(value: &Value) -> Result<RegistryDraft, FieldErrors> {
    body(value, |fields| {
        let url = fields.required("url", url);
        let username = fields.required("username", rules::exact_unblank_text);
        let password = fields.required("password", rules::exact_unblank_text);
        let email = fields.optional("email", rules::text);
        let (url, name) = url?;
        Some(RegistryDraft { name, url, username: username?, password: password?, email })
    })
}

/// A URL and the name that it gives its registry.
fn url(value: &Value, title: Title<'_>) -> Checked<(String, String)> {
    let url = rules::text(value, title)?;
    if url.len() > LONGEST_URL {
        return Err(title.says("is too long"));
    }
    match name_of(&url) {
        Some(name) => Ok((url, name)),
        None => Err(title.says("isn't in the right format")),
    }
}

fn name_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = host_and_port.split_once(':').unwrap_or((host_and_port, "443"));
    let allowed =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
    if host.is_empty() || !host.chars().all(allowed) {
        return None;
    }
    let host = host.to_ascii_lowercase();
    match port.parse::<u16>().ok()? {
        0 => None,
        80 | 443 => Some(host),
        port => Some(format!("{host}:{port}")),
    }
}
