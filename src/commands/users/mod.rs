//! Users: their roles, their grids, their removal. They are made by invitations and by `token create`.

mod grids;
mod remove;
mod roles;

pub use grids::{assign, unassign};
pub use remove::remove;
pub use roles::{add_role, remove_role};

use kontena_core::domain::Grid;
use kontena_store::users::User;

use super::Subject;

const RESOURCE: &str = "User";

fn subject<'a>(user: &'a User, grid: Option<&'a Grid>) -> Subject<'a> {
    Subject {
        grid: grid.map(|grid| grid.name.as_str()),
        resource_type: RESOURCE,
        name: &user.email,
        id: user.id.to_string(),
        what: String::new(),
    }
}
