//! One pass of selections (`scheduling.md` 2.2 and 2.3).

use std::collections::BTreeSet;

use super::{
    Failure,
    explain::{self, Explanation},
    field::{Field, Previous, Spot, Spots, count},
    sieve::Sieve,
    strategy::Index,
};
use crate::{
    domain::{NodeId, Service, Strategy},
    moment::Moment,
    snapshot::Snapshot,
};

/// Numbers that are tried to find out which nodes take any of them, where filters ask for the number: far more
/// than nodes that an expression can tell apart, and no reason to stand still.
const MOST_TRIED: u32 = 20_000;

/// One pass over the numbers of a service; its counters start at zero.
///
/// A dry run only selects. A real deploy calls [`Run::place`] after each selection, so that the next one
/// sees the instance where it is going to be.
#[derive(Debug)]
pub struct Run<'a> {
    field: Field<'a>,
    sieve: Sieve,
    index: Option<Index>,
    literal: bool,
}

impl<'a> Run<'a> {
    /// Makes a run of a service over candidates.
    pub(crate) fn over(snapshot: &'a Snapshot, service: &'a Service, candidates: Spots) -> Self {
        let field = Field::new(snapshot, service, candidates);
        let sieve = Sieve::new(&field);
        Self { field, sieve, index: None, literal: false }
    }

    /// Makes a run over the connected nodes, as a deploy does.
    #[must_use]
    pub fn connected(snapshot: &'a Snapshot, service: &'a Service) -> Self {
        Self::over(snapshot, service, snapshot.roster().sets().connected.clone())
    }

    /// Lets instances of `daemon` stick to their node in every case, as Kontena 1.5 did, even where that
    /// leaves nodes without any (8.2 #6).
    #[must_use]
    pub fn sticking(mut self) -> Self {
        self.literal = true;
        self.index = None;
        self
    }

    /// Takes note of a selection that was made before, by an earlier part of the same deploy.
    pub fn note(&mut self, number: u32, node: NodeId) {
        if let Some(spot) = self.field.spot(node) {
            self.field.choose(spot, number);
            self.index = None;
        }
    }

    /// Selects the node of a number and counts it as scheduled there.
    ///
    /// # Errors
    ///
    /// Nobody is fit, or the question makes no sense; with the contract's text.
    pub fn select(&mut self, number: u32, moment: &mut Moment) -> Result<NodeId, Failure> {
        let picked = self.pick(number, moment)?;
        let node = picked.and_then(|spot| self.field.node(spot));
        node.map(|node| node.id).ok_or_else(|| self.failure(number))
    }

    /// The instance of that number is on that node from now on.
    pub fn place(&mut self, number: u32, node: NodeId) {
        let Some(spot) = self.field.spot(node) else {
            return;
        };
        let moved = match self.field.previous(number) {
            Previous::At(before) if before == spot => return,
            Previous::At(before) => vec![before, spot],
            Previous::Nowhere | Previous::Elsewhere => vec![spot],
        };
        self.field.move_row(number, spot);
        if self.sieve.refresh(&self.field, &moved) {
            self.index = None;
        } else if let Some(index) = &mut self.index {
            index.moved(&self.field, &moved);
        }
    }

    /// The nodes that pass every filter for a number, by identity.
    ///
    /// # Errors
    ///
    /// Nobody does, or the question makes no sense; with the contract's text.
    pub fn survivors(&self, number: u32) -> Result<BTreeSet<NodeId>, Failure> {
        let spots = self.sieve.chain.survivors(&self.field, number)?;
        Ok(self.field.ids(spots))
    }

    /// How many instances the run brings about (2.2).
    ///
    /// For `daemon` the nodes that pass the filters are counted, not those a dry run happens to choose
    /// (8.2 #6), and for a stateful one every node that holds an instance and is away or drained counts,
    /// so that no outage lowers the number (8.2 #5).
    ///
    /// # Errors
    ///
    /// The question makes no sense.
    pub fn total(&self) -> Result<u32, Failure> {
        let service = self.field.service;
        let wanted = usize::try_from(service.instances).unwrap_or(0);
        let total = match service.spec.strategy {
            Strategy::Ha | Strategy::Random => wanted,
            Strategy::Daemon if service.spec.stateful => {
                let run = self.with_holders();
                let spots = run.matching(wanted)? | run.unavailable_holders();
                wanted.saturating_mul(count(&spots))
            }
            Strategy::Daemon => wanted.saturating_mul(count(&self.matching(wanted)?)),
        };
        Ok(u32::try_from(total).unwrap_or(u32::MAX))
    }

    /// The nodes that a dry run over the numbers up to `total` selects; numbers nobody is fit for are
    /// skipped.
    ///
    /// # Errors
    ///
    /// The question makes no sense.
    pub fn dry_run(
        &mut self,
        total: u32,
        moment: &mut Moment,
    ) -> Result<BTreeSet<NodeId>, Failure> {
        let mut spots = Spots::new();
        for number in 1..=total {
            spots.extend(self.pick(number, moment)?);
        }
        Ok(self.field.ids(spots))
    }

    /// Says filter by filter who was refused for a number and why, and what the rest are worth.
    #[must_use]
    pub fn explain(&self, number: u32) -> Explanation {
        explain::explain(&self.field, &self.sieve.chain, number)
    }

    /// Selects; nothing where nobody is fit. The error is always fatal.
    fn pick(&mut self, number: u32, moment: &mut Moment) -> Result<Option<Spot>, Failure> {
        if let Some(fatal) = self.sieve.fatal() {
            return Err(fatal.clone());
        }
        let picked = if self.sieve.is_uniform() {
            self.pick_uniform(number, moment)?
        } else {
            self.pick_numbered(number, moment)?
        };
        if let Some(spot) = picked
            && self.field.choose(spot, number)
            && let Some(index) = &mut self.index
        {
            index.chosen(&self.field, spot, moment);
        }
        Ok(picked)
    }

    fn pick_uniform(&mut self, number: u32, moment: &mut Moment) -> Result<Option<Spot>, Failure> {
        let previous = self.field.previous(number);
        let stays = match previous {
            Previous::At(spot) if self.sieve.keeps(&self.field, spot, number)? => Some(spot),
            _ => None,
        };
        if self.is_pinned(previous) {
            return Ok(stays);
        }
        let (field, literal, sieve) = (&self.field, self.literal, &self.sieve);
        let index =
            self.index.get_or_insert_with(|| Index::new(field, sieve.members(), literal, moment));
        Ok(index.pick(field, stays, moment))
    }

    fn pick_numbered(&mut self, number: u32, moment: &mut Moment) -> Result<Option<Spot>, Failure> {
        let survivors = match self.sieve.chain.survivors(&self.field, number) {
            Ok(survivors) => survivors,
            Err(Failure::Unplaceable(_)) => return Ok(None),
            Err(fatal @ Failure::Fatal(_)) => return Err(fatal),
        };
        let previous = self.field.previous(number);
        let stays = match previous {
            Previous::At(spot) => survivors.contains(spot).then_some(spot),
            Previous::Nowhere | Previous::Elsewhere => None,
        };
        if self.is_pinned(previous) {
            return Ok(stays);
        }
        let mut index = Index::new(&self.field, survivors, self.literal, moment);
        Ok(index.pick(&self.field, stays, moment))
    }

    /// Whether the instance goes to its node or nowhere.
    fn is_pinned(&self, previous: Previous) -> bool {
        self.field.service.spec.stateful && previous != Previous::Nowhere
    }

    /// The text for a number that nobody is fit for.
    fn failure(&self, number: u32) -> Failure {
        match self.sieve.chain.survivors(&self.field, number) {
            Err(failure) => failure,
            Ok(_) => Failure::no_choice(self.field.service.spec.strategy),
        }
    }

    /// The same service over its candidates and all nodes that hold an instance.
    fn with_holders(&self) -> Self {
        let field = &self.field;
        Self::over(field.snapshot, field.service, field.candidates() | field.holders())
    }

    /// The nodes that hold an instance and are away or drained.
    fn unavailable_holders(&self) -> Spots {
        let sets = self.field.sets();
        self.field.holders() - (&sets.connected & &sets.active)
    }

    /// The candidates that pass the filters for any of the numbers a full set of nodes would take.
    fn matching(&self, wanted: usize) -> Result<Spots, Failure> {
        let candidates = count(self.field.candidates());
        let last = u32::try_from(wanted.saturating_mul(candidates)).unwrap_or(u32::MAX);
        let last = last.min(MOST_TRIED);
        if last == 0 {
            return Ok(Spots::new());
        }
        if let Some(fatal) = self.sieve.fatal() {
            return Err(fatal.clone());
        }
        if self.sieve.is_uniform() {
            return self.matching_uniformly();
        }
        let mut spots = Spots::new();
        for number in 1..=last {
            match self.sieve.chain.survivors(&self.field, number) {
                Ok(survivors) => spots |= survivors,
                Err(Failure::Unplaceable(_)) => {}
                Err(fatal @ Failure::Fatal(_)) => return Err(fatal),
            }
            if spots.len() == self.field.candidates().len() {
                break;
            }
        }
        Ok(spots)
    }

    /// A node whose own instance is all that is in the way of another one counts, whatever the number:
    /// instances above the total are gone before anything is placed.
    fn matching_uniformly(&self) -> Result<Spots, Failure> {
        let mut spots = self.sieve.members();
        for spot in (self.field.holders() & self.field.candidates()) - &spots {
            for number in self.field.rows_on(spot) {
                if self.sieve.keeps(&self.field, spot, number)? {
                    spots.insert(spot);
                    break;
                }
            }
        }
        Ok(spots)
    }
}
