//! Random: anywhere, and then there for good.

use super::Spot;
use crate::moment::Moment;

/// The survivors.
#[derive(Debug)]
pub(crate) struct Pool {
    members: Vec<Spot>,
}

impl Pool {
    pub(crate) fn new(members: Vec<Spot>) -> Self {
        Self { members }
    }

    /// Any survivor, each with the same chance.
    pub(crate) fn pick(&self, moment: &mut Moment) -> Option<Spot> {
        let place = moment.below(self.members.len());
        self.members.get(place).copied()
    }
}
