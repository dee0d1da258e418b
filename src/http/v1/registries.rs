//! External registries: where images are pulled from with a password.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use kontena_core::validate::registry as validate;
use kontena_protocol::api;
use kontena_store::registries as table;

use super::{Answer, created, ok, view};
use crate::{
    auth::{Action, Caller},
    commands::registries,
    http::{
        App,
        error::ApiError,
        extract::{self, body::Body},
    },
};

type OfGrid = Path<(String, String)>;

/// Lists the external registries of a grid by name.
#[utoipa::path(
    get,
    path = "/v1/grids/{grid}/external_registries",
    tag = "vault",
    responses((status = 200, body = api::Registries)),
)]
pub(in crate::http) async fn list(app: Data<App>, caller: Caller, name: Path<String>) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ReadGrid).await?;
    let id = grid.id;
    let all = app.means.store.read(move |conn| table::of_grid(conn, id)).await?;
    let external_registries = all.iter().map(|one| view::registry(&grid, one)).collect();
    ok(&api::Registries { external_registries })
}

/// Adds an external registry; agents pull its images with this password from then on.
#[utoipa::path(
    post,
    path = "/v1/grids/{grid}/external_registries",
    tag = "vault",
    request_body = api::RegistryCreate,
    responses((status = 201, body = api::Registry)),
)]
pub(in crate::http) async fn create(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    body: Body,
) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ManageServices).await?;
    let draft = validate::create(&body.object()?)?;
    let registry = registries::create(&app.means, &caller, &grid, draft).await?;
    created(&view::registry(&grid, &registry))
}

/// Shows an external registry.
#[utoipa::path(
    get,
    path = "/v1/external_registries/{grid}/{registry}",
    tag = "vault",
    responses((status = 200, body = api::Registry)),
)]
pub(in crate::http) async fn show(app: Data<App>, caller: Caller, path: OfGrid) -> Answer {
    let (grid, name) = path.into_inner();
    let grid = extract::grid(&app, &caller, &grid, Action::ReadGrid).await?;
    let id = grid.id;
    let found = app.means.store.read(move |conn| table::by_name(conn, id, &name)).await?;
    ok(&view::registry(&grid, &found.ok_or(ApiError::NOT_FOUND)?))
}

/// Removes an external registry.
#[utoipa::path(
    delete,
    path = "/v1/external_registries/{grid}/{registry}",
    tag = "vault",
    responses((status = 200, description = "It is gone; the body is empty.")),
)]
pub(in crate::http) async fn remove(app: Data<App>, caller: Caller, path: OfGrid) -> Answer {
    let (grid, name) = path.into_inner();
    let grid = extract::grid(&app, &caller, &grid, Action::ManageServices).await?;
    registries::remove(&app.means, &caller, &grid, name).await?;
    Ok(HttpResponse::Ok().content_type("application/json").body(""))
}
