//! The only reader of time in the command line, and the only place that waits.
//!
//! What a moment means (ages, expiry, deadlines) is decided by those who ask.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// Reads the current moment.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Reads the current moment as seconds since 1970, the form token expiry is stored in.
pub(crate) fn unix_now() -> i64 {
    now().timestamp()
}

/// Waits for the pause between two polls of the master.
pub(crate) fn pause(span: Duration) {
    std::thread::sleep(span);
}
