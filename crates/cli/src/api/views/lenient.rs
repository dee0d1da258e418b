//! How fields are read that other masters write in other ways: numbers as texts or fractions, nulls where a list
//! or a text belongs, an object where only its name is wanted.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads a whole number; what is none is absent.
pub(crate) fn integer<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|n| n as i64)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| text.parse::<f64>().ok().map(|number| number as i64))
        }
        _ => None,
    })
}

/// Reads a number; what is none is absent.
pub(crate) fn decimal<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

/// Reads what may be null.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

/// Reads a name that may be written alone or inside of what it names.
pub(super) fn name<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(name) => Some(name),
        Value::Object(object) => ["name", "id"]
            .into_iter()
            .find_map(|key| object.get(key)?.as_str())
            .map(ToOwned::to_owned),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_come_in_many_forms() {
        for (value, whole, part) in [
            (json!(1), Some(1), Some(1.0)),
            (json!(1.0), Some(1), Some(1.0)),
            (json!("3"), Some(3), Some(3.0)),
            (json!("0.5"), Some(0), Some(0.5)),
            (json!(null), None, None),
            (json!("many"), None, None),
            (json!({}), None, None),
        ] {
            assert_eq!(integer(&value).unwrap(), whole, "{value}");
            assert_eq!(decimal(&value).unwrap(), part, "{value}");
        }
    }

    #[test]
    fn a_name_may_be_inside_of_what_it_names() {
        for (value, read) in [
            (json!("core-01"), Some("core-01")),
            (json!({"name": "core-01", "id": "g/core-01"}), Some("core-01")),
            (json!({"id": "g/core-01"}), Some("g/core-01")),
            (json!(null), None),
        ] {
            assert_eq!(name(&value).unwrap().as_deref(), read);
        }
    }
}
