//! Drained nodes take no instances (`scheduling.md` 3, filter 1).

use super::{Failure, Field, Filter, Spot, nobody_left};
use crate::domain::Availability as Wanted;

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

    fn narrow(&self, field: &Field<'_>, _: u32, left: &mut Vec<Spot>) -> Result<(), Failure> {
        left.retain(|spot| {
            let node = field.node(*spot);
            node.is_some_and(|node| node.availability == Wanted::Active)
        });
        if left.is_empty() {
            return Err(nobody_left(self));
        }
        Ok(())
    }

    fn why(&self, _: &Field<'_>, _: u32) -> String {
        "drained".into()
    }
}
