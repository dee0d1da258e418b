//! The strategies: which of the survivors is chosen (`scheduling.md` 2.3 to 2.5).
//!
//! Each keeps the survivors ordered by its key. What is said here holds for all: a stateful instance that
//! has a node goes back there or nowhere (the run sees to that), `stays` is the node the instance is on
//! where that node is a survivor.

mod daemon;
mod ha;
mod random;

use std::collections::BTreeMap;

use super::field::{Field, Spot, Spots, count};
use crate::{domain::Strategy, moment::Moment};

/// The survivors, ordered by the key of the service's strategy.
#[derive(Debug)]
pub(crate) enum Index {
    /// Fewest in the zone, fewest on the node, sticky, most memory.
    Ha(Box<ha::Spread>),
    /// Sticky, fewest on the node, lowest node number.
    Daemon(daemon::Round),
    /// Sticky, any.
    Random(random::Pool),
}

impl Index {
    /// Orders survivors. `literal`: instances of `daemon` stick even where that leaves nodes empty.
    pub(crate) fn new(
        field: &Field<'_>,
        members: Spots,
        literal: bool,
        moment: &mut Moment,
    ) -> Self {
        match field.service.spec.strategy {
            Strategy::Ha => Self::Ha(Box::new(ha::Spread::new(field, members, moment))),
            Strategy::Daemon => Self::Daemon(daemon::Round::new(field, members, literal)),
            Strategy::Random => Self::Random(random::Pool::new(members)),
        }
    }

    /// Chooses a survivor; `stays` may be one that passes only for this number.
    pub(crate) fn pick(
        &mut self,
        field: &Field<'_>,
        stays: Option<Spot>,
        moment: &mut Moment,
    ) -> Option<Spot> {
        match self {
            Self::Ha(spread) => spread.pick(field, stays, moment),
            Self::Daemon(round) => round.pick(field, stays),
            Self::Random(pool) => stays.or_else(|| pool.pick(moment)),
        }
    }

    /// Takes note that the field counts one more choice of the candidate.
    pub(crate) fn chosen(&mut self, field: &Field<'_>, spot: Spot, moment: &mut Moment) {
        match self {
            Self::Ha(spread) => spread.chosen(field, spot, moment),
            Self::Daemon(round) => round.touch(field, spot),
            Self::Random(_) => {}
        }
    }

    /// Takes note that own instances have moved from or to the candidates.
    pub(crate) fn moved(&mut self, field: &Field<'_>, spots: &[Spot]) {
        if let Self::Daemon(round) = self {
            for spot in spots {
                round.touch(field, *spot);
            }
        }
    }
}

/// The keys of candidates as an explanation shows them; the smallest wins.
pub(crate) struct Keys<'a> {
    field: &'a Field<'a>,
    members: usize,
    /// Choices of this run that went to survivors, by zone.
    in_zones: BTreeMap<usize, usize>,
}

impl<'a> Keys<'a> {
    pub(crate) fn new(field: &'a Field<'a>, members: &Spots) -> Self {
        let mut in_zones = BTreeMap::new();
        for (spot, choices) in field.chosen().filter(|(spot, _)| members.contains(*spot)) {
            *in_zones.entry(field.sets().zones.of(spot)).or_default() += choices;
        }
        Self { field, members: count(members), in_zones }
    }

    /// The key of one of the survivors.
    pub(crate) fn of(&self, spot: Spot, stays: bool) -> Vec<f64> {
        let field = self.field;
        match field.service.spec.strategy {
            Strategy::Ha => {
                let in_zone = self.in_zones.get(&field.sets().zones.of(spot));
                ha::key(field, in_zone.copied().unwrap_or(0), spot, stays)
            }
            Strategy::Daemon => daemon::key(field, self.members, spot, stays),
            Strategy::Random => vec![if stays { 0.0 } else { 1.0 }],
        }
    }
}

/// A count as a part of a key.
fn shown(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
