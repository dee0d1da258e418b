//! Secrets of the vault.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};
use kontena_core::{domain::Service, validate::secret as validate};
use kontena_protocol::api;
use kontena_store::{secrets as table, services};

use super::{Answer, created, done, ok, view};
use crate::{
    auth::{Action, Caller},
    commands::secrets::{self, Changed},
    http::{
        App,
        error::ApiError,
        extract::{self, body::Body},
    },
};

type OfGrid = Path<(String, String)>;

/// Lists the secrets of a grid by name, without their values.
#[utoipa::path(
    get,
    path = "/v1/grids/{grid}/secrets",
    tag = "vault",
    responses((status = 200, body = api::Secrets)),
)]
pub(in crate::http) async fn list(app: Data<App>, caller: Caller, name: Path<String>) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ReadGrid).await?;
    let id = grid.id;
    let read = move |conn: &mut _| Ok((table::of_grid(conn, id)?, services::of_grid(conn, id)?));
    let (all, services) = app.means.store.read(read).await?;
    let mut users: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
    for service in &services {
        for used in &service.spec.secrets {
            let users = users.entry(&used.secret).or_default();
            if users.last().is_none_or(|last| last.id != service.id) {
                users.push(service);
            }
        }
    }
    let shown = all.iter().map(|secret| {
        let users = users.get(secret.name.as_str()).map(Vec::as_slice).unwrap_or_default();
        view::secret_in_list(&grid, secret, users)
    });
    ok(&api::Secrets { secrets: shown.collect() })
}

/// Creates a secret.
#[utoipa::path(
    post,
    path = "/v1/grids/{grid}/secrets",
    tag = "vault",
    request_body = api::SecretCreate,
    responses((status = 201, body = api::Secret)),
)]
pub(in crate::http) async fn create(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    body: Body,
) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ManageServices).await?;
    let draft = validate::create(&body.object()?)?;
    let opened = secrets::create(&app.means, &caller, &grid, draft).await?;
    created(&view::secret(&grid, &opened))
}

/// Shows a secret with its value, which is audited.
#[utoipa::path(
    get,
    path = "/v1/secrets/{grid}/{secret}",
    tag = "vault",
    responses((status = 200, body = api::Secret)),
)]
pub(in crate::http) async fn show(app: Data<App>, caller: Caller, path: OfGrid) -> Answer {
    let (grid, name) = path.into_inner();
    let grid = extract::grid(&app, &caller, &grid, Action::ManageServices).await?;
    let opened = secrets::show(&app.means, &caller, &grid, name).await?;
    ok(&view::secret(&grid, &opened))
}

/// Changes the value of a secret. Running stateless services that use it are deployed again.
#[utoipa::path(
    put,
    path = "/v1/secrets/{grid}/{secret}",
    tag = "vault",
    request_body = api::SecretUpdate,
    responses(
        (status = 200, body = api::Secret),
        (status = 201, body = api::Secret, description = "It was created by `upsert`."),
    ),
)]
pub(in crate::http) async fn update(
    app: Data<App>,
    caller: Caller,
    path: OfGrid,
    body: Body,
) -> Answer {
    change(&app, &caller, path, &body).await
}

/// Changes the value of a secret, by the path that older clients use.
#[utoipa::path(
    put,
    path = "/v1/grids/{grid}/secrets/{secret}",
    tag = "vault",
    request_body = api::SecretUpdate,
    responses(
        (status = 200, body = api::Secret),
        (status = 201, body = api::Secret, description = "It was created by `upsert`."),
    ),
)]
pub(in crate::http) async fn update_by_old_path(
    app: Data<App>,
    caller: Caller,
    path: OfGrid,
    body: Body,
) -> Answer {
    change(&app, &caller, path, &body).await
}

async fn change(app: &App, caller: &Caller, path: OfGrid, body: &Body) -> Answer {
    let (grid, name) = path.into_inner();
    let grid = extract::grid(app, caller, &grid, Action::ManageServices).await?;
    let edit = validate::update(&body.object()?, &name)?;
    match secrets::change(&app.means, caller, &grid, name, edit).await? {
        Changed::Updated(opened) => ok(&view::secret(&grid, &opened)),
        Changed::Created(opened) => created(&view::secret(&grid, &opened)),
        Changed::Missing => Err(ApiError::Gone),
    }
}

/// Removes a secret, even while services use it.
#[utoipa::path(
    delete,
    path = "/v1/secrets/{grid}/{secret}",
    tag = "vault",
    responses((status = 200, body = api::Done)),
)]
pub(in crate::http) async fn remove(app: Data<App>, caller: Caller, path: OfGrid) -> Answer {
    let (grid, name) = path.into_inner();
    let grid = extract::grid(&app, &caller, &grid, Action::ManageServices).await?;
    secrets::remove(&app.means, &caller, &grid, name).await?;
    done()
}
