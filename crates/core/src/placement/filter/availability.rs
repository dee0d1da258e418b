//! Drained nodes take no instances (`scheduling.md` 3, filter 1).

use super::{Failure, Field, Filter, Spots, nobody_left};

/// Applies to every service.
#[derive(Debug)]
struct Availability;

pub(super) fn new() -> Option<Box<dyn Filter>> {
    Some(Box::new(Availability))
}

impl Filter for Availability {
    fn name(&self) -> &'static str {
        "Availability"
    }

    fn narrow(&self, field: &Field<'_>, _: u32, left: &mut Spots) -> Result<(), Failure> {
        *left &= &field.sets().active;
        if left.is_empty() {
            return Err(nobody_left(self));
        }
        Ok(())
    }

    fn why(&self, _: &Field<'_>, _: u32) -> String {
        "drained".into()
    }
}
