//! What waits in the writer's queue: a job that returns something, or a single change.

use kontena_core::domain::{Change, GridId};
use tokio::sync::oneshot;

use super::Tx;
use crate::{Result, StoreError};

/// A job, whatever it returns. It may be attempted more than once and is finished exactly once.
pub(super) trait Job: Send {
    /// The change, where the job is nothing but one.
    fn change(&self) -> Option<(GridId, &Change)> {
        None
    }

    /// Does it.
    fn attempt(&mut self, tx: &mut Tx<'_>) -> Result<()>;

    /// Answers who asked for it. A caller that is gone has no use for the answer; what was written stays.
    fn finish(self: Box<Self>, outcome: Result<()>);
}

/// A job that returns something.
pub(super) struct Task<T, F> {
    job: F,
    value: Option<T>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T, F> Task<T, F> {
    pub(super) fn new(job: F, answer: oneshot::Sender<Result<T>>) -> Self {
        Self { job, value: None, answer }
    }
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnMut(&mut Tx<'_>) -> Result<T> + Send,
{
    fn attempt(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        self.value = None;
        self.value = Some((self.job)(tx)?);
        Ok(())
    }

    fn finish(self: Box<Self>, outcome: Result<()>) {
        let Self { value, answer, .. } = *self;
        let outcome = outcome.and_then(|()| {
            value.ok_or_else(|| StoreError::Unavailable("the job did not run".to_owned()))
        });
        drop(answer.send(outcome));
    }
}

/// A job that is nothing but one change.
pub(super) struct Single {
    pub(super) grid: GridId,
    pub(super) change: Change,
    pub(super) answer: oneshot::Sender<Result<()>>,
}

impl Job for Single {
    fn change(&self) -> Option<(GridId, &Change)> {
        Some((self.grid, &self.change))
    }

    fn attempt(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        tx.apply(self.grid, self.change.clone())
    }

    fn finish(self: Box<Self>, outcome: Result<()>) {
        drop(self.answer.send(outcome));
    }
}
