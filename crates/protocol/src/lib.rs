//! What crosses a wire, shared by the master, its agents and its command line.
//!
//! - [`agent`]: the websocket between an agent and the master: headers, close codes, MessagePack-RPC
//!   frames and the bodies inside them.
//! - [`api`]: the JSON bodies of the administrators' HTTP API, as clients read them.
//!
//! Only shapes and encodings live here. Who may connect, what a report changes and what a node is told
//! to run is decided in the master.

pub mod agent;
pub mod api;

/// The version announced to agents and stock clients: the Kontena line this product is compatible
/// with, never the product's own version.
pub const COMPAT_VERSION: &str = "1.5.4";
