//! Lists of nodes as they were last sent, good until something in their grid is committed.
//!
//! Dashboards and provider plugins ask for the list of a grid every second, and making one costs far more
//! than sending it. What is kept is never older than the last commit that was acknowledged.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use actix_web::web::Bytes;
use kontena_core::domain::GridId;
use kontena_store::Version;

/// Bytes of a list that is kept; a larger one is of a grid in which something happens all the time.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Grids whose lists are kept.
const MOST_GRIDS: usize = 64;

/// The lists that are kept.
#[derive(Debug, Default)]
pub struct Lists {
    by_grid: Mutex<HashMap<GridId, (Version, Bytes)>>,
}

impl Lists {
    /// The list of a grid as of a version.
    pub(super) fn get(&self, grid: GridId, version: Version) -> Option<Bytes> {
        let lists = self.by_grid.lock().unwrap_or_else(PoisonError::into_inner);
        lists.get(&grid).filter(|(known, _)| *known == version).map(|(_, bytes)| bytes.clone())
    }

    /// Keeps a list that was read after the version was taken.
    pub(super) fn keep(&self, grid: GridId, version: Version, bytes: &Bytes) {
        let mut lists = self.by_grid.lock().unwrap_or_else(PoisonError::into_inner);
        lists.remove(&grid);
        if bytes.len() > MOST_BYTES {
            return;
        }
        if lists.len() >= MOST_GRIDS {
            lists.clear();
        }
        lists.insert(grid, (version, bytes.clone()));
    }
}
