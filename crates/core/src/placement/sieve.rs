//! The outcome of the filters for all candidates at once, kept true while own instances move.

use super::{
    Failure,
    field::{Field, Spot, Spots},
    filter::{Chain, Scope},
};

/// Filters, and who passes them where that holds for every number.
#[derive(Debug)]
pub(crate) struct Sieve {
    pub(crate) chain: Chain,
    uniform: Option<Uniform>,
}

/// The outcome for a number that has no instance yet.
#[derive(Debug)]
struct Uniform {
    /// Who is left after each filter, in their order.
    left: Vec<Spots>,
    fatal: Option<Failure>,
}

impl Sieve {
    /// Compiles the filters and, where one walk serves every number, takes it.
    pub(crate) fn new(field: &Field<'_>) -> Self {
        let chain = Chain::new(field);
        let uniform = chain.is_uniform().then(|| Uniform::new(&chain, field));
        Self { chain, uniform }
    }

    /// Whether one walk serves every number.
    pub(crate) fn is_uniform(&self) -> bool {
        self.uniform.is_some()
    }

    /// The candidates that pass for a number without an instance; nobody where the number matters.
    pub(crate) fn members(&self) -> Spots {
        let left = self.uniform.as_ref().and_then(|uniform| uniform.left.last());
        left.cloned().unwrap_or_default()
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
        let Some(uniform) = &self.uniform else {
            return Ok(false);
        };
        let Some(place) = uniform.left.iter().position(|left| !left.contains(spot)) else {
            return Ok(true);
        };
        let may_help = self.chain.from(place).next();
        if may_help.is_none_or(|filter| filter.scope() != Scope::OwnRow) {
            return Ok(false);
        }
        Ok(first_refusal(&self.chain, place, field, spot, number)?.is_none())
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
            uniform.look_again(&self.chain, place, field, *spot);
        }
        true
    }
}

impl Uniform {
    fn new(chain: &Chain, field: &Field<'_>) -> Self {
        let mut uniform = Self { left: Vec::new(), fatal: None };
        let mut left = field.candidates().clone();
        for filter in chain.filters() {
            if !left.is_empty() {
                // No instance has the number 0.
                let outcome = filter.narrow(field, 0, &mut left);
                if let Err(failure) = outcome {
                    left.clear();
                    if let Failure::Fatal(_) = failure {
                        uniform.fatal = Some(failure);
                    }
                }
            }
            uniform.left.push(left.clone());
        }
        uniform
    }

    fn look_again(&mut self, chain: &Chain, place: usize, field: &Field<'_>, spot: Spot) {
        let before = place.checked_sub(1).and_then(|place| self.left.get(place));
        if !before.unwrap_or(field.candidates()).contains(spot) {
            return;
        }
        // Only filters of one node follow; an error of theirs would have ended the walk.
        let refused_at = first_refusal(chain, place, field, spot, 0).unwrap_or(Some(place));
        for (at, left) in self.left.iter_mut().enumerate().skip(place) {
            if refused_at.is_none_or(|refused_at| at < refused_at) {
                left.insert(spot);
            } else {
                left.remove(spot);
            }
        }
    }
}

/// The place of the first filter, from one on, that refuses a single candidate; none: it passes.
fn first_refusal(
    chain: &Chain,
    from: usize,
    field: &Field<'_>,
    spot: Spot,
    number: u32,
) -> Result<Option<usize>, Failure> {
    let mut left = Spots::from([spot]);
    for (place, filter) in chain.filters().enumerate().skip(from) {
        match filter.narrow(field, number, &mut left) {
            Err(fatal @ Failure::Fatal(_)) => return Err(fatal),
            Ok(()) if !left.is_empty() => {}
            _ => return Ok(Some(place)),
        }
    }
    Ok(None)
}
