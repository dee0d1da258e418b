//! The faults of a body in the shape that Kontena's clients read (`http-api.md` 1.4).
//!
//! Which faults there are is decided elsewhere; here is only how they nest and how they are shown.

use std::fmt;

use serde_json::{Map, Value};

/// What is wrong with each field of an object, in the order the fields were looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<(String, FieldError)>);

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldError {
    /// A sentence.
    Message(String),
    /// The faults of an object's fields.
    Fields(FieldErrors),
    /// The faults of a list's elements; none for an element that is fine.
    Items(Vec<Option<Self>>),
}

impl FieldErrors {
    /// Makes the faults of a body of which one field is wrong.
    #[must_use]
    pub fn single(field: impl Into<String>, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message.into());
        errors
    }

    /// Adds the fault of one field. A field keeps its first fault: a later one may be its consequence.
    pub fn add(&mut self, field: impl Into<String>, error: impl Into<FieldError>) {
        let field = field.into();
        if self.0.iter().all(|(known, _)| *known != field) {
            self.0.push((field, error.into()));
        }
    }

    /// Tells whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the fields that are wrong, in the order they were looked at.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &FieldError)> {
        self.0.iter().map(|(field, error)| (field.as_str(), error))
    }

    /// Renders the object that stands under `error` in an answer.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let fields = self.0.iter();
        Value::Object(
            fields.map(|(field, error)| (field.clone(), error.to_json())).collect::<Map<_, _>>(),
        )
    }

    /// Turns the absence of faults into success.
    pub(super) fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl FieldError {
    /// Makes the fault of a list of which only the wrong elements are told, without their positions.
    pub(super) fn failing(messages: Vec<String>) -> Self {
        Self::Items(messages.into_iter().map(|text| Some(text.into())).collect())
    }

    /// Renders the fault as it stands beside its field.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Message(text) => Value::String(text.clone()),
            Self::Fields(errors) => errors.to_json(),
            Self::Items(items) => Value::Array(
                items.iter().map(|item| item.as_ref().map_or(Value::Null, Self::to_json)).collect(),
            ),
        }
    }
}

impl From<String> for FieldError {
    fn from(text: String) -> Self {
        Self::Message(text)
    }
}

impl From<&str> for FieldError {
    fn from(text: &str) -> Self {
        Self::Message(text.to_owned())
    }
}

impl From<FieldErrors> for FieldError {
    fn from(errors: FieldErrors) -> Self {
        Self::Fields(errors)
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_json(), f)
    }
}

impl std::error::Error for FieldErrors {}

/// The name under which a message speaks of a value: `Node Port`, or `Env[1]` for an element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Title<'a> {
    field: &'a str,
    index: Option<usize>,
}

impl<'a> Title<'a> {
    /// Names a field.
    pub(super) fn of(field: &'a str) -> Self {
        Self { field, index: None }
    }

    /// Names an element of the list in this field.
    pub(super) fn at(self, index: usize) -> Self {
        Self { index: Some(index), ..self }
    }

    /// Makes a message of the title and what is wrong.
    pub(super) fn says(self, wrong: &str) -> FieldError {
        FieldError::Message(format!("{self} {wrong}"))
    }
}

impl fmt::Display for Title<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, word) in self.field.split('_').enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            let mut letters = word.chars();
            if let Some(first) = letters.next() {
                write!(f, "{}{}", first.to_ascii_uppercase(), letters.as_str())?;
            }
        }
        self.index.map_or(Ok(()), |index| write!(f, "[{index}]"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn titles_are_words_with_capitals() {
        let cases = [
            ("name", "Name"),
            ("initial_size", "Initial Size"),
            ("stop_grace_period", "Stop Grace Period"),
            ("max-size", "Max-size"),
            ("", ""),
        ];
        for (field, title) in cases {
            assert_eq!(Title::of(field).to_string(), title);
        }
        assert_eq!(Title::of("env").at(1).to_string(), "Env[1]");
    }

    #[test]
    fn faults_nest_and_keep_their_order() {
        let mut errors = FieldErrors::single("name", "Name is too short");
        errors.add("logs", FieldErrors::single("forwarder", "wrong"));
        errors.add("env", FieldError::Items(vec![None, Some("Env[1] is wrong".into()), None]));
        errors.add("name", "a later fault of the same field");
        assert_eq!(
            errors.fields().map(|(field, _)| field).collect::<Vec<_>>(),
            ["name", "logs", "env"]
        );
        assert_eq!(
            errors.to_json(),
            json!({
                "name": "Name is too short",
                "logs": {"forwarder": "wrong"},
                "env": [null, "Env[1] is wrong", null],
            })
        );
        assert_eq!(errors.clone().into_result(), Err(errors));
        assert_eq!(FieldErrors::default().into_result(), Ok(()));
    }
}
