//! The administrators' API over a real socket.

mod access;
mod explain;
mod fenced;
mod matrix;
mod resources;
mod volumes;
