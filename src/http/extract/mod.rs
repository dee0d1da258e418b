//! What a handler finds ready: the caller, the body, and the grid, node or service of the path.

pub(super) mod address;
pub(super) mod body;
mod caller;
pub(super) mod gate;
pub(super) mod known;

use kontena_core::domain::{Grid, Node, Service};
use kontena_store::{grids, nodes, services};

use known::Mark;

use super::{App, error::ApiError};
use crate::auth::{self, Action, Caller};

/// The grid of a path, if the caller may do this in it.
pub(super) async fn grid(
    app: &App,
    caller: &Caller,
    name: &str,
    action: Action,
) -> Result<Grid, ApiError> {
    let user = caller.user.id;
    let (key, mark) = ((user, name.to_owned()), Mark::now(&app.means.store));
    if let Some((grid, is_member)) = app.known.grids.get(&key, mark) {
        auth::check(action, &caller.user, is_member)?;
        return Ok(grid);
    }
    let name = name.to_owned();
    let found = app
        .means
        .store
        .read(move |conn| {
            let Some(grid) = grids::by_name(conn, &name)? else {
                return Ok(None);
            };
            let is_member = grids::is_member(conn, grid.id, user)?;
            Ok(Some((grid, is_member)))
        })
        .await?;
    let (grid, is_member) = found.ok_or(ApiError::NOT_FOUND)?;
    auth::check(action, &caller.user, is_member)?;
    let kept = (grid, is_member);
    app.known.grids.keep(key, mark, &kept);
    let (grid, _) = kept;
    Ok(grid)
}

/// Whether a caller whose call goes on may still do this in the grid: what was let in may have been taken
/// away meanwhile, their token, their membership, or the grid. A token that has only come to its end was good
/// when the call began, and nobody can renew it within.
pub(super) async fn still(
    app: &App,
    caller: &Caller,
    of: &Grid,
    action: Action,
) -> Result<(), ApiError> {
    let caller = match gate::owner(app, &caller.token).await {
        Ok((user, _)) => Caller { user, ..caller.clone() },
        Err(ApiError::BadToken { expired: true }) => caller.clone(),
        Err(error) => return Err(error),
    };
    let found = grid(app, &caller, &of.name, action).await?;
    if found.id == of.id { Ok(()) } else { Err(ApiError::NOT_FOUND) }
}

/// The node of a path: by name, or by its engine's id. One with a colon in it is no name; newer engines' ids
/// have none, and are looked for where no node has that name.
pub(super) async fn node(app: &App, grid: &Grid, name: &str) -> Result<Node, ApiError> {
    let (id, name) = (grid.id, name.to_owned());
    let found = app
        .means
        .store
        .read(move |conn| {
            if !name.contains(':')
                && let Some(node) = nodes::by_name(conn, id, &name)?
            {
                return Ok(Some(node));
            }
            let Some(engine) = kontena_core::domain::EngineId::new(&name) else {
                return Ok(None);
            };
            Ok(nodes::by_engine(conn, &engine)?.filter(|node| node.grid == id))
        })
        .await?;
    found.ok_or(ApiError::NOT_FOUND)
}

/// The service of a path.
pub(super) async fn service(
    app: &App,
    grid: &Grid,
    stack: &str,
    name: &str,
) -> Result<Service, ApiError> {
    let (id, stack, name) = (grid.id, stack.to_owned(), name.to_owned());
    let read = app.means.store.read(move |conn| services::by_path(conn, id, &stack, &name));
    read.await?.ok_or(ApiError::NOT_FOUND)
}
