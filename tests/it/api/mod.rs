//! The administrators' API over a real socket.

mod access;
mod resources;
pub mod server;
mod volumes;
