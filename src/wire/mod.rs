//! Frames and calls translated: what agents say, and what a node is told to run.
//!
//! Pure: from nouns of the domain to bodies of the wire and back. No socket, no store.

mod info;
mod pod;
mod report;

pub use info::{node_info, peer_ips};
pub use pod::{PodSource, domainname, pod};
pub use report::{ReportedState, read_docker_info, read_pod_event, read_pod_state};
