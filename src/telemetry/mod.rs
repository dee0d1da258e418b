//! Log set-up and the names of what is counted.
//!
//! Never logged, anywhere: tokens, codes, secrets, environment values, request bodies.

pub mod metrics;

use std::io::Write;

pub use metrics::Metrics;

/// Sets logging up: `filter` is an `env_logger` filter, or a digit 0 to 4 as Kontena 1.5's `LOG_LEVEL`.
pub fn init(filter: &str) {
    let filter = match filter.trim() {
        "0" => "debug",
        "1" => "info",
        "2" => "warn",
        "3" | "4" => "error",
        other => other,
    };
    let mut builder = env_logger::Builder::new();
    // Whoever speaks no HTTP is told so, which is no trouble of the master's.
    builder.parse_filters(&format!("actix_server=warn,actix_http=off,{filter}"));
    builder.format(|line, record| {
        let time = line.timestamp_millis();
        writeln!(line, "{time} {:5} {}: {}", record.level(), record.target(), record.args())
    });
    // A second call in one process (tests) changes nothing.
    drop(builder.try_init());
}
