//! The field of one run: candidate nodes, the service's own instances on them, and what this run has
//! chosen so far.
//!
//! Nodes are named by their place in an array, so that the filters and the strategies work on plain
//! numbers. Own instances start as the snapshot has them; a real deploy moves them as it goes, a dry run
//! leaves them alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{Node, NodeId, Service},
    snapshot::Snapshot,
};

/// The place of a candidate in the field.
pub(crate) type Spot = usize;

/// Candidates and own instances.
#[derive(Debug, Clone)]
pub(crate) struct Field<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) service: &'a Service,
    /// By identity, as the snapshot lists them.
    nodes: Vec<&'a Node>,
    rows: BTreeMap<u32, Option<NodeId>>,
    rows_on: BTreeMap<Spot, BTreeSet<u32>>,
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
    /// Makes a field of candidates, which must be in the order of their identities.
    pub(crate) fn new(snapshot: &'a Snapshot, service: &'a Service, nodes: Vec<&'a Node>) -> Self {
        debug_assert!(nodes.is_sorted_by_key(|node| node.id));
        let mut field = Self {
            snapshot,
            service,
            nodes,
            rows: BTreeMap::new(),
            rows_on: BTreeMap::new(),
            chosen_on: BTreeMap::new(),
        };
        for row in snapshot.instances(service.id) {
            field.put_row(row.number, row.node);
        }
        field
    }

    /// How many candidates there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// All places.
    pub(crate) fn spots(&self) -> std::ops::Range<Spot> {
        0..self.nodes.len()
    }

    /// A candidate.
    pub(crate) fn node(&self, spot: Spot) -> Option<&'a Node> {
        self.nodes.get(spot).copied()
    }

    /// The place of a node; none where it is no candidate.
    pub(crate) fn spot(&self, node: NodeId) -> Option<Spot> {
        self.nodes.binary_search_by_key(&node, |candidate| candidate.id).ok()
    }

    /// Where the instance of that number is.
    pub(crate) fn previous(&self, number: u32) -> Previous {
        match self.rows.get(&number) {
            None | Some(None) => Previous::Nowhere,
            Some(Some(node)) => self.spot(*node).map_or(Previous::Elsewhere, Previous::At),
        }
    }

    /// Whether the instance of that number is on the candidate.
    pub(crate) fn holds(&self, spot: Spot, number: u32) -> bool {
        self.previous(number) == Previous::At(spot)
    }

    /// The numbers of own instances on a candidate.
    pub(crate) fn rows_on(&self, spot: Spot) -> impl Iterator<Item = u32> {
        self.rows_on.get(&spot).into_iter().flatten().copied()
    }

    /// Own instances by number, with their nodes.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u32, Option<NodeId>)> {
        self.rows.iter().map(|(number, node)| (*number, *node))
    }

    /// The candidates with own instances.
    pub(crate) fn spots_with_rows(&self) -> impl Iterator<Item = (Spot, &BTreeSet<u32>)> {
        self.rows_on.iter().map(|(spot, numbers)| (*spot, numbers))
    }

    /// The instance of that number is on that candidate from now on.
    pub(crate) fn move_row(&mut self, number: u32, spot: Spot) {
        if let Some(node) = self.node(spot) {
            self.put_row(number, Some(node.id));
        }
    }

    fn put_row(&mut self, number: u32, node: Option<NodeId>) {
        if let Previous::At(before) = self.previous(number)
            && let Some(numbers) = self.rows_on.get_mut(&before)
        {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.rows_on.remove(&before);
            }
        }
        self.rows.insert(number, node);
        if let Some(spot) = node.and_then(|node| self.spot(node)) {
            self.rows_on.entry(spot).or_default().insert(number);
        }
    }

    /// How many numbers this run has chosen the candidate for.
    pub(crate) fn chosen_count(&self, spot: Spot) -> usize {
        self.chosen_on.get(&spot).map_or(0, BTreeSet::len)
    }

    /// The candidates chosen in this run, with the numbers they were chosen for.
    pub(crate) fn chosen(&self) -> impl Iterator<Item = (Spot, &BTreeSet<u32>)> {
        self.chosen_on.iter().map(|(spot, numbers)| (*spot, numbers))
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
