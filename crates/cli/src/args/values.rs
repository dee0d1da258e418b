//! How the values of options are read, with the reasons stock scripts know.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// A value that may be the word `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OrNone<T> {
    /// A real value.
    Some(T),
    /// The word `none`: take the setting away.
    None,
}

impl<T: serde::Serialize> serde::Serialize for OrNone<T> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Some(value) => value.serialize(to),
            Self::None => to.serialize_none(),
        }
    }
}

/// Reads a name, which becomes a part of a path.
pub(crate) fn name(text: &str) -> Result<String, String> {
    match text {
        "" => Err("must not be empty".to_owned()),
        "." | ".." => Err(format!("{text:?} is no name")),
        name => Ok(name.to_owned()),
    }
}

/// Reads the name of a service.
pub(crate) fn service(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('/').collect();
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    if parts.len() > 3 || parts.iter().any(|part| name(part).is_err()) {
        return Err(format!("must be NAME, STACK/NAME or GRID/STACK/NAME, not {text:?}"));
    }
    Ok(text.to_owned())
}

/// Reads a whole number.
pub(crate) fn integer(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("invalid value for Integer(): {text:?}"))
}

/// Reads a whole number that counts something.
pub(crate) fn non_negative(text: &str) -> Result<i64, String> {
    match integer(text)? {
        number if number < 0 => Err(format!("must not be negative: {number}")),
        number => Ok(number),
    }
}

/// Reads a decimal number.
pub(crate) fn float(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| format!("invalid value for Float(): {text:?}"))
}

/// Reads a whole number or `none`.
pub(crate) fn integer_or_none(text: &str) -> Result<OrNone<i64>, String> {
    if text == "none" { Ok(OrNone::None) } else { integer(text).map(OrNone::Some) }
}

/// Reads a word or `none`.
pub(crate) fn text_or_none(text: &str) -> Result<OrNone<String>, String> {
    Ok(if text == "none" { OrNone::None } else { OrNone::Some(text.to_owned()) })
}

/// Reads a span of time: seconds, or numbers with the units s, m, min, h and d: `90`, `10m`, `1h30m`.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    seconds_of(text)
        .map(Duration::from_secs)
        .ok_or_else(|| format!("must be a time such as 90s, 10m or 1h30m, not {text:?}"))
}

fn seconds_of(text: &str) -> Option<u64> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let unit = tail.find(|letter: char| letter.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit);
        let factor = match unit {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        let part = number.parse::<u64>().ok()?.checked_mul(factor)?;
        total = total.checked_add(part)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(total)
}

/// Where a log begins: a moment, or a span before now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Since {
    /// As the API takes it.
    Moment(String),
    /// So long ago.
    Ago(Duration),
}

/// Reads `10m`, `2018-03-20`, `2018-03-20 08:00` or `2018-03-20T08:00:00Z`; what names no zone is UTC.
pub(crate) fn since(text: &str) -> Result<Since, String> {
    if let Some(seconds) = seconds_of(text) {
        return Ok(Since::Ago(Duration::from_secs(seconds)));
    }
    let is_date = NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok();
    if is_date || DateTime::parse_from_rfc3339(text).is_ok() {
        return Ok(Since::Moment(text.to_owned()));
    }
    ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|moment| Since::Moment(moment.format("%Y-%m-%dT%H:%M:%SZ").to_string()))
        .ok_or_else(|| {
            format!("must be a time such as 10m, 2018-03-20 or 2018-03-20T08:00:00Z, not {text:?}")
        })
}

/// Reads a number of lines to show.
pub(crate) fn positive(text: &str) -> Result<i64, String> {
    match integer(text)? {
        number if number < 1 => Err(format!("must be at least 1: {number}")),
        number => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_refused_with_the_reasons_of_1_5() {
        assert_eq!(float("x").unwrap_err(), "invalid value for Float(): \"x\"");
        assert_eq!(integer("1.5").unwrap_err(), "invalid value for Integer(): \"1.5\"");
        assert_eq!(integer("-1"), Ok(-1));
        assert!(non_negative("-1").is_err());
        assert!(float("inf").is_err());
    }

    #[test]
    fn names_are_parts_of_paths() {
        for text in ["", ".", ".."] {
            assert!(name(text).is_err(), "{text}");
        }
        assert_eq!(name("7Q:WM/x").as_deref(), Ok("7Q:WM/x"));
        for text in ["", "/", "a/", "/a", "a//b", "a/b/c/d", "a/..", "."] {
            assert!(service(text).is_err(), "{text}");
        }
        for text in ["a", "a/b", "a/b/c", "..."] {
            assert_eq!(service(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn spans_have_units() {
        for (text, seconds) in [
            ("90", 90),
            ("90s", 90),
            ("10m", 600),
            ("30min", 1800),
            ("1h30m", 5400),
            ("2d", 172_800),
            ("0", 0),
        ] {
            assert_eq!(span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "m", "10x", "1h30", "-5m", "99999999999999999d"] {
            assert!(span(text).unwrap_err().contains("such as 90s"), "{text}");
        }
    }

    #[test]
    fn logs_begin_at_moments_or_so_long_ago() {
        assert_eq!(since("10m"), Ok(Since::Ago(Duration::from_secs(600))));
        for (text, moment) in [
            ("2018-03-20", "2018-03-20"),
            ("2018-03-20 08:15", "2018-03-20T08:15:00Z"),
            ("2018-03-20T08:15:30", "2018-03-20T08:15:30Z"),
            ("2018-03-20T08:15:30.123Z", "2018-03-20T08:15:30.123Z"),
            ("2018-03-20T08:15:30+02:00", "2018-03-20T08:15:30+02:00"),
        ] {
            assert_eq!(since(text), Ok(Since::Moment(moment.to_owned())), "{text}");
        }
        assert!(since("yesterday").unwrap_err().contains("not \"yesterday\""));
    }

    #[test]
    fn none_takes_a_setting_away() {
        assert_eq!(integer_or_none("none"), Ok(OrNone::None));
        assert_eq!(integer_or_none("80"), Ok(OrNone::Some(80)));
        assert_eq!(text_or_none("tcp"), Ok(OrNone::Some("tcp".to_owned())));
    }
}
