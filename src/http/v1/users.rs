//! Users, their roles, and the members of grids.

use actix_web::web::{Data, Path};
use kontena_core::{
    domain::Grid,
    validate::{FieldErrors, access as validate},
};
use kontena_protocol::api;
use kontena_store::users as table;

use super::{Answer, created, done, ok, view};
use crate::{
    auth::{self, Action, Caller},
    commands::{CommandError, users},
    http::{
        App,
        error::ApiError,
        extract::{self, body::Body},
    },
};

/// Shows the caller.
#[utoipa::path(get, path = "/v1/user", tag = "access", responses((status = 200, body = api::User)))]
pub(in crate::http) async fn current(caller: Caller) -> Answer {
    ok(&view::user(&caller.user))
}

/// Lists users by address.
#[utoipa::path(get, path = "/v1/users", tag = "access", responses((status = 200, body = api::Users)))]
pub(in crate::http) async fn list(app: Data<App>, caller: Caller) -> Answer {
    auth::check(Action::ManageUsers, &caller.user, false).map_err(|_| ApiError::NotAllowed)?;
    let users = app.means.store.read(table::all).await?;
    ok(&api::Users { users: users.iter().map(view::user).collect() })
}

/// Removes a user with their tokens and memberships.
#[utoipa::path(
    delete,
    path = "/v1/users/{email}",
    tag = "access",
    responses(
        (status = 200, body = api::Done),
        (status = 400, body = api::Failure, description = "The caller may not, or is it themselves."),
    ),
)]
pub(in crate::http) async fn remove(app: Data<App>, caller: Caller, email: Path<String>) -> Answer {
    auth::check(Action::ManageUsers, &caller.user, false)
        .map_err(|_| ApiError::Refused(not_allowed("user")))?;
    match users::remove(&app.means, &caller, &email).await {
        // 400 for what is 422 elsewhere, as clients know it.
        Err(CommandError::Invalid(fields)) => Err(ApiError::Refused(fields)),
        outcome => {
            outcome?;
            done()
        }
    }
}

/// Gives a user a role.
#[utoipa::path(
    post,
    path = "/v1/users/{email}/roles",
    tag = "access",
    request_body = api::RoleRequest,
    responses((status = 201, body = api::User)),
)]
pub(in crate::http) async fn add_role(
    app: Data<App>,
    caller: Caller,
    email: Path<String>,
    body: Body,
) -> Answer {
    may_manage_roles(&caller)?;
    let role = validate::role(&body.object()?);
    if role.is_err() {
        // Whom it is about comes before what is wrong with it.
        let named = email.clone();
        let found = app.means.store.read(move |conn| kontena_store::users::by_email(conn, &named));
        found.await?.ok_or(ApiError::NOT_FOUND)?;
    }
    let role = role?;
    let user = users::add_role(&app.means, &caller, &email, role).await?;
    created(&view::user(&user))
}

/// Takes a role from a user.
#[utoipa::path(
    delete,
    path = "/v1/users/{email}/roles/{role}",
    tag = "access",
    responses((status = 200, body = api::User)),
)]
pub(in crate::http) async fn remove_role(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, String)>,
) -> Answer {
    may_manage_roles(&caller)?;
    let (email, role) = path.into_inner();
    let user = users::remove_role(&app.means, &caller, &email, &role).await?;
    ok(&view::user(&user))
}

/// Lists the users assigned to a grid, by address.
#[utoipa::path(
    get,
    path = "/v1/grids/{grid}/users",
    tag = "access",
    responses((status = 200, body = api::Users)),
)]
pub(in crate::http) async fn of_grid(app: Data<App>, caller: Caller, name: Path<String>) -> Answer {
    let grid = extract::grid(&app, &caller, &name, Action::ReadGrid).await?;
    ok(&members(&app, &grid).await?)
}

/// Assigns a user to a grid.
#[utoipa::path(
    post,
    path = "/v1/grids/{grid}/users",
    tag = "access",
    request_body = api::GridUserRequest,
    responses((status = 201, body = api::Users)),
)]
pub(in crate::http) async fn assign(
    app: Data<App>,
    caller: Caller,
    name: Path<String>,
    body: Body,
) -> Answer {
    let grid = managed_grid(&app, &caller, &name).await?;
    let email = validate::member(&body.object()?)?;
    users::assign(&app.means, &caller, &grid, email).await.map_err(unknown_user)?;
    created(&members(&app, &grid).await?)
}

/// Takes a user from a grid, which keeps at least one.
#[utoipa::path(
    delete,
    path = "/v1/grids/{grid}/users/{email}",
    tag = "access",
    responses((status = 200, body = api::Users)),
)]
pub(in crate::http) async fn unassign(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, String)>,
) -> Answer {
    let (name, email) = path.into_inner();
    let grid = managed_grid(&app, &caller, &name).await?;
    users::unassign(&app.means, &caller, &grid, &email).await.map_err(unknown_user)?;
    ok(&members(&app, &grid).await?)
}

async fn members(app: &App, grid: &Grid) -> Result<api::Users, ApiError> {
    let id = grid.id;
    let users = app.means.store.read(move |conn| table::of_grid(conn, id)).await?;
    Ok(api::Users { users: users.iter().map(view::user).collect() })
}

async fn managed_grid(app: &App, caller: &Caller, name: &str) -> Result<Grid, ApiError> {
    let grid = extract::grid(app, caller, name, Action::ReadGrid).await?;
    // Whoever may read it without being a master admin is a member.
    auth::check(Action::ManageGridUsers, &caller.user, true).map_err(|_| not_allowed("grid"))?;
    Ok(grid)
}

fn may_manage_roles(caller: &Caller) -> Result<(), ApiError> {
    let allowed = auth::check(Action::ManageRoles, &caller.user, false);
    allowed.map_err(|_| not_allowed("current_user").into())
}

fn not_allowed(about: &str) -> FieldErrors {
    FieldErrors::single(about, "Operation not allowed")
}

fn unknown_user(error: CommandError) -> ApiError {
    match error {
        CommandError::NotFound => ApiError::NotFound("User not found"),
        other => other.into(),
    }
}
