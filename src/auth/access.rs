//! The table of who may do what (`http-api.md` 2.7).

use kontena_store::users::User;

use super::{GRID_ADMIN, MASTER_ADMIN, USER_ADMIN};

/// What a call does, as far as permission goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Lists one's own grids and tokens, reads one's own user.
    UseOwn,
    /// Reads a grid and what is in it.
    ReadGrid,
    /// Creates, changes, deploys and removes what runs in a grid, its secrets and registries; looks into
    /// containers.
    ManageServices,
    /// Changes labels and availability of nodes, removes nodes.
    ManageNodes,
    /// Creates nodes; reads, resets and clears node tokens.
    ProvisionNodes,
    /// Changes a grid's settings.
    UpdateGrid,
    /// Assigns users to a grid.
    ManageGridUsers,
    /// Creates and removes grids.
    ManageGrids,
    /// Lists, invites and removes users.
    ManageUsers,
    /// Gives and takes roles; makes, shows and revokes other users' tokens.
    ManageRoles,
    /// Reads and changes the master's configuration, reads its audit log.
    ManageMaster,
}

impl Action {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::UseOwn,
        Self::ReadGrid,
        Self::ManageServices,
        Self::ManageNodes,
        Self::ProvisionNodes,
        Self::UpdateGrid,
        Self::ManageGridUsers,
        Self::ManageGrids,
        Self::ManageUsers,
        Self::ManageRoles,
        Self::ManageMaster,
    ];

    /// Who may, in words, for the description of the API.
    #[must_use]
    pub fn who(self) -> &'static str {
        match self {
            Self::UseOwn => "Any user.",
            Self::ReadGrid | Self::ManageServices | Self::ManageNodes => "Members of the grid.",
            Self::ProvisionNodes | Self::UpdateGrid => {
                "Members of the grid with the role `grid_admin`."
            }
            Self::ManageGridUsers => {
                "Members of the grid with the role `grid_admin` or `user_admin`."
            }
            Self::ManageUsers => "Users with the role `user_admin`.",
            Self::ManageGrids | Self::ManageRoles | Self::ManageMaster => {
                "Users with the role `master_admin`."
            }
        }
    }
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
            Action::ManageGridUsers => is_member && (has(GRID_ADMIN) || has(USER_ADMIN)),
            Action::ManageUsers => has(USER_ADMIN),
            Action::ManageGrids | Action::ManageRoles | Action::ManageMaster => false,
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
        let allowed = |roles: &[&str], member: bool| -> Vec<Action> {
            let user = user(roles);
            let mut all = Action::ALL.to_vec();
            all.retain(|action| check(*action, &user, member).is_ok());
            all
        };
        let of_members = [UseOwn, ReadGrid, ManageServices, ManageNodes];
        assert_eq!(allowed(&[], false), [UseOwn]);
        assert_eq!(allowed(&[], true), of_members);
        assert_eq!(allowed(&["grid_admin"], false), [UseOwn]);
        let of_grid_admins = [&of_members[..], &[ProvisionNodes, UpdateGrid, ManageGridUsers]];
        assert_eq!(allowed(&["grid_admin"], true), of_grid_admins.concat());
        assert_eq!(allowed(&["user_admin"], false), [UseOwn, ManageUsers]);
        let of_user_admins = [&of_members[..], &[ManageGridUsers, ManageUsers]];
        assert_eq!(allowed(&["user_admin"], true), of_user_admins.concat());
        assert_eq!(allowed(&["master_admin"], false), Action::ALL);
    }
}
