//! A scripted master, the fixtures C1 and M1, and a runner for the program.

pub(crate) mod fixtures;
pub(crate) mod kontena;
pub(crate) mod master;
mod modes;

pub(crate) use fixtures::{m1, node};
pub(crate) use kontena::Kontena;
pub(crate) use master::{Master, Piece, frame, say};
pub(crate) use modes::Case;

/// Looks until there is something, for ten seconds at most.
pub(crate) fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..1000 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("nothing came");
}
