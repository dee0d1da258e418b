//! Whether the master lives, works and takes sessions; and what it counts.

use std::{collections::BTreeMap, time::Duration};

use actix_web::{HttpResponse, web::Data};
use kontena_core::domain::GridId;
use kontena_protocol::api;
use kontena_store::{grids, instances, nodes};

use super::{App, error::ApiError};
use crate::{
    actors::grid::ListConnected,
    telemetry::metrics::{sample, sample_type},
};

/// How long actors and database may take to answer.
const LIMIT: Duration = Duration::from_secs(1);

/// Answers while the process serves.
#[utoipa::path(get, path = "/ping", tag = "master", responses((status = 200, body = api::Pong)))]
pub(super) async fn ping() -> HttpResponse {
    HttpResponse::Ok().json(api::Pong { message: "pong".to_owned() })
}

/// Answers while the database does.
#[utoipa::path(get, path = "/v1/ping", tag = "master", responses((status = 200, body = api::Pong)))]
pub(super) async fn ping_v1(app: Data<App>) -> Result<HttpResponse, ApiError> {
    match tokio::time::timeout(LIMIT, app.means.store.ping()).await {
        Ok(Ok(())) => Ok(ping().await),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(ApiError::Unavailable),
    }
}

/// Says whether actors and database answer within a second.
///
/// actors and database answer in time. A master that another one has taken over from may not write, and is
/// none the worse for it.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "master",
    responses((status = 200, body = api::Health), (status = 503, body = api::Health)),
)]
pub(super) async fn healthz(app: Data<App>) -> HttpResponse {
    let mut failing = Vec::new();
    match tokio::time::timeout(LIMIT, app.means.store.ping()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) if error.is_fenced() => {}
        _ => failing.push("database".to_owned()),
    }
    if tokio::time::timeout(LIMIT, connected(&app)).await.is_err() {
        failing.push("actors".to_owned());
    }
    if failing.is_empty() {
        HttpResponse::Ok().json(status("ok", failing))
    } else {
        HttpResponse::ServiceUnavailable().json(status("failing", failing))
    }
}

/// Says whether migrations are done and sessions are accepted.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "master",
    responses((status = 200, body = api::Health)),
)]
pub(super) async fn readyz(app: Data<App>) -> Result<HttpResponse, ApiError> {
    if app.is_ready() {
        Ok(HttpResponse::Ok().json(status("ready", Vec::new())))
    } else {
        Err(ApiError::Unavailable)
    }
}

fn status(status: &str, failing: Vec<String>) -> api::Health {
    api::Health { status: status.to_owned(), failing }
}

/// How many agents each grid actor has connected.
async fn connected(app: &App) -> BTreeMap<GridId, usize> {
    let mut counts = BTreeMap::new();
    for (grid, addr) in app.registry.grids() {
        if let Ok(nodes) = addr.send(ListConnected).await {
            counts.insert(grid, nodes.len());
        }
    }
    counts
}

/// Shows figures of the master for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "master",
    responses((status = 200, body = String, content_type = "text/plain")),
)]
pub(super) async fn metrics(app: Data<App>) -> Result<HttpResponse, ApiError> {
    let connected = connected(&app).await;
    let facts = app
        .means
        .store
        .read(|conn| {
            let mut facts = Vec::new();
            for grid in grids::all(conn)? {
                let nodes = nodes::of_grid(conn, grid.id)?;
                let instances = instances::of_grid(conn, grid.id)?;
                facts.push((grid, nodes, instances));
            }
            Ok(facts)
        })
        .await?;
    let mut text = app.registry.tools().metrics.render();
    sample_type(&mut text, "kontena_sessions", "gauge");
    sample(&mut text, "kontena_sessions", "", app.registry.session_actors());
    sample_type(&mut text, "kontena_agents_connected", "gauge");
    for (grid, ..) in &facts {
        let count = connected.get(&grid.id).copied().unwrap_or_default();
        sample(&mut text, "kontena_agents_connected", &format!("grid=\"{}\"", grid.name), count);
    }
    let mut by_status: BTreeMap<String, u64> = BTreeMap::new();
    let mut by_state: BTreeMap<String, u64> = BTreeMap::new();
    for (grid, nodes, instances) in &facts {
        for node in nodes {
            let status = node.status().as_str();
            *by_status.entry(format!("grid=\"{}\",status=\"{status}\"", grid.name)).or_default() +=
                1;
        }
        for instance in instances {
            let labels = format!(
                "grid=\"{}\",desired_state=\"{}\",state=\"{}\"",
                grid.name,
                instance.desired_state.as_str(),
                instance.known_state().as_str()
            );
            *by_state.entry(labels).or_default() += 1;
        }
    }
    for (name, counts) in [("kontena_nodes", by_status), ("kontena_instances", by_state)] {
        sample_type(&mut text, name, "gauge");
        counts.iter().for_each(|(labels, count)| sample(&mut text, name, labels, count));
    }
    commit_times(&mut text, &app);
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text))
}

fn commit_times(text: &mut String, app: &App) {
    const NAME: &str = "kontena_store_commit_seconds";
    let times = app.means.store.commit_times();
    sample_type(text, NAME, "histogram");
    for (bound, count) in &times.buckets {
        sample(text, &format!("{NAME}_bucket"), &format!("le=\"{bound}\""), count);
    }
    sample(text, &format!("{NAME}_bucket"), "le=\"+Inf\"", times.count);
    sample(text, &format!("{NAME}_sum"), "", times.sum);
    sample(text, &format!("{NAME}_count"), "", times.count);
}
