//! The administrators' API over a real socket.

mod access;
mod explain;
mod resources;
pub mod server;
