//! Volumes: storage with a name that services share or have for themselves (`scheduling.md` 1.8).
//!
//! How a service uses one is part of its specification (`service`).

use std::collections::BTreeMap;

use super::{GridId, NodeId, Service, Time, VolumeId, VolumeInstanceId, VolumeRef, VolumeScope};

/// A volume of a grid. It never changes: it is made and removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Identity.
    pub id: VolumeId,
    /// The grid.
    pub grid: GridId,
    /// Unique in its grid.
    pub name: String,
    /// Who shares it.
    pub scope: VolumeScope,
    /// Volume driver, without version.
    pub driver: String,
    /// Driver options.
    pub driver_opts: BTreeMap<String, String>,
    /// Creation.
    pub created_at: Time,
    /// Last change.
    pub updated_at: Time,
}

/// A volume as it exists on one node: one volume of that node's engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeInstance {
    /// Identity; the engine's volume carries it as a label.
    pub id: VolumeInstanceId,
    /// The volume.
    pub volume: VolumeId,
    /// Where.
    pub node: NodeId,
    /// The engine's name for it; unique on its node.
    pub name: String,
}

impl Volume {
    /// The volume as a service's specification names it.
    #[must_use]
    pub fn as_used(&self) -> VolumeRef {
        VolumeRef {
            name: self.name.clone(),
            scope: self.scope,
            driver: self.driver.clone(),
            driver_opts: self.driver_opts.clone(),
        }
    }

    /// Whether a service's present specification names it.
    #[must_use]
    pub fn is_used_by(&self, service: &Service) -> bool {
        let mut named = service.spec.volumes.iter().filter_map(|volume| volume.volume.as_ref());
        named.any(|named| named.name == self.name)
    }
}

impl VolumeRef {
    /// The name of the volume on the node where an instance of a service runs. The default stack is left
    /// out of the names of scope `instance`, and written in those of scope `stack`.
    #[must_use]
    pub fn instance_name(&self, service: &Service, number: u32) -> String {
        match self.scope {
            VolumeScope::Instance => {
                format!("{}.{}-{number}", service.qualified_name(), self.name)
            }
            VolumeScope::Stack => format!("{}.{}", service.stack_name, self.name),
            VolumeScope::Grid => self.name.clone(),
        }
    }
}

impl VolumeScope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Grid, Self::Stack, Self::Instance];

    /// The API's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Stack => "stack",
            Self::Grid => "grid",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{DEFAULT_STACK, Strategy},
        testing::GridBuilder,
    };

    #[test]
    fn names_follow_the_scope() {
        let mut grid = GridBuilder::new();
        let web = grid.service("web", Strategy::Ha).id();
        let mut service = grid.build().service(web).expect("a service").clone();
        let named = |service: &Service, scope| {
            let driver_opts = BTreeMap::new();
            let volume =
                VolumeRef { name: "data".into(), scope, driver: "local".into(), driver_opts };
            volume.instance_name(service, 2)
        };
        assert_eq!(named(&service, VolumeScope::Instance), "app.web.data-2");
        assert_eq!(named(&service, VolumeScope::Stack), "app.data");
        assert_eq!(named(&service, VolumeScope::Grid), "data");
        service.stack_name = DEFAULT_STACK.into();
        assert_eq!(named(&service, VolumeScope::Instance), "web.data-2");
        assert_eq!(named(&service, VolumeScope::Stack), "null.data");
        assert_eq!(named(&service, VolumeScope::Grid), "data");
    }
}
