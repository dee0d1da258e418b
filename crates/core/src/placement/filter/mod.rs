//! The nine filters, in the order of the contract (`scheduling.md` 3).
//!
//! Each is compiled once per run for one service and then narrows a list of candidates for a number. A
//! filter that does not apply to the service is not there at all.

mod affinity;
mod availability;
mod cpu;
mod dependency;
mod ephemeral;
pub(crate) mod expand;
mod matcher;
mod memory;
mod port;
mod volume_instance;
mod volume_plugin;

pub use affinity::{Misunderstood, understand};

use super::{
    Failure,
    field::{Field, Spot, Spots},
};

/// What the outcome of a filter for a node depends on, beside the node itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// Nothing: the same for every number.
    Node,
    /// Whether the instance of that very number is on the node, which can only help.
    OwnRow,
    /// The other nodes that are left; the same for every number.
    Others,
    /// The number.
    Number,
}

/// One filter, compiled for one service.
pub(crate) trait Filter: std::fmt::Debug {
    /// The name in the texts, such as `Availability`.
    fn name(&self) -> &'static str;

    /// What the outcome depends on.
    fn scope(&self) -> Scope {
        Scope::Node
    }

    /// Whether the outcome changes when an own instance moves.
    fn sees_own_rows(&self) -> bool {
        false
    }

    /// Keeps the candidates that pass for the number; `left` is never empty on entry. The error is the
    /// filter's own text when nobody is left.
    fn narrow(&self, field: &Field<'_>, number: u32, left: &mut Spots) -> Result<(), Failure>;

    /// Why it refuses nodes, in an operator's words: completes "3 of 5 nodes refused: ".
    fn why(&self, field: &Field<'_>, number: u32) -> String;
}

/// The filters of a service in their order.
#[derive(Debug)]
pub(crate) struct Chain {
    filters: Vec<Box<dyn Filter>>,
}

impl Chain {
    /// Compiles the filters that apply to the service.
    pub(crate) fn new(field: &Field<'_>) -> Self {
        let filters = [
            availability::new(),
            ephemeral::new(field),
            volume_plugin::new(field),
            volume_instance::new(field),
            affinity::new(field),
            port::new(field),
            cpu::new(field),
            memory::new(field),
            dependency::volumes_from(field),
            dependency::net(field),
        ];
        Self { filters: filters.into_iter().flatten().collect() }
    }

    /// The filters in their order.
    pub(crate) fn filters(&self) -> impl Iterator<Item = &dyn Filter> {
        self.filters.iter().map(AsRef::as_ref)
    }

    /// The filters from a place in the order on.
    pub(crate) fn from(&self, place: usize) -> impl Iterator<Item = &dyn Filter> {
        self.filters().skip(place)
    }

    /// Whether one walk over the nodes serves every number: no filter asks for the number, and none that
    /// asks for the own instance stands before one that asks for the other nodes.
    pub(crate) fn is_uniform(&self) -> bool {
        let mut own_row_before = false;
        self.filters().all(|filter| match filter.scope() {
            Scope::Node => true,
            Scope::OwnRow => {
                own_row_before = true;
                true
            }
            Scope::Others => !own_row_before,
            Scope::Number => false,
        })
    }

    /// The candidates that pass every filter for the number.
    pub(crate) fn survivors(&self, field: &Field<'_>, number: u32) -> Result<Spots, Failure> {
        let mut left = field.candidates().clone();
        if left.is_empty() {
            return Err(Failure::no_nodes());
        }
        for filter in self.filters() {
            filter.narrow(field, number, &mut left)?;
            if left.is_empty() {
                return Err(nobody_left(filter));
            }
        }
        Ok(left)
    }
}

/// The text for filters that have none of their own.
pub(crate) fn nobody_left(filter: &dyn Filter) -> Failure {
    Failure::Unplaceable(format!(
        "Filter Scheduler::Filter::{} did not return any nodes",
        filter.name()
    ))
}

/// The text where nobody is left.
fn somebody(left: &Spots, text: impl FnOnce() -> String) -> Result<(), Failure> {
    if left.is_empty() { Err(Failure::Unplaceable(text())) } else { Ok(()) }
}

/// Keeps the candidates that pass a test of each one; the text where nobody is left.
fn keep(
    left: &mut Spots,
    mut passes: impl FnMut(Spot) -> bool,
    text: impl FnOnce() -> String,
) -> Result<(), Failure> {
    *left = left.iter().filter(|spot| passes(*spot)).collect();
    somebody(left, text)
}

/// A list as texts show it: `["a", "b"]` or `[80, 443]`.
fn listed<T: std::fmt::Debug>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| format!("{item:?}")).collect();
    format!("[{}]", items.join(", "))
}
