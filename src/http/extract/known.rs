//! Whom a token belongs to and what they are in a grid, as it was last read.
//!
//! Every call asks both. What is kept counts for nothing once any job of this master was committed (a token
//! revoked, a role taken, a grid removed), nor after a second, since `kontena-master token create` writes
//! beside the running master. What was not found is asked for again.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use kontena_core::domain::{Grid, Time, UserId};
use kontena_store::{Store, users::User};

use crate::{auth::Scopes, clock};

/// How long another program's writes may go unseen.
const HOLDS: Duration = Duration::from_secs(1);
/// Entries of each kind; a master has fewer callers and grids at a time.
const MOST: usize = 4096;

/// What is kept.
#[derive(Debug, Default)]
pub struct Known {
    /// By the token's keyed hash: whose it is, what it is good for, and its end.
    pub(super) bearers: Kept<String, (User, Scopes, Option<Time>)>,
    /// By user and the grid's name: the grid, and whether they are a member.
    pub(super) grids: Kept<(UserId, String), (Grid, bool)>,
}

/// Things that were read, by what they were asked for with.
#[derive(Debug)]
pub(super) struct Kept<K, V> {
    entries: Mutex<HashMap<K, (Mark, V)>>,
}

/// When something was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    commits: u64,
    at: tokio::time::Instant,
}

impl Mark {
    /// Taken before reading.
    pub(super) fn now(store: &Store) -> Self {
        Self { commits: store.commits(), at: clock::instant() }
    }
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self { entries: Mutex::default() }
    }
}

impl<K: Hash + Eq, V: Clone> Kept<K, V> {
    /// What was read before and is still true.
    pub(super) fn get(&self, key: &K, now: Mark) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = |mark: &Mark| mark.commits == now.commits && now.at - mark.at < HOLDS;
        entries.get(key).filter(|(mark, _)| holds(mark)).map(|(_, value)| value.clone())
    }

    /// Keeps what was read after the mark.
    pub(super) fn keep(&self, key: K, mark: Mark, value: &V) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST {
            entries.clear();
        }
        entries.insert(key, (mark, value.clone()));
    }
}
