//! What an administrator may ask for: request bodies in, drafts or the faults of every field out.
//!
//! Here live Kontena's lenient typing (numbers arrive as texts, `null` means not sent), its rules and
//! its exact messages (`http-api.md` 1.3, 1.4, 2, 3.2 to 3.4, 3.7, 3.8, 3.10, 4). Two phases: the faults of single fields,
//! all of them at once; and only where there are none, what needs the other fields or the world around
//! ([`service::Surroundings`]). Status codes, the `error` wrapper, broken JSON and rights are left to
//! HTTP; names and tokens that are taken are found by the store.
//!
//! A body is a JSON object; anything else is refused under the key `body`. An empty request is `{}`,
//! which the caller has to see to.

pub mod access;
mod affinity;
mod error;
pub mod exec;
mod fields;
pub mod grid;
pub mod node;
pub mod registry;
mod rules;
pub mod secret;
pub mod service;
#[cfg(test)]
mod tests;
pub mod volume;

pub use error::{FieldError, FieldErrors};
