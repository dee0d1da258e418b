//! Reading the fields of an object, and lists, so that every fault is found and none hides another.
//!
//! What a single value may be is in `rules`; which fields there are is in `node`, `grid` and `service`.

use serde_json::{Map, Value};

use super::{
    error::{FieldError, FieldErrors, Title},
    rules::Checked,
};

/// The fields of one object while they are read; collects what is wrong with them.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    sent: &'a Map<String, Value>,
    errors: FieldErrors,
}

impl Fields<'_> {
    /// Reads a field that need not be sent; `null` is the same as not sent.
    pub(super) fn optional<T>(
        &mut self,
        field: &str,
        rule: impl Fn(&Value, Title<'_>) -> Checked<T>,
    ) -> Option<T> {
        let value = self.sent.get(field).filter(|value| !value.is_null())?;
        self.keep(field, rule(value, Title::of(field)))
    }

    /// Reads a field that has to be sent, and not as `null`. The result is none only where a fault was
    /// noted.
    pub(super) fn required<T>(
        &mut self,
        field: &str,
        rule: impl Fn(&Value, Title<'_>) -> Checked<T>,
    ) -> Option<T> {
        match self.sent.get(field) {
            None => self.keep(field, Err(Title::of(field).says("is required"))),
            Some(Value::Null) => self.keep(field, Err(Title::of(field).says("can't be nil"))),
            Some(_) => self.optional(field, rule),
        }
    }

    /// Reads a field that has to have a value, where clients are told the same about a missing one as
    /// about `null`.
    pub(super) fn demanded<T>(
        &mut self,
        field: &str,
        rule: impl Fn(&Value, Title<'_>) -> Checked<T>,
    ) -> Option<T> {
        if self.sent.contains_key(field) {
            self.required(field, rule)
        } else {
            self.keep(field, Err(Title::of(field).says("can't be nil")))
        }
    }

    /// Reads a field that has to be sent, and may be `null`. The outer result is none only where a fault
    /// was noted.
    pub(super) fn nullable<T>(
        &mut self,
        field: &str,
        rule: impl Fn(&Value, Title<'_>) -> Checked<T>,
    ) -> Option<Option<T>> {
        if self.sent.get(field).is_some_and(Value::is_null) {
            return Some(None);
        }
        self.required(field, rule).map(Some)
    }

    /// Reads a field whose `null` differs from its absence: not sent gives the default, `null` nothing.
    pub(super) fn clearable<T>(
        &mut self,
        field: &str,
        default: Option<T>,
        rule: impl Fn(&Value, Title<'_>) -> Checked<T>,
    ) -> Option<T> {
        if self.sent.contains_key(field) { self.optional(field, rule) } else { default }
    }

    fn keep<T>(&mut self, field: &str, checked: Checked<T>) -> Option<T> {
        checked.map_err(|error| self.errors.add(field, error)).ok()
    }
}

/// Reads a whole body.
pub(super) fn body<T>(
    value: &Value,
    read: impl Fn(&mut Fields<'_>) -> Option<T>,
) -> Result<T, FieldErrors> {
    let title = Title::of("body");
    object(read)(value, title).map_err(|error| match error {
        FieldError::Fields(errors) => errors,
        other => {
            let mut errors = FieldErrors::default();
            errors.add("body", other);
            errors
        }
    })
}

/// An object with known fields; others are ignored. `read` returns none only where it noted a fault.
pub(super) fn object<T>(
    read: impl Fn(&mut Fields<'_>) -> Option<T>,
) -> impl Fn(&Value, Title<'_>) -> Checked<T> {
    move |value, title| {
        let sent = value.as_object().ok_or_else(|| title.says("isn't a hash"))?;
        let mut fields = Fields { sent, errors: FieldErrors::default() };
        let read = read(&mut fields);
        fields.errors.into_result()?;
        read.ok_or_else(|| title.says("is invalid"))
    }
}

/// A list whose elements each follow the rule; the fault tells every element.
pub(super) fn list<T>(
    rule: impl Fn(&Value, Title<'_>) -> Checked<T>,
) -> impl Fn(&Value, Title<'_>) -> Checked<Vec<T>> {
    move |value, title| {
        let elements = value.as_array().ok_or_else(|| title.says("isn't an array"))?;
        let mut good = Vec::with_capacity(elements.len());
        let mut faults = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            let title = title.at(index);
            let checked = if element.is_null() {
                Err(title.says("can't be nil"))
            } else {
                rule(element, title)
            };
            match checked {
                Ok(element) => {
                    good.push(element);
                    faults.push(None);
                }
                Err(error) => faults.push(Some(error)),
            }
        }
        if good.len() == elements.len() { Ok(good) } else { Err(FieldError::Items(faults)) }
    }
}

/// A list that is looked at once more when each element is of the right type; the fault tells only the
/// elements that fail then, each with a sentence of its own.
pub(super) fn list_checked<T, U>(
    rule: impl Fn(&Value, Title<'_>) -> Checked<T>,
    check: impl Fn(T) -> Result<U, String>,
) -> impl Fn(&Value, Title<'_>) -> Checked<Vec<U>> {
    let typed = list(rule);
    move |value, title| {
        let (mut good, mut failing) = (Vec::new(), Vec::new());
        for element in typed(value, title)? {
            match check(element) {
                Ok(element) => good.push(element),
                Err(message) => failing.push(message),
            }
        }
        if failing.is_empty() { Ok(good) } else { Err(FieldError::failing(failing)) }
    }
}
