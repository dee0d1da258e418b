//! The master in one process: this list is the table of contents.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected shall fail loudly"
)]
#![allow(missing_docs, unreachable_pub, reason = "tests document themselves by their names")]

mod agents;
mod api;
#[allow(dead_code, unused_imports, reason = "each crate needs a part of it")]
mod conformance;
#[path = "conformance/on_sqlite.rs"]
mod conformance_on_sqlite;
mod layering;
mod migrations;
mod simulation;
mod store;
mod stories;
mod support;
