//! Whole stories on a paused clock: a real agent on the simulated engine, the real actors, the real store.

mod deploys;
mod drained;
mod explain;
mod offline;
mod panics;
mod pruning;
mod restart;
mod volumes;
