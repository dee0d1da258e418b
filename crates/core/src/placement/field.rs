//! The field of one run: candidate nodes, the service's own instances on them, and what this run has
//! chosen so far.
//!
//! Nodes are named by their place in the snapshot's table, so that filters and strategies work on sets of
//! numbers. Own instances start as the snapshot has them; a real deploy moves them as it goes, a dry run
//! leaves them alone.

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use crate::snapshot::roster::{Spot, Spots};
use crate::{
    domain::{Node, NodeId, Service},
    snapshot::{Snapshot, roster::Sets},
};

/// Candidates and own instances.
#[derive(Debug, Clone)]
pub(crate) struct Field<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) service: &'a Service,
    candidates: Spots,
    rows: BTreeMap<u32, Option<Spot>>,
    rows_on: BTreeMap<Spot, BTreeSet<u32>>,
    holders: Spots,
    chosen_on: BTreeMap<Spot, BTreeSet<u32>>,
}

/// Where the instance of a number is before it is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Previous {
    /// There is none, or it has no node.
    Nowhere,
    /// On a node that is no candidate.
    Elsewhere,
    /// On a candidate.
    At(Spot),
}

impl<'a> Field<'a> {
    /// Makes a field of candidates.
    pub(crate) fn new(snapshot: &'a Snapshot, service: &'a Service, candidates: Spots) -> Self {
        let mut field = Self {
            snapshot,
            service,
            candidates,
            rows: BTreeMap::new(),
            rows_on: BTreeMap::new(),
            holders: Spots::new(),
            chosen_on: BTreeMap::new(),
        };
        for row in snapshot.instances(service.id) {
            field.put_row(row.number, row.node.and_then(|node| field.seat(node)));
        }
        field
    }

    /// Who may be chosen, as far as the filters let them.
    pub(crate) fn candidates(&self) -> &Spots {
        &self.candidates
    }

    /// Who is in which set.
    pub(crate) fn sets(&self) -> &'a Sets {
        self.snapshot.roster().sets()
    }

    /// A node.
    pub(crate) fn node(&self, spot: Spot) -> Option<&'a Node> {
        self.snapshot.roster().at(spot)
    }

    /// The place of a node; none where it is no candidate.
    pub(crate) fn spot(&self, node: NodeId) -> Option<Spot> {
        self.seat(node).filter(|spot| self.candidates.contains(*spot))
    }

    /// The places of some nodes, as far as they are candidates.
    pub(crate) fn spots(&self, nodes: impl IntoIterator<Item = NodeId>) -> Spots {
        nodes.into_iter().filter_map(|node| self.spot(node)).collect()
    }

    /// The identities of some nodes, in their order.
    pub(crate) fn ids(&self, spots: impl IntoIterator<Item = Spot>) -> BTreeSet<NodeId> {
        spots.into_iter().filter_map(|spot| self.node(spot)).map(|node| node.id).collect()
    }

    /// The place of a node, candidate or not.
    fn seat(&self, node: NodeId) -> Option<Spot> {
        self.snapshot.roster().spot(node)
    }

    /// Where the instance of that number is.
    pub(crate) fn previous(&self, number: u32) -> Previous {
        match self.rows.get(&number) {
            None | Some(None) => Previous::Nowhere,
            Some(Some(spot)) if self.candidates.contains(*spot) => Previous::At(*spot),
            Some(Some(_)) => Previous::Elsewhere,
        }
    }

    /// Where the instance of that number is, candidate or not.
    pub(crate) fn row(&self, number: u32) -> Option<NodeId> {
        let spot = self.rows.get(&number).copied().flatten()?;
        self.node(spot).map(|node| node.id)
    }

    /// Whether the instance of that number is on the node.
    pub(crate) fn holds(&self, spot: Spot, number: u32) -> bool {
        self.rows.get(&number) == Some(&Some(spot))
    }

    /// The numbers of own instances on a node.
    pub(crate) fn rows_on(&self, spot: Spot) -> impl Iterator<Item = u32> {
        self.rows_on.get(&spot).into_iter().flatten().copied()
    }

    /// The nodes with own instances, candidates or not.
    pub(crate) fn holders(&self) -> &Spots {
        &self.holders
    }

    /// The instance of that number is on that node from now on.
    pub(crate) fn move_row(&mut self, number: u32, spot: Spot) {
        self.put_row(number, Some(spot));
    }

    fn put_row(&mut self, number: u32, spot: Option<Spot>) {
        let before = self.rows.insert(number, spot).flatten();
        if let Some(before) = before
            && let Some(numbers) = self.rows_on.get_mut(&before)
        {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.rows_on.remove(&before);
                self.holders.remove(before);
            }
        }
        if let Some(spot) = spot {
            self.rows_on.entry(spot).or_default().insert(number);
            self.holders.insert(spot);
        }
    }

    /// How many numbers this run has chosen the candidate for.
    pub(crate) fn chosen_count(&self, spot: Spot) -> usize {
        self.chosen_on.get(&spot).map_or(0, BTreeSet::len)
    }

    /// The candidates chosen in this run, with how many numbers they were chosen for.
    pub(crate) fn chosen(&self) -> impl Iterator<Item = (Spot, usize)> {
        self.chosen_on.iter().map(|(spot, numbers)| (*spot, numbers.len()))
    }

    /// Notes that this run has chosen the candidate; false where it had already.
    pub(crate) fn choose(&mut self, spot: Spot, number: u32) -> bool {
        self.chosen_on.entry(spot).or_default().insert(number)
    }

    /// How many numbers the candidate stands for, of own instances up to `last` and of this run's
    /// choices: the rank of `daemon`.
    pub(crate) fn load(&self, spot: Spot, last: usize) -> usize {
        let last = u32::try_from(last).unwrap_or(u32::MAX);
        match (self.rows_on.get(&spot), self.chosen_on.get(&spot)) {
            (None, None) => 0,
            (Some(rows), None) => rows.range(..=last).count(),
            (None, Some(chosen)) => chosen.len(),
            (Some(rows), Some(chosen)) => {
                let more = rows.range(..=last).filter(|row| !chosen.contains(row));
                chosen.len() + more.count()
            }
        }
    }
}

/// How many there are, as counts of nodes and instances go.
pub(crate) fn count(spots: &Spots) -> usize {
    usize::try_from(spots.len()).unwrap_or(usize::MAX)
}
