//! Tokens, invitations, roles, members of grids, configuration (`http-api.md` 2).
//!
//! Who may ask for them is decided elsewhere, and so is who exists.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    error::{FieldError, FieldErrors, Title},
    fields::{body, list},
    rules::{self, Checked},
};

/// The longest life of a token: a hundred years, in seconds. What shall live longer never ends.
const LONGEST_LIFE: i64 = 100 * 365 * 24 * 60 * 60;

/// The longest description, name or address, in characters.
const LONGEST_TEXT: usize = 255;

/// The longest value of the configuration, in characters.
const LONGEST_VALUE: usize = 4096;

/// The scopes there are.
const SCOPES: [&str; 2] = ["user", "owner"];

/// A token or code that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenWish {
    /// Joined by commas, without repetitions.
    pub scopes: String,
    /// Seconds; none: never ends.
    pub expires_in: Option<i64>,
    /// Free text.
    pub description: Option<String>,
    /// Address of the user it is for; none: of who asks.
    pub user: Option<String>,
}

/// An invitation that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteWish {
    /// Address of who is invited.
    pub email: String,
    /// Who they are to a provider of identities.
    pub external_id: Option<String>,
    /// Their name.
    pub username: Option<String>,
}

/// Reads a wish for a token or code; blank values were dropped before.
pub fn token(value: &Value) -> Result<TokenWish, FieldErrors> {
    body(value, |fields| {
        let scopes = fields.required("scope", scopes);
        let expires_in = fields.optional("expires_in", rules::integer(0..=LONGEST_LIFE));
        let description = fields.optional("description", short_text);
        let user = fields.optional("user", short_text);
        let expires_in = expires_in.filter(|seconds| *seconds > 0);
        Some(TokenWish { scopes: scopes?, expires_in, description, user })
    })
}

/// Reads a wish for an invitation; blank values were dropped before.
pub fn invite(value: &Value) -> Result<InviteWish, FieldErrors> {
    body(value, |fields| {
        let email = fields.required("email", email);
        let external_id = fields.optional("external_id", short_text);
        let username = fields.optional("username", short_text);
        Some(InviteWish { email: email?, external_id, username })
    })
}

/// Reads the name of the role that somebody shall have.
pub fn role(value: &Value) -> Result<String, FieldErrors> {
    body(value, |fields| fields.demanded("role", rules::text))
}

/// Reads the address of the user who shall be in a grid.
pub fn member(value: &Value) -> Result<String, FieldErrors> {
    body(value, |fields| fields.required("email", rules::text))
}

/// Reads changes of the configuration; none removes a key.
pub fn config(value: &Value) -> Result<BTreeMap<String, Option<String>>, FieldErrors> {
    let mut errors = FieldErrors::default();
    let mut changes = BTreeMap::new();
    for (key, value) in value.as_object().into_iter().flatten() {
        match setting(key, value) {
            Ok(value) => drop(changes.insert(key.clone(), value)),
            Err(error) => errors.add(key, error),
        }
    }
    errors.into_result()?;
    Ok(changes)
}

fn setting(key: &str, value: &Value) -> Checked<Option<String>> {
    let title = Title::of(key);
    let is_key = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    if key.is_empty() || key.len() > LONGEST_TEXT || !key.chars().all(is_key) {
        return Err(title.says("isn't in the right format"));
    }
    if value.is_null() {
        return Ok(None);
    }
    let text = rules::exact_text(value, title)?;
    if text.chars().count() > LONGEST_VALUE {
        return Err(title.says("is too long"));
    }
    Ok(Some(text))
}

/// A list of scopes, or a text that joins them.
fn scopes(value: &Value, title: Title<'_>) -> Checked<String> {
    let sent = match value {
        Value::Array(_) => list(rules::text)(value, title)?,
        _ => rules::text(value, title)?.split([',', ' ']).map(str::to_owned).collect(),
    };
    let mut known: Vec<&str> = Vec::new();
    for scope in sent.iter().filter(|scope| !scope.is_empty()) {
        let found = SCOPES.iter().find(|known| *known == scope);
        let scope = found.ok_or_else(|| title.says("isn't an option"))?;
        if !known.contains(scope) {
            known.push(scope);
        }
    }
    if known.is_empty() { Err(title.says("can't be blank")) } else { Ok(known.join(",")) }
}

fn short_text(value: &Value, title: Title<'_>) -> Checked<String> {
    let text = rules::text(value, title)?;
    if text.chars().count() > LONGEST_TEXT {
        return Err(title.says("is too long"));
    }
    Ok(text)
}

/// `x@y.tld`.
fn email(value: &Value, title: Title<'_>) -> Checked<String> {
    let wrong = || -> FieldError { title.says("isn't in the right format") };
    let text = short_text(value, title)?;
    let (local, domain) = text.split_once('@').ok_or_else(wrong)?;
    let is_part = |part: &str| {
        !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "@/\\\"".contains(c))
    };
    let labels: Vec<&str> = domain.split('.').collect();
    let is_domain = labels.len() > 1 && labels.into_iter().all(is_part);
    if is_part(local) && is_domain { Ok(text) } else { Err(wrong()) }
}
