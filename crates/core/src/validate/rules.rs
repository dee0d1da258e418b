//! Rules for single values: Kontena's lenient typing (`http-api.md` 1.3).
//!
//! A rule takes a value that is not `null` and the title to speak of it, and returns what the value
//! means or what is wrong with it. Lists, objects and the fields of a body are in `fields`.

use std::{collections::BTreeMap, ops::RangeInclusive};

use serde_json::{Number, Value};

use super::error::{FieldError, FieldErrors, Title};

/// What a rule makes of a value.
pub(super) type Checked<T> = Result<T, FieldError>;

/// A text, tidied: control characters become spaces, surrounding white space goes.
pub(super) fn text(value: &Value, title: Title<'_>) -> Checked<String> {
    let tidy = tidied(&raw_text(value, title)?);
    if tidy.is_empty() {
        return Err(title.says("can't be blank"));
    }
    Ok(tidy)
}

/// A text kept byte for byte, and possibly empty: what a program or a secret is made of.
///
/// Only NUL is refused: neither an argument of a process nor a Postgres text can hold one.
pub(super) fn exact_text(value: &Value, title: Title<'_>) -> Checked<String> {
    let raw = raw_text(value, title)?;
    if raw.contains('\0') {
        return Err(title.says("isn't in the right format"));
    }
    Ok(raw)
}

/// A text kept byte for byte that says something.
pub(super) fn exact_unblank_text(value: &Value, title: Title<'_>) -> Checked<String> {
    let raw = exact_text(value, title)?;
    if raw.trim().is_empty() {
        return Err(title.says("can't be blank"));
    }
    Ok(raw)
}

/// A tidied text that passes a test of its form.
pub(super) fn matching(
    form: impl Fn(&str) -> bool,
) -> impl Fn(&Value, Title<'_>) -> Checked<String> {
    move |value, title| {
        let text = text(value, title)?;
        if form(&text) { Ok(text) } else { Err(title.says("isn't in the right format")) }
    }
}

/// A text of some form, of at most so many bytes.
pub(super) fn short(
    form: impl Fn(&str) -> bool,
    most: usize,
) -> impl Fn(&Value, Title<'_>) -> Checked<String> {
    let read = matching(form);
    move |value, title| {
        let text = read(value, title)?;
        if text.len() > most { Err(title.says("is too long")) } else { Ok(text) }
    }
}

/// One of a few words, and what each stands for.
pub(super) fn one_of<T: Clone>(options: &[(&str, T)]) -> impl Fn(&Value, Title<'_>) -> Checked<T> {
    move |value, title| {
        let text = text(value, title)?;
        let found = options.iter().find(|(word, _)| *word == text);
        found.map(|(_, meaning)| meaning.clone()).ok_or_else(|| title.says("isn't an option"))
    }
}

/// A whole number in a range. Numbers beyond 64 bits lie outside of every range.
pub(super) fn integer(range: RangeInclusive<i64>) -> impl Fn(&Value, Title<'_>) -> Checked<i64> {
    move |value, title| {
        let number = whole(value, title)?;
        if number < i128::from(*range.start()) {
            return Err(title.says("is too small"));
        }
        match i64::try_from(number) {
            Ok(number) if number <= *range.end() => Ok(number),
            _ => Err(title.says("is too big")),
        }
    }
}

/// A port number not below `lowest`.
pub(super) fn port(lowest: u16) -> impl Fn(&Value, Title<'_>) -> Checked<u16> {
    move |value, title| {
        let number = integer(i64::from(lowest)..=i64::from(u16::MAX))(value, title)?;
        u16::try_from(number).map_err(|_| title.says("is too big"))
    }
}

/// A number in a range.
pub(super) fn float(range: RangeInclusive<f64>) -> impl Fn(&Value, Title<'_>) -> Checked<f64> {
    move |value, title| {
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => decimal(text),
            _ => None,
        };
        match number.filter(|number| number.is_finite()) {
            None => Err(title.says("is invalid")),
            Some(number) if number < *range.start() => Err(title.says("is too small")),
            Some(number) if number > *range.end() => Err(title.says("is too big")),
            Some(number) => Ok(number),
        }
    }
}

/// Yes or no.
pub(super) fn boolean(value: &Value, title: Title<'_>) -> Checked<bool> {
    let word = match value {
        Value::Bool(known) => return Ok(*known),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.is_empty() => return Err(title.says("can't be blank")),
        Value::String(text) => text.to_ascii_lowercase(),
        _ => String::new(),
    };
    match word.as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(title.says("isn't a boolean")),
    }
}

/// A map whose values follow a rule for texts; entries that are `null` are dropped. `not_a_map` is what
/// to say of anything else: it differs between maps with and without known keys.
pub(super) fn texts_by_key(
    not_a_map: &str,
    rule: impl Fn(&Value, Title<'_>) -> Checked<String>,
) -> impl Fn(&Value, Title<'_>) -> Checked<BTreeMap<String, String>> {
    move |value, title| {
        let entries = value.as_object().ok_or_else(|| title.says(not_a_map))?;
        let mut map = BTreeMap::new();
        let mut errors = FieldErrors::default();
        for (key, value) in entries.iter().filter(|(_, value)| !value.is_null()) {
            let title = Title::of(key);
            match rule(value, title) {
                _ if key.contains('\0') => errors.add(key, title.says("isn't in the right format")),
                Ok(text) => drop(map.insert(key.clone(), text)),
                Err(error) => errors.add(key, error),
            }
        }
        errors.into_result()?;
        Ok(map)
    }
}

/// Tells whether a text consists of what names are made of: letters, digits, `_` and `-`.
pub(super) fn is_name(text: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    !text.is_empty() && text.chars().all(allowed)
}

/// Tells whether a text may name a service or a volume.
pub(super) fn is_service_name(text: &str) -> bool {
    is_name(text) && !text.starts_with('-')
}

fn raw_text(value: &Value, title: Title<'_>) -> Checked<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(known) => Ok(known.to_string()),
        _ => Err(title.says("isn't a string")),
    }
}

fn tidied(raw: &str) -> String {
    let mut tidy = String::with_capacity(raw.len());
    let mut in_run = false;
    for letter in raw.chars() {
        let unprintable = is_unprintable(letter);
        match (unprintable, in_run) {
            (false, _) => tidy.push(letter),
            (true, false) => tidy.push(' '),
            (true, true) => {}
        }
        in_run = unprintable;
    }
    // Only ASCII white space: a no-break space is a character like any other, as in Kontena.
    tidy.trim_matches([' ', '\t', '\r', '\n']).to_owned()
}

fn is_unprintable(letter: char) -> bool {
    let kept_control = matches!(letter, '\t' | '\r' | '\n');
    let separator = matches!(letter, '\u{2028}' | '\u{2029}');
    (letter.is_control() && !kept_control) || separator
}

fn whole(value: &Value, title: Title<'_>) -> Checked<i128> {
    match value {
        Value::Number(number) => whole_number(number),
        Value::String(text) if text.is_empty() => return Err(title.says("can't be blank")),
        Value::String(text) => whole_text(text),
        _ => None,
    }
    .ok_or_else(|| title.says("isn't an integer"))
}

fn whole_number(number: &Number) -> Option<i128> {
    /// From here on every float is whole, and beyond 64 bits: JSON wrote an integer that long.
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    let known = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    known.or_else(|| match number.as_f64()? {
        large if large >= BEYOND => Some(i128::MAX),
        small if small < -BEYOND => Some(i128::MIN),
        _ => None,
    })
}

/// Kontena takes `3abc` for 3; here anything after the digits but white space is refused, since it
/// can only be a mistake.
fn whole_text(text: &str) -> Option<i128> {
    let text = text.trim_end();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let too_long = if text.starts_with('-') { i128::MIN } else { i128::MAX };
    Some(text.parse().unwrap_or(too_long))
}

/// Digits with at most one point, signed or with an exponent; none of the words that Rust would take
/// for a number, such as `inf`.
fn decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    let digit = |byte: u8| byte.is_ascii_digit();
    let allowed = |byte: u8| digit(byte) || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
    (text.bytes().any(digit) && text.bytes().all(allowed)).then(|| text.parse().ok())?
}
