//! Secrets: creating one and changing its value (`http-api.md` 3.7).
//!
//! Values are kept byte for byte. Whether a name is taken is found by the store.

use serde_json::Value;

use super::{
    error::{FieldErrors, Title},
    fields::{Fields, body},
    rules::{self, Checked},
};

/// The longest name, in bytes.
const LONGEST_NAME: usize = 128;

/// A secret to be created.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretDraft {
    /// Letters, digits, `_` and `-`, not starting with `-`.
    pub name: String,
    /// What is secret.
    pub value: String,
}

/// Another value for a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretEdit {
    /// What is secret from now on.
    pub value: String,
    /// The name to create it by where it does not exist; none: it is not created.
    pub upsert: Option<String>,
}

/// Reads the body that creates a secret.
pub fn create(value: &Value) -> Result<SecretDraft, FieldErrors> {
    body(value, |fields| {
        let (name, value) = (fields.required("name", name), secret_value(fields));
        Some(SecretDraft { name: name?, value: value? })
    })
}

/// Reads the body that changes a secret, which is called `known` in the path. A name that is sent, and
/// another, is what an `upsert` creates.
pub fn update(value: &Value, known: &str) -> Result<SecretEdit, FieldErrors> {
    body(value, |fields| {
        let upsert = fields.optional("upsert", rules::boolean).unwrap_or_default();
        let known = Value::from(known);
        let named = upsert.then(|| {
            let sent = fields.optional("name", name);
            sent.or_else(|| name(&known, Title::of("name")).ok())
        });
        Some(SecretEdit { value: secret_value(fields)?, upsert: named.flatten() })
    })
}

fn name(value: &Value, title: Title<'_>) -> Checked<String> {
    rules::short(rules::is_service_name, LONGEST_NAME)(value, title)
}

fn secret_value(fields: &mut Fields<'_>) -> Option<String> {
    fields.required("value", rules::exact_unblank_text)
}
