//! Moments in queries, in every form that clients write them.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};
use kontena_core::{domain::Time, validate::FieldErrors};

use crate::http::error::ApiError;

/// Forms without a zone, which count as UTC.
const LOCAL: [&str; 5] = [
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y%m%dT%H%M%S",
];
/// Forms with a zone that RFC 3339 does not know.
const ZONED: [&str; 3] = ["%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%dT%H:%M:%S%.f%z", "%Y%m%dT%H%M%S%z"];

/// Reads a moment of a query; an empty text is none.
pub(super) fn moment(field: &'static str, text: Option<&str>) -> Result<Option<Time>, ApiError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let read = parse(text).filter(|at| (0..=9999).contains(&at.year()));
    let refuse = || FieldErrors::single(field, "takes a time such as 2017-08-01T12:34:56Z");
    read.map(Some).ok_or_else(|| refuse().into())
}

fn parse(text: &str) -> Option<Time> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&Utc));
    }
    // A plus sign in a query is a blank to most servers, and to some clients.
    if let Some((day, zone)) = text.rsplit_once(' ')
        && zone.len() == 5
        && zone.contains(':')
        && let Ok(at) = DateTime::parse_from_rfc3339(&format!("{day}+{zone}"))
    {
        return Some(at.with_timezone(&Utc));
    }
    let bare = text.strip_suffix('Z').or_else(|| text.strip_suffix(" UTC")).unwrap_or(text);
    let local = LOCAL.iter().find_map(|form| NaiveDateTime::parse_from_str(bare, form).ok());
    let day = || NaiveDate::parse_from_str(bare, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    let zoned = || ZONED.iter().find_map(|form| DateTime::parse_from_str(text, form).ok());
    match local.or_else(day) {
        Some(local) => Some(local.and_utc()),
        None => zoned().map(|at| at.with_timezone(&Utc)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_people_write_it() {
        let read = |text| moment("since", Some(text)).ok().flatten().map(|at| at.to_rfc3339());
        let noon = Some("2017-08-01T12:34:56+00:00".to_owned());
        for text in [
            "2017-08-01T12:34:56Z",
            "2017-08-01T12:34:56",
            "2017-08-01 12:34:56",
            "2017-08-01 12:34:56 UTC",
            "2017-08-01T14:34:56+02:00",
            "2017-08-01T14:34:56 02:00",
            "2017-08-01T14:34:56+0200",
            "2017-08-01 14:34:56 +0200",
            "20170801T123456Z",
            " 2017-08-01T12:34:56Z ",
        ] {
            assert_eq!(read(text), noon, "{text}");
        }
        assert_eq!(read("2017-08-01T12:34").as_deref(), Some("2017-08-01T12:34:00+00:00"));
        assert_eq!(read("1969-01-01").as_deref(), Some("1969-01-01T00:00:00+00:00"));
        for garbage in ["soon", "2017-13-01", "2017-08-01T25:00:00Z", "+99999-01-01", "7", "ä"] {
            assert!(moment("since", Some(garbage)).is_err(), "{garbage}");
        }
        assert!(matches!(moment("since", Some(" ")), Ok(None)));
        assert!(matches!(moment("since", None), Ok(None)));
    }
}
