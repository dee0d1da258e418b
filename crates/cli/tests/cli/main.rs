//! The real `kontena` program against a scripted master. Tests named `case_N` are the conformance cases
//! of the command line's contract.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail the way tests do"
)]

mod config;
mod docs;
mod grid;
mod http;
mod login;
mod node;
mod parsing;
mod placement;
mod service;
mod support;
mod terminal;
