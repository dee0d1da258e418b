//! Processors of a node, compared as a whole (`scheduling.md` 3.7): nothing is subtracted for what runs.

use super::{Failure, Field, Filter, Spots, somebody};

/// Applies to services that ask for processors.
#[derive(Debug)]
struct Cpu {
    wanted: f64,
}

pub(super) fn new(field: &Field<'_>) -> Option<Box<dyn Filter>> {
    let wanted = field.service.spec.cpus?;
    Some(Box::new(Cpu { wanted }))
}

impl Filter for Cpu {
    fn name(&self) -> &'static str {
        "Cpu"
    }

    fn narrow(&self, field: &Field<'_>, _: u32, left: &mut Spots) -> Result<(), Failure> {
        *left &= field.sets().with_cpus(self.wanted);
        somebody(left, || format!("Did not find any nodes with {:?} CPUs available", self.wanted))
    }

    fn why(&self, _: &Field<'_>, _: u32) -> String {
        format!("fewer than {:?} CPUs, or not known yet", self.wanted)
    }
}
