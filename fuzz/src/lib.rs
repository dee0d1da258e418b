//! What the fuzz targets call.
//!
//! The master's room `wire` is included by its path: it uses no other room (`tests/it/layering.rs` checks
//! it), and a fuzzer that were linked with the whole master would take minutes to build and most of its time
//! to look at counters of code that it cannot reach.

pub mod driver;
#[path = "../../src/wire/mod.rs"]
pub mod wire;
