//! The audit log: who changed what.

use serde::{Deserialize, Serialize};

/// A change, or the attempt of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Time.
    pub time: String,
    /// Name of the grid it is about; null for none, and for one that was removed.
    pub grid: Option<String>,
    /// The same.
    pub grid_id: Option<String>,
    /// Id of the service it is about; empty for none.
    pub service: String,
    /// Such as `HostNode`.
    pub resource_type: String,
    /// Name of what it is about.
    pub resource_name: String,
    /// Id of what it is about.
    pub resource_id: String,
    /// Such as `create`.
    pub event_name: String,
    /// `success`; `denied`: who asked may not; `failed`: it was refused for another reason.
    pub event_status: String,
    /// Address of who asked.
    pub source_ip: String,
    /// Program of who asked.
    pub user_agent: String,
    /// What in particular, such as the role that was given; never a secret.
    #[serde(default)]
    pub description: String,
    /// Who asked.
    pub user_identity: UserIdentity,
}

/// Who did something, as they were called then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserIdentity {
    /// 24 hexadecimal digits.
    pub id: String,
    /// E-mail address, or `admin`.
    pub email: String,
}

/// The newest entries, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditLog {
    /// The entries.
    pub logs: Vec<AuditEntry>,
}
