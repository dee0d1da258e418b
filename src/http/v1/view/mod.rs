//! How nouns of the domain are shown: every field of the contract, none more.

mod container;
mod explain;
mod grid;
mod node;
mod service;
mod user;
mod vault;
mod volume;

pub(super) use container::container;
pub(super) use explain::{explanation, plan};
pub(super) use grid::grid;
pub(super) use node::{node, node_path};
pub(super) use service::{deploy, instance, service};
pub(in crate::http) use user::{issued, token, user};
pub(super) use vault::{registry, secret, secret_in_list};
pub(super) use volume::{AroundVolumes, volume};

use kontena_core::domain::Time;
use kontena_protocol::api::timestamp;

fn time_opt(at: Option<Time>) -> Option<String> {
    at.map(timestamp)
}

fn strings(items: &[impl ToString]) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}
