//! Random: anywhere, and then there for good.

use super::{Spot, Spots, count};
use crate::moment::Moment;

/// The survivors.
#[derive(Debug)]
pub(crate) struct Pool {
    members: Spots,
}

impl Pool {
    pub(crate) fn new(members: Spots) -> Self {
        Self { members }
    }

    /// Any survivor, each with the same chance.
    pub(crate) fn pick(&self, moment: &mut Moment) -> Option<Spot> {
        let place = moment.below(count(&self.members));
        self.members.select(u32::try_from(place).ok()?)
    }
}
