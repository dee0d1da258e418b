//! Named volumes need their driver on the node (`scheduling.md` 3.3).

use super::{Failure, Field, Filter, Spot, keep, listed};

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

    fn narrow(&self, field: &Field<'_>, _: u32, left: &mut Vec<Spot>) -> Result<(), Failure> {
        let passes = |spot| {
            field.node(spot).is_some_and(|node| {
                let present = &node.report.volume_drivers;
                let mut wanted = self.drivers.iter();
                wanted.all(|wanted| present.iter().any(|driver| driver.name == *wanted))
            })
        };
        keep(left, passes, || {
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
