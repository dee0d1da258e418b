//! What can end an agent. What merely disturbs it is logged where it is handled.

use kontena_protocol::agent::CloseCode;

use crate::engine::EngineError;

/// Why an agent stopped running although nobody asked it to.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The master told the agent not to come back: 4001, 4010, 4040 or 4041. The text is the master's
    /// reason and nothing else.
    #[error("{reason}")]
    Refused {
        /// The code of the close frame.
        code: CloseCode,
        /// The reason in the close frame.
        reason: String,
    },
    /// The engine did not answer at the start.
    #[error("{0}")]
    Engine(#[from] EngineError),
    /// The engine reports no id or no name, and the configuration gives none either.
    #[error("the engine reports no {what}: set {setting}")]
    Anonymous {
        /// What is missing.
        what: &'static str,
        /// The setting that can give it.
        setting: &'static str,
    },
    /// A setting cannot be used; only found when the agent starts, such as certificates.
    #[error("{0}")]
    Setting(String),
    /// A part of the agent broke, which is a bug; the service manager starts it afresh.
    #[error("the agent's {0} ended unexpectedly")]
    Broken(&'static str),
}
