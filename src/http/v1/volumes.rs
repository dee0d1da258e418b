//! Volumes.

use actix_web::web::{Data, Path};
use kontena_core::{
    domain::{Grid, Volume},
    validate::volume as validate,
};
use kontena_protocol::api;
use kontena_store::{nodes, services, volumes as table};

use super::{Answer, created, done, ok, view};
use crate::{
    auth::{Action, Caller},
    commands::volumes,
    http::{
        App,
        error::ApiError,
        extract::{self, body::Body},
    },
};

type OfGrid = Path<(String, String)>;

/// Lists the volumes of a grid by name.
#[utoipa::path(
    get,
    path = "/v1/volumes/{grid}",
    tag = "volumes",
    responses((status = 200, body = api::Volumes)),
)]
pub(in crate::http) async fn list(app: Data<App>, caller: Caller, name: Path<String>) -> Answer {
    let grid = find_grid(&app, &caller, &name, Action::ReadGrid).await?;
    let id = grid.id;
    let all = app.means.store.read(move |conn| table::of_grid(conn, id)).await?;
    let around = around(&app, &grid).await?;
    let volumes = all.iter().map(|volume| view::volume(&grid, volume, &around)).collect();
    ok(&api::Volumes { volumes })
}

/// Creates a volume; engines make theirs when a service uses it.
#[utoipa::path(
    post,
    path = "/v1/volumes/{grid}",
    tag = "volumes",
    request_body = api::VolumeCreate,
    responses((status = 201, body = api::Volume)),
)]
pub(in crate::http) async fn create(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    body: Body,
) -> Answer {
    let grid = find_grid(&app, &caller, &name, Action::ManageServices).await?;
    let draft = validate::create(&body.object()?)?;
    let volume = volumes::create(&app.means, &caller, &grid, draft).await?;
    created(&view::volume(&grid, &volume, &view::AroundVolumes::default()))
}

/// Shows a volume.
#[utoipa::path(
    get,
    path = "/v1/volumes/{grid}/{volume}",
    tag = "volumes",
    responses((status = 200, body = api::Volume)),
)]
pub(in crate::http) async fn show(app: Data<App>, caller: Caller, path: OfGrid) -> Answer {
    let (grid, volume) = find(&app, &caller, &path, Action::ReadGrid).await?;
    ok(&view::volume(&grid, &volume, &around(&app, &grid).await?))
}

/// Removes a volume that no service uses.
#[utoipa::path(
    delete,
    path = "/v1/volumes/{grid}/{volume}",
    tag = "volumes",
    responses((status = 200, body = api::Done)),
)]
pub(in crate::http) async fn remove(app: Data<App>, caller: Caller, path: OfGrid) -> Answer {
    let (grid, volume) = find(&app, &caller, &path, Action::ManageServices).await?;
    volumes::remove(&app.means, &caller, &grid, volume.id).await?;
    done()
}

/// The grid of a path; here an unknown one is named.
async fn find_grid(
    app: &App,
    caller: &Caller,
    name: &str,
    action: Action,
) -> Result<Grid, ApiError> {
    let found = extract::grid(app, caller, name, action).await;
    found.map_err(|error| match error {
        ApiError::NotFound(_) => ApiError::Missing(format!("Grid {name} not found")),
        other => other,
    })
}

async fn find(
    app: &App,
    caller: &Caller,
    path: &OfGrid,
    action: Action,
) -> Result<(Grid, Volume), ApiError> {
    let (grid, name) = &**path;
    let grid = find_grid(app, caller, grid, action).await?;
    let (id, wanted) = (grid.id, name.clone());
    let found = app.means.store.read(move |conn| table::by_name(conn, id, &wanted)).await?;
    let missing = || ApiError::Missing(format!("Volume {name} not found"));
    Ok((grid, found.ok_or_else(missing)?))
}

async fn around(app: &App, grid: &Grid) -> Result<view::AroundVolumes, ApiError> {
    let id = grid.id;
    let read = app.means.store.read(move |conn| {
        let instances = table::instances_of_grid(conn, id)?;
        let nodes = nodes::of_grid(conn, id)?;
        Ok(view::AroundVolumes::new(instances, nodes, services::of_grid(conn, id)?))
    });
    Ok(read.await?)
}
