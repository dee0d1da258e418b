//! The outcome of the filters for all candidates at once, kept true while own instances move.

use super::{
    Failure,
    field::{Field, Spot},
    filter::{Chain, Scope},
};

/// The place of no filter: the candidate passed them all.
const PASSED: u8 = u8::MAX;

/// Filters, and what they say about each candidate where that holds for every number.
#[derive(Debug)]
pub(crate) struct Sieve {
    pub(crate) chain: Chain,
    uniform: Option<Uniform>,
}

/// The outcome for a number that has no instance yet.
#[derive(Debug)]
struct Uniform {
    /// By candidate: the place of the filter that refused it.
    refused_by: Vec<u8>,
    fatal: Option<Failure>,
}

impl Sieve {
    /// Compiles the filters and, where one walk serves every number, walks over the candidates.
    pub(crate) fn new(field: &Field<'_>) -> Self {
        let chain = Chain::new(field);
        let uniform = chain.is_uniform().then(|| Uniform::new(&chain, field));
        Self { chain, uniform }
    }

    /// Whether one walk serves every number.
    pub(crate) fn is_uniform(&self) -> bool {
        self.uniform.is_some()
    }

    /// The candidates that pass for a number without an instance; nothing where the number matters.
    pub(crate) fn members(&self) -> Vec<Spot> {
        let outcome = self.uniform.iter().flat_map(|uniform| &uniform.refused_by);
        let outcome = outcome.enumerate();
        outcome.filter(|(_, refused_by)| **refused_by == PASSED).map(|(spot, _)| spot).collect()
    }

    /// The error that ends every selection, where one walk serves every number.
    pub(crate) fn fatal(&self) -> Option<&Failure> {
        self.uniform.as_ref()?.fatal.as_ref()
    }

    /// Whether a candidate that holds the number's own instance passes for that number.
    pub(crate) fn keeps(
        &self,
        field: &Field<'_>,
        spot: Spot,
        number: u32,
    ) -> Result<bool, Failure> {
        let uniform = self.uniform.as_ref();
        let refused_by = uniform.and_then(|uniform| uniform.refused_by.get(spot));
        let Some(refused_by) = refused_by.copied() else {
            return Ok(false);
        };
        if refused_by == PASSED {
            return Ok(true);
        }
        let place = usize::from(refused_by);
        let may_help = self.chain.from(place).next();
        if may_help.is_none_or(|filter| filter.scope() != Scope::OwnRow) {
            return Ok(false);
        }
        Ok(first_refusal(&self.chain, place, field, spot, number)? == PASSED)
    }

    /// Looks again at candidates whose own instances have moved. True where who passes may have changed.
    pub(crate) fn refresh(&mut self, field: &Field<'_>, moved: &[Spot]) -> bool {
        let place = self.chain.filters().position(|filter| filter.sees_own_rows());
        let Some(place) = place else {
            return false;
        };
        let first = self.chain.from(place).next();
        if first.is_some_and(|filter| filter.scope() != Scope::OwnRow) {
            // Which services are where is compiled into the filter.
            *self = Self::new(field);
            return true;
        }
        let Some(uniform) = &mut self.uniform else {
            return false;
        };
        for spot in moved {
            if let Some(refused_by) = uniform.refused_by.get_mut(*spot)
                && usize::from(*refused_by) >= place
            {
                // Only filters of one node follow; an error of theirs would have ended the walk.
                *refused_by = first_refusal(&self.chain, place, field, *spot, 0).unwrap_or(0);
            }
        }
        true
    }
}

impl Uniform {
    fn new(chain: &Chain, field: &Field<'_>) -> Self {
        let mut uniform = Self { refused_by: vec![PASSED; field.len()], fatal: None };
        let mut left: Vec<_> = field.spots().collect();
        for (filter, place) in chain.filters().zip(0u8..) {
            if left.is_empty() {
                break;
            }
            uniform.mark(&left, place);
            // No instance has the number 0.
            match filter.narrow(field, 0, &mut left) {
                Ok(()) => uniform.mark(&left, PASSED),
                Err(Failure::Unplaceable(_)) => left.clear(),
                Err(fatal @ Failure::Fatal(_)) => {
                    uniform.fatal = Some(fatal);
                    left.clear();
                }
            }
        }
        uniform
    }

    fn mark(&mut self, spots: &[Spot], place: u8) {
        for spot in spots {
            if let Some(refused_by) = self.refused_by.get_mut(*spot) {
                *refused_by = place;
            }
        }
    }
}

/// The place of the first filter, from one on, that refuses a single candidate.
fn first_refusal(
    chain: &Chain,
    from: usize,
    field: &Field<'_>,
    spot: Spot,
    number: u32,
) -> Result<u8, Failure> {
    let mut left = vec![spot];
    for (place, filter) in chain.filters().enumerate().skip(from) {
        match filter.narrow(field, number, &mut left) {
            Err(fatal @ Failure::Fatal(_)) => return Err(fatal),
            Ok(()) if !left.is_empty() => {}
            _ => return Ok(u8::try_from(place).unwrap_or(0)),
        }
    }
    Ok(PASSED)
}
