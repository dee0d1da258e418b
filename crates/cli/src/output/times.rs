//! Ages of things.

use chrono::{DateTime, Utc};

/// Counts the seconds from an API timestamp to `now`; none where the text is no time.
pub(crate) fn seconds_since(timestamp: &str, now: DateTime<Utc>) -> Option<i64> {
    let then = DateTime::parse_from_rfc3339(timestamp).ok()?;
    Some(now.signed_duration_since(then).num_seconds().max(0))
}

/// Writes an age with its largest unit only: `3d`, `5h`, `2m`, `4s`; nothing without a time.
pub(crate) fn age(timestamp: Option<&str>, now: DateTime<Utc>) -> String {
    let Some(seconds) = timestamp.and_then(|text| seconds_since(text, now)) else {
        return String::new();
    };
    match (seconds / 86_400, seconds / 3600, seconds / 60) {
        (days, _, _) if days > 0 => format!("{days}d"),
        (_, hours, _) if hours > 0 => format!("{hours}h"),
        (_, _, minutes) if minutes > 0 => format!("{minutes}m"),
        _ => format!("{seconds}s"),
    }
}

/// Writes a span in words, with one unit: `2 days`, `1 hour`, `24 hours`.
pub(crate) fn distance(seconds: i64) -> String {
    // A whole day is still 24 hours, as in Kontena 1.5.
    let (count, unit) = match seconds {
        seconds if seconds > 86_400 => (seconds / 86_400, "days"),
        seconds if seconds > 3600 => (seconds / 3600, "hours"),
        seconds if seconds > 60 => (seconds / 60, "minutes"),
        seconds => (seconds, "seconds"),
    };
    let unit = if count == 1 { unit.trim_end_matches('s') } else { unit };
    format!("{count} {unit}")
}

/// Writes an age in full, `1d2h3m4s`: units that are zero are left out, seconds never.
pub(crate) fn long_age(timestamp: Option<&str>, now: DateTime<Utc>) -> Option<String> {
    let seconds = seconds_since(timestamp?, now)?;
    let units = [(seconds / 86_400, 'd'), (seconds / 3600 % 24, 'h'), (seconds / 60 % 60, 'm')];
    let units = units.iter().filter(|(count, _)| *count > 0);
    let larger: String = units.map(|(count, unit)| format!("{count}{unit}")).collect();
    Some(format!("{larger}{}s", seconds % 60))
}

/// Writes how long ago something was, in words: `2 days ago`, `1 hour ago`; nothing without a time.
pub(crate) fn ago(timestamp: Option<&str>, now: DateTime<Utc>) -> String {
    let Some(seconds) = timestamp.and_then(|text| seconds_since(text, now)) else {
        return String::new();
    };
    format!("{} ago", distance(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_24_hours() {
        let now = DateTime::parse_from_rfc3339("2018-03-20T09:30:00Z").unwrap().to_utc();
        for (then, text) in [
            ("2018-03-20T09:29:56.000Z", "4s"),
            ("2018-03-20T09:28:00.000Z", "2m"),
            ("2018-03-20T04:00:00.000Z", "5h"),
            ("2018-03-19T09:30:01.000Z", "23h"),
            ("2018-03-17T09:30:00.000Z", "3d"),
            ("2018-03-20T09:31:00.000Z", "0s"),
            ("yesterday", ""),
        ] {
            assert_eq!(age(Some(then), now), text, "{then}");
        }
        assert_eq!(age(None, now), "");
    }

    #[test]
    fn how_long_ago_in_words() {
        let now = DateTime::parse_from_rfc3339("2018-03-20T09:30:00Z").unwrap().to_utc();
        for (then, text) in [
            ("2018-03-20T09:30:00.000Z", "0 seconds ago"),
            ("2018-03-20T09:29:59.000Z", "1 second ago"),
            ("2018-03-20T09:29:00.000Z", "60 seconds ago"),
            ("2018-03-20T09:28:59.000Z", "1 minute ago"),
            ("2018-03-20T08:29:59.000Z", "1 hour ago"),
            ("2018-03-19T09:30:00.000Z", "24 hours ago"),
            ("2018-03-19T09:29:59.000Z", "1 day ago"),
            ("2018-03-10T00:00:00.000Z", "10 days ago"),
            ("soon", ""),
        ] {
            assert_eq!(ago(Some(then), now), text, "{then}");
        }
        assert_eq!(ago(None, now), "");
    }

    #[test]
    fn a_span_in_words() {
        for (seconds, text) in [
            (1, "1 second"),
            (60, "60 seconds"),
            (61, "1 minute"),
            (7100, "1 hour"),
            (86_400, "24 hours"),
            (200_000, "2 days"),
        ] {
            assert_eq!(distance(seconds), text);
        }
    }

    #[test]
    fn a_long_age_leaves_out_what_is_zero() {
        let now = DateTime::parse_from_rfc3339("2018-03-20T09:30:00Z").unwrap().to_utc();
        for (then, text) in [
            ("2018-03-20T09:29:56.000Z", Some("4s")),
            ("2018-03-20T07:11:37.000Z", Some("2h18m23s")),
            ("2018-03-20T08:30:00.000Z", Some("1h0s")),
            ("2018-03-18T09:29:00.000Z", Some("2d1m0s")),
            ("yesterday", None),
        ] {
            assert_eq!(long_age(Some(then), now).as_deref(), text, "{then}");
        }
        assert_eq!(long_age(None, now), None);
    }
}
