//! Named volumes need their driver on the node (`scheduling.md` 3.3).

use super::{Failure, Field, Filter, Spots, listed, somebody};

/// Applies to services with volumes; bind mounts and anonymous volumes need no driver.
#[derive(Debug)]
struct VolumePlugin {
    /// In the order of declaration, duplicates kept.
    drivers: Vec<String>,
}

pub(super) fn new(field: &Field<'_>) -> Option<Box<dyn Filter>> {
    let volumes = field.service.spec.volumes.iter();
    let drivers: Vec<_> = volumes
        .filter_map(|volume| volume.volume.as_ref())
        .map(|volume| volume.driver.clone())
        .collect();
    (!drivers.is_empty()).then(|| Box::new(VolumePlugin { drivers }) as Box<dyn Filter>)
}

impl Filter for VolumePlugin {
    fn name(&self) -> &'static str {
        "VolumePlugin"
    }

    fn narrow(&self, field: &Field<'_>, _: u32, left: &mut Spots) -> Result<(), Failure> {
        for driver in &self.drivers {
            match field.sets().with_driver(driver) {
                Some(spots) => *left &= spots,
                None => left.clear(),
            }
        }
        somebody(left, || {
            format!(
                "Did not find any nodes with required volume drivers: {}",
                listed(&self.drivers)
            )
        })
    }

    fn why(&self, _: &Field<'_>, _: u32) -> String {
        format!("not all volume drivers of {}", listed(&self.drivers))
    }
}
