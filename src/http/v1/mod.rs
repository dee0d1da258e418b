//! The administrators' API, version 1: one module per resource, each handler thin.

pub(super) mod audit;
pub(super) mod config;
pub(super) mod containers;
pub(super) mod events;
pub(super) mod exec;
pub(super) mod explain;
pub(super) mod grids;
pub(super) mod instances;
mod list;
pub(super) mod logs;
mod moment;
pub(super) mod nodes;
pub(super) mod registries;
pub(super) mod secrets;
pub(super) mod services;
pub(super) mod stats;
mod stream;
pub(super) mod users;
pub(super) mod view;
pub(super) mod volumes;

use actix_web::HttpResponse;
use list::list;

use super::error::ApiError;

/// What a handler answers.
pub(super) type Answer = Result<HttpResponse, ApiError>;

pub(super) fn ok(body: &impl serde::Serialize) -> Answer {
    Ok(HttpResponse::Ok().json(body))
}

fn created(body: &impl serde::Serialize) -> Answer {
    Ok(HttpResponse::Created().json(body))
}

/// `{}`: clients test that the result is not null.
fn done() -> Answer {
    Ok(HttpResponse::Ok().json(serde_json::json!({})))
}
