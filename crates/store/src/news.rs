//! Who waits for new lines or events of a grid is woken after their commit, and reads what is new itself:
//! nothing is carried, so that nobody who is slow holds anything up or makes it wait in memory.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use kontena_core::domain::GridId;
use tokio::sync::watch;

/// A bell for each grid that somebody listens for.
#[derive(Debug, Default)]
pub(crate) struct News(Mutex<HashMap<GridId, watch::Sender<()>>>);

impl News {
    /// Listens for a grid's news from now on.
    pub(crate) fn of(&self, grid: GridId) -> watch::Receiver<()> {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bells.entry(grid).or_insert_with(|| watch::Sender::new(())).subscribe()
    }

    /// Tells whoever listens for the grid.
    pub(crate) fn ring(&self, grid: GridId) {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if bells.get(&grid).is_some_and(|bell| bell.send(()).is_err()) {
            bells.remove(&grid);
        }
    }
}
