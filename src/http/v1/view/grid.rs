//! A grid.

use kontena_core::domain::Grid;
use kontena_protocol::api;
use kontena_store::grids::Counts;
use serde_json::json;

use super::strings;

/// Shows a grid with its token.
pub(in crate::http::v1) fn grid(grid: &Grid, token: String, counts: Counts) -> api::Grid {
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    api::Grid {
        id: grid.name.clone(),
        name: grid.name.clone(),
        token,
        initial_size: grid.initial_size,
        stats: json!({ "statsd": grid.statsd }),
        default_affinity: grid.default_affinity.clone(),
        trusted_subnets: strings(&grid.trusted_subnets),
        node_count: count(counts.nodes),
        service_count: count(counts.services),
        container_count: count(counts.containers),
        user_count: count(counts.users),
        subnet: grid.subnet.to_string(),
        supernet: grid.supernet.to_string(),
        logs: grid.logs.as_ref().map(|logs| json!(logs)),
    }
}
