//! The Kontena master.
//!
//! The rooms, from the door to the cellar; a room uses rooms below it or beside it, never one above
//! (`docs/ARCHITECTURE.md` has the table, `tests/it/layering.rs` checks it):
//!
//! - [`boot`]: wires everybody, starts and stops the master.
//! - [`http`]: the one port: administrators' API and agent upgrade.
//! - [`actors`], [`commands`]: who acts, and when; one use case per file.
//! - [`wire`], [`auth`], [`vault`] and the crate `kontena-core`: translation, permission, judgement.
//! - the crate `kontena-store`: memory, and the feed of what was committed.
//!
//! [`config`], [`telemetry`] and [`clock`] serve every room.
//!
//! Reading order: `docs/GLOSSARY.md`, this file, `crates/core/src/lib.rs`, [`actors::scheduler`],
//! `crates/store/src/writer`, [`http::routes`].

pub mod actors;
pub mod auth;
pub mod boot;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod http;
pub mod telemetry;
pub mod vault;
pub mod wire;
