//! Frames and calls translated: what agents say, and what a node is told to run.
//!
//! Pure: from nouns of the domain to bodies of the wire and back. No socket, no store.

mod bounded;
mod container;
mod exec;
mod info;
mod log;
mod pod;
mod report;
mod stats;
mod volume;

pub use container::read_container;
pub use exec::{
    Chunks, ExecAsked, ExecMode, chunk_bytes, exec_error, exec_exit, exec_output, read_exec,
};
pub use info::{node_info, peer_ips};
pub use log::read_log_batch;
pub use pod::{Confidential, PodSource, domainname, pod, registry_of};
pub use report::{ReportedState, read_docker_info, read_pod_event, read_pod_state};
pub use stats::{read_container_stat, read_node_stats};
pub use volume::node_volume;
