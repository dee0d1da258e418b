//! Volumes: creating one (`http-api.md` 3.8).
//!
//! Whether the name is taken is found by the store.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    error::{FieldErrors, Title},
    fields::body,
    rules::{self, Checked},
};
use crate::domain::VolumeScope;

/// The longest name: with a service's name around it, an engine still takes it.
const LONGEST_NAME: usize = 128;

/// A volume to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeDraft {
    /// Letters, digits, `_` and `-`, not starting with `-`.
    pub name: String,
    /// Who shares it.
    pub scope: VolumeScope,
    /// Volume driver, without version.
    pub driver: String,
    /// Driver options, kept byte for byte.
    pub driver_opts: BTreeMap<String, String>,
}

/// Reads the body that creates a volume.
pub fn create(value: &Value) -> Result<VolumeDraft, FieldErrors> {
    let scopes = VolumeScope::ALL.map(|scope| (scope.as_str(), scope));
    body(value, |fields| {
        let name = fields.required("name", name);
        let scope = fields.required("scope", rules::one_of(&scopes));
        let driver = fields.required("driver", driver);
        let opts = rules::texts_by_key("isn't a hash", rules::exact_text);
        let driver_opts = fields.optional("driver_opts", opts).unwrap_or_default();
        Some(VolumeDraft { name: name?, scope: scope?, driver: driver?, driver_opts })
    })
}

fn name(value: &Value, title: Title<'_>) -> Checked<String> {
    rules::short(rules::is_service_name, LONGEST_NAME)(value, title)
}

/// The version is each node's own.
fn driver(value: &Value, title: Title<'_>) -> Checked<String> {
    let driver = rules::text(value, title)?;
    if driver.contains(':') {
        return Err(title.says("version tag cannot be used"));
    }
    Ok(driver)
}
