//! Lines of `/containers/log_batch`, read leniently: a line that cannot be read must not lose the others.

use chrono::{DateTime, Utc};
use kontena_core::domain::{SaidLine, Time};
use serde_json::Value;

use super::bounded::{self, LINE, LINES, NAME, field};

/// Reads lines, and says how many were too many; `now` is the moment of a line that names none.
#[must_use]
pub fn read_log_batch(items: &Value, now: Time) -> (Vec<SaidLine>, usize) {
    let said = bounded::list(items, LINES).filter_map(|item| line(item, now)).collect();
    let given = items.as_array().map_or(0, Vec::len);
    (said, given.saturating_sub(LINES))
}

fn line(item: &Value, now: Time) -> Option<SaidLine> {
    let id = field(item, "id").as_str().filter(|id| (1..=NAME).contains(&id.len()))?;
    let at = field(item, "time")
        .as_str()
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc)));
    Some(SaidLine {
        container_id: id.to_owned(),
        at: at.unwrap_or(now),
        is_error: field(item, "type") == "stderr",
        data: bounded::text(field(item, "data"), LINE)?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_without_a_time_has_the_receiver_s_and_what_is_no_line_is_left_out() {
        let now = Time::default();
        let timed = json!({ "id": "c", "time": "2017-08-01T12:34:56.123456789Z",
            "type": "stderr", "data": "ready" });
        let untimed = json!({ "id": "c", "time": "soon", "data": "x".repeat(LINE + 1) });
        let (said, surplus) = read_log_batch(&json!([timed, 3, untimed, { "data": "y" }]), now);
        assert_eq!((said.len(), surplus), (2, 0));
        assert_eq!(said[0].at.to_rfc3339(), "2017-08-01T12:34:56.123456789+00:00");
        assert!(said[0].is_error && !said[1].is_error);
        assert_eq!((said[1].at, said[1].data.len()), (now, LINE));
        assert_eq!(read_log_batch(&json!("lines"), now), (Vec::new(), 0));
        let many = vec![json!({ "id": "c", "data": "z" }); LINES + 2];
        assert_eq!(read_log_batch(&json!(many), now).1, 2);
    }
}
