//! Containers as agents report them, as far as decisions look at them.

use super::{ContainerId, NodeId, ServiceId};

/// A container that is visible to affinities and dependencies: of type `container`, not marked deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Identity.
    pub id: ContainerId,
    /// Where it exists.
    pub node: NodeId,
    /// `<service>-<n>` in the default stack, `<stack>.<service>-<n>` elsewhere.
    pub name: String,
    /// The service it belongs to.
    pub service: Option<ServiceId>,
    /// Stack label; `null` where missing.
    pub stack_name: String,
    /// Plain name of the service, where it belongs to one.
    pub service_name: Option<String>,
    /// The instance it realises.
    pub instance_number: Option<u32>,
}
