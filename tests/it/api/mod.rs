//! The administrators' API over a real socket.

mod access;
mod explain;
mod fenced;
mod resources;
mod volumes;
