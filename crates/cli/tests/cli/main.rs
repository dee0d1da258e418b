//! The real `kontena` program against a scripted master. Tests named `case_N` are the conformance cases
//! of the command line's contract.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail the way tests do"
)]

mod administration;
mod cases;
mod complete;
mod config;
mod container;
mod deploy;
mod docs;
mod everywhere;
mod exec;
mod grid;
mod http;
mod login;
mod node;
mod operations;
mod parsing;
mod placement;
mod registry;
mod service;
mod service_parts;
mod streams;
mod support;
mod terminal;
mod tls;
mod trouble;
mod vault;
mod volume;
