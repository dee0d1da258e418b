//! The administrators' API over a real socket; `clock` on a paused clock.

mod access;
mod clock;
mod explain;
mod fenced;
mod matrix;
mod resources;
mod volumes;
