//! The administrators' API, version 1: one module per resource, each handler thin.

pub(super) mod containers;
pub(super) mod events;
pub(super) mod explain;
pub(super) mod grids;
pub(super) mod logs;
pub(super) mod nodes;
pub(super) mod services;
mod stream;
pub(super) mod users;
mod view;
pub(super) mod volumes;

use actix_web::HttpResponse;

use super::error::ApiError;

/// What a handler answers.
type Answer = Result<HttpResponse, ApiError>;

fn ok(body: &impl serde::Serialize) -> Answer {
    Ok(HttpResponse::Ok().json(body))
}

fn created(body: &impl serde::Serialize) -> Answer {
    Ok(HttpResponse::Created().json(body))
}

/// `{}`: clients test that the result is not null.
fn done() -> Answer {
    Ok(HttpResponse::Ok().json(serde_json::json!({})))
}
