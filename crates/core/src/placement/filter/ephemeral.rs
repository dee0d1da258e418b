//! State is not kept on nodes that may vanish (`scheduling.md` 3, filter 2).

use super::{Failure, Field, Filter, Scope, Spots, somebody};

/// Applies to stateful services.
#[derive(Debug)]
struct Ephemeral;

pub(super) fn new(field: &Field<'_>) -> Option<Box<dyn Filter>> {
    let applies = field.service.spec.stateful;
    applies.then(|| Box::new(Ephemeral) as Box<dyn Filter>)
}

impl Filter for Ephemeral {
    fn name(&self) -> &'static str {
        "Ephemeral"
    }

    fn scope(&self) -> Scope {
        Scope::OwnRow
    }

    fn narrow(&self, field: &Field<'_>, number: u32, left: &mut Spots) -> Result<(), Failure> {
        let own = left.iter().find(|spot| field.holds(*spot, number));
        *left -= &field.sets().ephemeral;
        left.extend(own);
        somebody(left, || "Did not find any non-ephemeral nodes for stateful service".into())
    }

    fn why(&self, _: &Field<'_>, _: u32) -> String {
        "ephemeral, and the service keeps state".into()
    }
}
