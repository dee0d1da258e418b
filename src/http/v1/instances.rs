//! One instance of a service, and its environment entry by entry.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use kontena_core::{domain::InstanceId, validate::service as validate};
use kontena_protocol::api;
use kontena_store::{instances as table, nodes};

use super::{
    Answer, done, ok,
    services::{OfStack, find},
    view,
};
use crate::{
    auth::{Action, Caller},
    commands::{CommandError, services},
    http::{App, error::ApiError, extract::body::Body},
};

type OfService = Path<(String, String, String, String)>;

/// Shows an instance of a service.
#[utoipa::path(
    get,
    path = "/v1/services/{grid}/{stack}/{service}/instances/{instance}",
    tag = "services",
    responses((status = 200, body = api::Instance)),
)]
pub(in crate::http) async fn show(app: Data<App>, caller: Caller, path: OfService) -> Answer {
    let (path, instance) = split(path);
    let (grid, service) = find(&app, &caller, &path, Action::ReadGrid).await?;
    let id = instance_id(&instance)?;
    let (of_service, of_grid) = (service.id, grid.id);
    let read = app.means.store.read(move |conn| {
        let instances = table::of_service(conn, of_service)?;
        Ok((instances, nodes::of_grid(conn, of_grid)?))
    });
    let (instances, nodes) = read.await?;
    let found = instances.iter().find(|known| known.id == id).ok_or(ApiError::Gone)?;
    ok(&view::instance(&grid, found, &nodes))
}

/// Takes an instance off its node; the scheduler deploys it again where it decides.
#[utoipa::path(
    delete,
    path = "/v1/services/{grid}/{stack}/{service}/instances/{instance}",
    tag = "services",
    responses((status = 200, body = api::Done)),
)]
pub(in crate::http) async fn remove(app: Data<App>, caller: Caller, path: OfService) -> Answer {
    let (path, instance) = split(path);
    let (grid, service) = find(&app, &caller, &path, Action::ManageServices).await?;
    let id = instance_id(&instance)?;
    match services::detach(&app.means, &caller, &grid, &service, id).await {
        Ok(()) => done(),
        Err(CommandError::NotFound) => Err(ApiError::Gone),
        Err(error) => Err(error.into()),
    }
}

/// Adds an entry to the environment of a service, or replaces the one of its key.
#[utoipa::path(
    post,
    path = "/v1/services/{grid}/{stack}/{service}/envs",
    tag = "services",
    request_body = api::EnvRequest,
    responses(
        (status = 200, body = api::Done),
        (
            status = 422,
            body = std::collections::BTreeMap<String, String>,
            description = "What is wrong with `env`, without `error` around it.",
        ),
    ),
)]
pub(in crate::http) async fn add_env(
    app: Data<App>,
    caller: Caller,
    path: OfStack,
    body: Body,
) -> Answer {
    let (grid, service) = find(&app, &caller, &path, Action::ManageServices).await?;
    let entry = match validate::env_entry(&body.object()?) {
        Ok(entry) => entry,
        // Clients know these faults without the wrapper that all others have.
        Err(errors) => return Ok(HttpResponse::UnprocessableEntity().json(errors.to_json())),
    };
    services::add_env(&app.means, &caller, &grid, service.id, entry).await?;
    done()
}

/// Takes all entries of a key out of the environment of a service.
#[utoipa::path(
    delete,
    path = "/v1/services/{grid}/{stack}/{service}/envs/{key}",
    tag = "services",
    responses((status = 200, body = api::Done)),
)]
pub(in crate::http) async fn remove_env(app: Data<App>, caller: Caller, path: OfService) -> Answer {
    let (path, key) = split(path);
    let (grid, service) = find(&app, &caller, &path, Action::ManageServices).await?;
    services::remove_env(&app.means, &caller, &grid, service.id, key).await?;
    done()
}

fn split(path: OfService) -> (OfStack, String) {
    let (grid, stack, service, last) = path.into_inner();
    (OfStack::from((grid, stack, service)), last)
}

/// What is no id at all is as unknown as an id that nothing has.
fn instance_id(text: &str) -> Result<InstanceId, ApiError> {
    text.parse().map_err(|_| ApiError::Gone)
}
