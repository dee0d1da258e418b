//! An instance rather goes where its volumes are (`scheduling.md` 3.4). A preference: never fails.
//!
//! Volumes of the stack or the grid say nothing about where to go and are skipped (8.2 #17); Kontena 1.5
//! let them cancel the preference.

use super::{Failure, Field, Filter, Scope, Spots};
use crate::domain::{VolumeRef, VolumeScope};

/// Applies to services with volumes of scope `instance`.
#[derive(Debug)]
struct VolumeInstance {
    volumes: Vec<VolumeRef>,
}

pub(super) fn new(field: &Field<'_>) -> Option<Box<dyn Filter>> {
    let volumes = field.service.spec.volumes.iter();
    let volumes: Vec<_> = volumes
        .filter_map(|volume| volume.volume.as_ref())
        .filter(|volume| volume.scope == VolumeScope::Instance)
        .cloned()
        .collect();
    (!volumes.is_empty()).then(|| Box::new(VolumeInstance { volumes }) as Box<dyn Filter>)
}

impl Filter for VolumeInstance {
    fn name(&self) -> &'static str {
        "VolumeInstance"
    }

    fn scope(&self) -> Scope {
        Scope::Number
    }

    fn narrow(&self, field: &Field<'_>, number: u32, left: &mut Spots) -> Result<(), Failure> {
        let mut owners = left.clone();
        for volume in &self.volumes {
            let name = volume.instance_name(field.service, number);
            owners &= field.spots(field.snapshot.holders_of_volume(&name));
        }
        if !owners.is_empty() {
            *left = owners;
        }
        Ok(())
    }

    fn why(&self, _: &Field<'_>, number: u32) -> String {
        format!("another node has the volumes of instance {number}")
    }
}
