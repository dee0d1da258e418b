//! The master's configuration. Changes are 201, as clients know it.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use kontena_core::validate::access as validate;
use kontena_protocol::api;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, created, ok};
use crate::{
    auth::{self, Action, Caller},
    commands::config,
    http::{App, error::ApiError, extract::body::Body},
};

/// Which keys are wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Filter {
    /// A part of the key, or its beginning with `*` at the end.
    filter: Option<String>,
}

impl Filter {
    fn takes(&self, key: &str) -> bool {
        match self.filter.as_deref().unwrap_or_default() {
            filter if filter.ends_with('*') => key.starts_with(filter.trim_end_matches('*')),
            filter => key.contains(filter),
        }
    }
}

/// Shows the configuration, flat, by key.
#[utoipa::path(
    get,
    path = "/v1/config",
    tag = "master",
    params(Filter),
    responses((status = 200, body = std::collections::BTreeMap<String, String>)),
)]
pub(in crate::http) async fn list(app: Data<App>, caller: Caller, filter: Query<Filter>) -> Answer {
    may(&caller)?;
    let mut all = config::all(&app.means).await?;
    all.retain(|key, _| filter.takes(key));
    ok(&all)
}

/// Shows one key with its value.
#[utoipa::path(
    get,
    path = "/v1/config/{key}",
    tag = "master",
    responses((status = 200, body = std::collections::BTreeMap<String, String>)),
)]
pub(in crate::http) async fn show(app: Data<App>, caller: Caller, key: Path<String>) -> Answer {
    may(&caller)?;
    match config::get(&app.means, &key).await? {
        Some(value) => ok(&Map::from_iter([(key.into_inner(), Value::String(value))])),
        // The whole body is the text.
        None => Ok(HttpResponse::NotFound().json("Not found")),
    }
}

/// Sets the keys that are sent, and removes those that are sent as `null`.
#[utoipa::path(
    patch,
    path = "/v1/config",
    tag = "master",
    request_body = std::collections::BTreeMap<String, Option<String>>,
    responses((status = 201, body = api::Done)),
)]
pub(in crate::http) async fn update(app: Data<App>, caller: Caller, body: Body) -> Answer {
    merge(&app, &caller, &body).await
}

/// Does the same as `PATCH`: a client that imports a part of a configuration sends it here.
#[utoipa::path(
    put,
    path = "/v1/config",
    tag = "master",
    request_body = std::collections::BTreeMap<String, Option<String>>,
    responses((status = 201, body = api::Done)),
)]
pub(in crate::http) async fn replace(app: Data<App>, caller: Caller, body: Body) -> Answer {
    merge(&app, &caller, &body).await
}

/// Changes nothing: in Kontena 1.5 neither, and a client may count on it.
#[utoipa::path(
    delete,
    path = "/v1/config",
    tag = "master",
    responses((status = 201, body = api::Done)),
)]
pub(in crate::http) async fn clear(caller: Caller) -> Answer {
    may(&caller)?;
    created(&json!({}))
}

/// Removes a key, where there is one.
#[utoipa::path(
    delete,
    path = "/v1/config/{key}",
    tag = "master",
    responses((status = 201, body = api::Done)),
)]
pub(in crate::http) async fn remove(app: Data<App>, caller: Caller, key: Path<String>) -> Answer {
    may(&caller)?;
    config::change(&app.means, &caller, [(key.into_inner(), None)].into()).await?;
    created(&json!({}))
}

async fn merge(app: &App, caller: &Caller, body: &Body) -> Answer {
    may(caller)?;
    let changes = validate::config(&body.object()?)?;
    config::change(&app.means, caller, changes).await?;
    created(&json!({}))
}

fn may(caller: &Caller) -> Result<(), ApiError> {
    let denied = |_| ApiError::OAuth {
        status: StatusCode::FORBIDDEN,
        error: "access_denied",
        description: None,
    };
    auth::check(Action::ManageMaster, &caller.user, false).map_err(denied)
}
