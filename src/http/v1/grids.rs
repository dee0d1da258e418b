//! Grids.

use actix_web::web::{Data, Path};
use kontena_core::{
    domain::Grid,
    validate::{FieldErrors, grid as validate},
};
use kontena_protocol::api;
use kontena_store::grids as table;

use super::{Answer, created, done, ok, view};
use crate::{
    auth::{self, Action, Caller},
    commands::grids,
    http::{
        App,
        error::{ApiError, NOT_ALLOWED},
        extract::{self, body::Body},
    },
};

/// Lists the grids the caller is a member of; a master admin sees all.
#[utoipa::path(
    get,
    path = "/v1/grids",
    tag = "grids",
    responses((status = 200, body = api::Grids)),
)]
pub(in crate::http) async fn list(app: Data<App>, caller: Caller) -> Answer {
    let user = caller.user.id;
    let sees_all = auth::check(Action::ManageGrids, &caller.user, false).is_ok();
    let (mut all, members) = app
        .means
        .store
        .read(move |conn| Ok((table::all(conn)?, table::of_user(conn, user)?)))
        .await?;
    all.retain(|grid| sees_all || members.contains(&grid.id));
    let grids = render(&app, all).await?;
    ok(&api::Grids { grids })
}

/// Creates a grid; the caller becomes a member.
#[utoipa::path(
    post,
    path = "/v1/grids",
    tag = "grids",
    request_body = api::GridCreate,
    responses((status = 201, body = api::Grid)),
)]
pub(in crate::http) async fn create(app: Data<App>, caller: Caller, body: Body) -> Answer {
    may_manage(&caller)?;
    let draft = validate::create(&body.object()?)?;
    let grid = grids::create(&app.means, &caller, draft).await?;
    // Its actors live from now on: an agent may dial in, a deploy may be asked for.
    drop(app.registry.grid(grid.id));
    created(&one(&app, grid).await?)
}

/// Shows a grid.
#[utoipa::path(
    get,
    path = "/v1/grids/{grid}",
    tag = "grids",
    responses((status = 200, body = api::Grid)),
)]
pub(in crate::http) async fn show(app: Data<App>, caller: Caller, name: Path<String>) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ReadGrid).await?;
    ok(&one(&app, grid).await?)
}

/// Changes the settings of a grid that are sent; its nodes are told.
#[utoipa::path(
    put,
    path = "/v1/grids/{grid}",
    tag = "grids",
    request_body = api::GridUpdate,
    responses((status = 200, body = api::Grid)),
)]
pub(in crate::http) async fn update(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    body: Body,
) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ReadGrid).await?;
    auth::check(Action::UpdateGrid, &caller.user, true).map_err(|_| not_allowed())?;
    let edit = validate::update(&body.object()?)?;
    let grid = grids::update(&app.means, &caller, grid.id, edit).await?;
    ok(&one(&app, grid).await?)
}

/// Removes a grid without nodes and services.
#[utoipa::path(
    delete,
    path = "/v1/grids/{grid}",
    tag = "grids",
    responses((status = 200, body = api::Done)),
)]
pub(in crate::http) async fn remove(app: Data<App>, caller: Caller, name: Path<String>) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ReadGrid).await?;
    may_manage(&caller)?;
    grids::remove(&app.means, &caller, &grid).await?;
    done()
}

fn may_manage(caller: &Caller) -> Result<(), ApiError> {
    auth::check(Action::ManageGrids, &caller.user, true).map_err(|_| not_allowed())
}

/// Refused within the operation, so 422 and not 403.
fn not_allowed() -> ApiError {
    FieldErrors::single("user", NOT_ALLOWED).into()
}

async fn one(app: &App, grid: Grid) -> Result<api::Grid, ApiError> {
    render(app, vec![grid]).await?.pop().ok_or(ApiError::Internal)
}

async fn render(app: &App, grids: Vec<Grid>) -> Result<Vec<api::Grid>, ApiError> {
    let tokens = grids::tokens(&app.means, grids.iter().map(|grid| grid.id).collect()).await?;
    let only = match grids.as_slice() {
        [grid] => Some(grid.id),
        _ => None,
    };
    let counts = app.means.store.read(move |conn| table::counts(conn, only)).await?;
    Ok(grids
        .iter()
        .map(|grid| {
            let token = tokens.get(&grid.id).cloned().unwrap_or_default();
            view::grid(grid, token, counts.get(&grid.id).copied().unwrap_or_default())
        })
        .collect())
}
