//! What an agent meets: the handshake, the keepalive, the frames. Names carry the case numbers of the
//! agent protocol's conformance list; `cases.md` says which test shows which case.

use crate::support as master;

mod claims;
mod claims_on_sqlite;
mod cleanup;
mod containers;
mod figures;
mod frames;
mod frames_wire;
mod fuzz_corpus;
mod handshake;
mod handshake_clock;
mod handshake_nodes;
mod handshake_wire;
mod interleavings;
mod keepalive;
mod leaks;
mod limits;
mod list;
mod logs;
mod memory;
mod presence;
mod socket;
mod support;
mod volumes;
mod wire;
