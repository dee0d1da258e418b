//! The table of who may do what.

use kontena_store::users::User;

use super::{GRID_ADMIN, MASTER_ADMIN};

/// What a call does, as far as permission goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Lists one's own grids, reads one's own user.
    UseOwn,
    /// Reads a grid and what is in it.
    ReadGrid,
    /// Creates, changes, deploys and removes what runs in a grid.
    ManageServices,
    /// Changes labels and availability of nodes, removes nodes.
    ManageNodes,
    /// Creates nodes; reads, resets and clears node tokens.
    ProvisionNodes,
    /// Changes a grid's settings.
    UpdateGrid,
    /// Creates and removes grids.
    ManageGrids,
}

/// The caller may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied;

/// Whether a user may do something in a grid they are a member of, or not.
///
/// # Errors
/// Where they may not.
pub fn check(action: Action, user: &User, is_member: bool) -> Result<(), Denied> {
    let has = |role: &str| user.roles.iter().any(|known| known == role);
    let allowed = has(MASTER_ADMIN)
        || match action {
            Action::UseOwn => true,
            Action::ReadGrid | Action::ManageServices | Action::ManageNodes => is_member,
            Action::ProvisionNodes | Action::UpdateGrid => is_member && has(GRID_ADMIN),
            Action::ManageGrids => false,
        };
    if allowed { Ok(()) } else { Err(Denied) }
}

#[cfg(test)]
mod tests {
    use kontena_core::domain::UserId;

    use super::*;

    #[test]
    fn the_table_of_the_contract() {
        use Action::*;
        let user = |roles: &[&str]| User {
            id: UserId::from_bytes([0; 12]),
            email: "a@b.c".into(),
            name: String::new(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        let every = [
            UseOwn,
            ReadGrid,
            ManageServices,
            ManageNodes,
            ProvisionNodes,
            UpdateGrid,
            ManageGrids,
        ];
        let allowed = |roles: &[&str], member: bool| -> Vec<Action> {
            let user = user(roles);
            every.into_iter().filter(|action| check(*action, &user, member).is_ok()).collect()
        };
        assert_eq!(allowed(&[], false), [UseOwn]);
        assert_eq!(allowed(&[], true), [UseOwn, ReadGrid, ManageServices, ManageNodes]);
        assert_eq!(allowed(&["grid_admin"], false), [UseOwn]);
        assert_eq!(allowed(&["grid_admin"], true), every[..6]);
        assert_eq!(allowed(&["user_admin"], false), [UseOwn]);
        assert_eq!(allowed(&["master_admin"], false), every);
    }
}
