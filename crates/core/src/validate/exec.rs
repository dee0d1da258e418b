//! Commands that are run in containers (`http-api.md` 3.9).

use serde_json::Value;

use super::{
    error::FieldErrors,
    fields::{body, list},
    rules,
};

/// Reads the body that runs a command: program and arguments, byte for byte.
pub fn command(value: &Value) -> Result<Vec<String>, FieldErrors> {
    let cmd = body(value, |fields| fields.required("cmd", list(rules::exact_text)))?;
    match cmd.first() {
        Some(program) if !program.is_empty() => Ok(cmd),
        _ => Err(FieldErrors::single("cmd", "Cmd can't be blank")),
    }
}
