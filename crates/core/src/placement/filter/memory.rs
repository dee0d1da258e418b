//! Memory of a node against what an instance takes (`scheduling.md` 3.8). Caches and buffers count as
//! free; nothing is kept back for instances chosen earlier in the same run.

use super::{Failure, Field, Filter, Scope, Spots, keep};

/// Applies to services whose demand is known.
#[derive(Debug)]
struct Memory {
    /// Bytes; positive.
    demand: i64,
}

pub(super) fn new(field: &Field<'_>) -> Option<Box<dyn Filter>> {
    let demand = demand(field);
    (demand > 0).then(|| Box::new(Memory { demand }) as Box<dyn Filter>)
}

/// What an instance takes, in bytes; 0 where it is not known, −1 where it is not bounded.
fn demand(field: &Field<'_>) -> i64 {
    let spec = &field.service.spec;
    spec.memory.or(spec.memory_swap).unwrap_or_else(|| {
        let peak = field.snapshot.memory_peak(field.service.id).unwrap_or(0);
        // A quarter more than what was seen, rounded down.
        peak.saturating_add(peak / 4)
    })
}

impl Filter for Memory {
    fn name(&self) -> &'static str {
        "Memory"
    }

    fn scope(&self) -> Scope {
        Scope::OwnRow
    }

    fn narrow(&self, field: &Field<'_>, number: u32, left: &mut Spots) -> Result<(), Failure> {
        let passes = |spot| field.sets().has_memory(spot, self.demand) || field.holds(spot, number);
        keep(left, passes, || {
            format!("Did not find any nodes with sufficient free memory: {}", self.demand)
        })
    }

    fn why(&self, _: &Field<'_>, _: u32) -> String {
        format!("less than {} bytes of memory free, or not known yet", self.demand)
    }
}
