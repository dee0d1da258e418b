//! Real programs as processes, a real Postgres cluster, real Docker engines. `script/test` installs what
//! this needs and builds the programs first.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected shall fail loudly"
)]
#![allow(missing_docs, unreachable_pub, reason = "tests document themselves by their names")]

mod api_cases;
mod bad_input;
mod claims;
#[path = "../it/conformance/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each crate needs a part of it")]
mod conformance;
mod dev;
mod engine;
mod fencing;
mod path;
mod postgres;
mod rescheduling;
mod signals;
#[path = "../it/store/suite/mod.rs"]
mod store_suite;
mod support;
mod tour;
mod world;
