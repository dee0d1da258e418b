//! Nodes: creating one ahead of its agent, labels and availability, and its token (`http-api.md` 4).
//!
//! Whether a name or a token is taken, and whether a number is free, is found by the store.

use serde_json::Value;

use super::{
    error::{FieldErrors, Title},
    fields::{body, list},
    rules::{self, Checked},
};
use crate::domain::{Availability, text};

/// The shortest and the longest node token.
const TOKEN_LENGTH: (usize, usize) = (16, 256);

/// A node to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeDraft {
    /// Letters, digits, `_` and `-`.
    pub name: String,
    /// The node token; none: one is to be made.
    pub token: Option<String>,
    /// `name` or `name=value`.
    pub labels: Vec<String>,
}

/// Changes to a node; what is none stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeEdit {
    /// The whole new list; an empty one clears.
    pub labels: Option<Vec<String>>,
    /// Whether the node takes instances.
    pub availability: Option<Availability>,
}

/// A new node token, or its removal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenReset {
    /// The new token; none: one is to be made. Without meaning for a removal.
    pub token: Option<String>,
    /// Whether the agent's connection is ended at once.
    pub reset_connection: bool,
}

/// Reads the body that creates a node.
pub fn create(value: &Value) -> Result<NodeDraft, FieldErrors> {
    body(value, |fields| {
        let name = fields.demanded("name", rules::short(rules::is_name, text::NAME));
        let token = fields.optional("token", token);
        let labels = fields.optional("labels", list(rules::text));
        Some(NodeDraft { name: name?, token, labels: labels.unwrap_or_default() })
    })
}

/// Reads the body that changes a node.
pub fn update(value: &Value) -> Result<NodeEdit, FieldErrors> {
    let words = [Availability::Active, Availability::Drain].map(|known| (known.as_str(), known));
    body(value, |fields| {
        Some(NodeEdit {
            labels: fields.optional("labels", list(rules::text)),
            availability: fields.optional("availability", rules::one_of(&words)),
        })
    })
}

/// Reads the body that sets or removes a node's token.
pub fn token_reset(value: &Value) -> Result<TokenReset, FieldErrors> {
    body(value, |fields| {
        Some(TokenReset {
            token: fields.optional("token", token),
            reset_connection: fields
                .optional("reset_connection", rules::boolean)
                .unwrap_or_default(),
        })
    })
}

/// A node token. Its length is told without a title: in Kontena the record says it, not the form.
fn token(value: &Value, title: Title<'_>) -> Checked<String> {
    let (shortest, longest) = TOKEN_LENGTH;
    let token = rules::text(value, title)?;
    match token.chars().count() {
        length if length < shortest => {
            Err(format!("is too short (minimum is {shortest} characters)").into())
        }
        length if length > longest => {
            Err(format!("is too long (maximum is {longest} characters)").into())
        }
        _ => Ok(token),
    }
}
