//! The agent websocket: what the upgrade carries, how frames are built, what is inside them.
//!
//! ```text
//!   upgrade headers -> Hello                    (hello)
//!   binary frame   <-> Message                  (frame, limit)
//!   params, result <-> JSON-like bodies         (body, json)
//!   close frame    <-> CloseCode and its reason (close)
//! ```
//!
//! Sockets, time-outs and the meaning of a call are the business of the two ends.

pub mod body;
pub mod close;
pub mod frame;
pub mod hello;
pub mod json;
mod limit;

pub use body::{
    ContainerCheck, ContainerEvent, ContainerPort, ContainerSave, Driver, GridInfo, HookSpec,
    MasterInfo, Mount, NetworkInfo, NodeInfo, NodeVolume, PodEvent, PodRef, PodSecret, PodState,
    RegistryCredentials, ServicePod, VolumeState, method,
};
pub use close::{CloseCode, truncate_reason};
pub use frame::{DecodeError, Decoded, Message, RpcError};
pub use hello::{Hello, Token, header};

/// Formats a moment the way records and reasons show it: `2017-08-01 12:34:56 UTC`.
#[must_use]
pub fn utc_text(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
