//! An instance rather goes where its volumes are (`scheduling.md` 3.4). A preference: never fails.
//!
//! Volumes of the stack or the grid say nothing about where to go and are skipped (8.2 #17); Kontena 1.5
//! let them cancel the preference.

use super::{Failure, Field, Filter, Scope, Spots};
use crate::domain::{DEFAULT_STACK, Service, VolumeScope};

/// Applies to services with volumes of scope `instance`.
#[derive(Debug)]
struct VolumeInstance {
    /// `<stack>.<service>.<volume>`, or `<service>.<volume>` in the default stack.
    names: Vec<String>,
}

pub(super) fn new(field: &Field<'_>) -> Option<Box<dyn Filter>> {
    let volumes = field.service.spec.volumes.iter();
    let names: Vec<_> = volumes
        .filter_map(|volume| volume.volume.as_ref())
        .filter(|volume| volume.scope == VolumeScope::Instance)
        .map(|volume| base_name(field.service, &volume.name))
        .collect();
    (!names.is_empty()).then(|| Box::new(VolumeInstance { names }) as Box<dyn Filter>)
}

fn base_name(service: &Service, volume: &str) -> String {
    let (stack, name) = (&service.stack_name, &service.name);
    if stack == DEFAULT_STACK {
        format!("{name}.{volume}")
    } else {
        format!("{stack}.{name}.{volume}")
    }
}

impl Filter for VolumeInstance {
    fn name(&self) -> &'static str {
        "VolumeInstance"
    }

    fn scope(&self) -> Scope {
        Scope::Number
    }

    fn narrow(&self, field: &Field<'_>, number: u32, left: &mut Spots) -> Result<(), Failure> {
        let names = self.names.iter().map(|name| format!("{name}-{number}"));
        let names: Vec<_> = names.collect();
        let owners: Spots = left
            .iter()
            .filter(|spot| {
                let node = field.node(*spot);
                let volumes = node.and_then(|node| field.snapshot.volume_instances_on(node.id));
                volumes.is_some_and(|volumes| names.iter().all(|name| volumes.contains(name)))
            })
            .collect();
        if !owners.is_empty() {
            *left = owners;
        }
        Ok(())
    }

    fn why(&self, _: &Field<'_>, number: u32) -> String {
        format!("another node has the volumes of instance {number}")
    }
}
