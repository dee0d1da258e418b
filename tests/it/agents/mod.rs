//! What an agent meets: the handshake, the keepalive, the frames. Names carry the case numbers of the
//! agent protocol's conformance list.

mod frames;
mod handshake;
mod keepalive;
mod socket;
