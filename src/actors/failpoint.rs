//! Planned failures: named places where a test may inject a panic.
//!
//! A running master has none, and passing a place then costs one atomic load.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// Places that fail when they are reached; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Failpoints {
    armed: Arc<AtomicBool>,
    places: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Failpoints {
    /// Plans a panic for the next `times` times a place is reached.
    pub fn plan(&self, place: &str, times: u32) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.insert(place.to_owned(), times);
        self.armed.store(true, Ordering::Release);
    }

    /// Passes a place.
    ///
    /// # Panics
    /// Where a panic was planned for it.
    pub fn pass(&self, place: &str) {
        if self.armed.load(Ordering::Acquire) && self.take(place) {
            #[expect(clippy::panic, reason = "a panic was asked for")]
            {
                panic!("planned at {place:?}");
            }
        }
    }

    fn take(&self, place: &str) -> bool {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        match places.get_mut(place) {
            Some(times) if *times > 0 => {
                *times -= 1;
                true
            }
            _ => false,
        }
    }
}
