//! Close codes of the agent websocket. The only place that knows the numbers.

/// Longest close reason in bytes that fits a control frame; a longer one makes the agent lose the code.
pub const MAX_REASON_BYTES: usize = 123;

/// Why a websocket was closed, as the number in its close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// The peer is done.
    pub const NORMAL: Self = Self(1000);
    /// The master is stopping; agents come back.
    pub const GOING_AWAY: Self = Self(1001);
    /// Never sent: recorded where the connection broke without a close frame.
    pub const ABNORMAL: Self = Self(1006);
    /// A message was larger than the receiver accepts.
    pub const TOO_BIG: Self = Self(1009);
    /// The master failed; nothing is wrong with the agent.
    pub const INTERNAL: Self = Self(1011);
    /// A required header is missing or unreadable.
    pub const BAD_HELLO: Self = Self(4000);
    /// The grid token is unknown. Agents shut down.
    pub const INVALID_GRID_TOKEN: Self = Self(4001);
    /// The node token is unknown: never existed, was reset, or its node was removed.
    pub const INVALID_NODE_TOKEN: Self = Self(4002);
    /// The node token belongs to a node that another node id has taken.
    pub const NODE_TOKEN_IN_USE: Self = Self(4003);
    /// Neither token header was sent.
    pub const MISSING_TOKEN: Self = Self(4004);
    /// A grid token was used for a node that has a node token.
    pub const NODE_TOKEN_REQUIRED: Self = Self(4005);
    /// The node id is held by a different node.
    pub const NODE_ID_IN_USE: Self = Self(4006);
    /// The agent's version is not compatible. Agents shut down.
    pub const VERSION: Self = Self(4010);
    /// The agent's clock is too far off.
    pub const CLOCK: Self = Self(4020);
    /// A ping stayed unanswered.
    pub const PING_TIMEOUT: Self = Self(4030);
    /// The node record says not connected.
    pub const DISCONNECTED: Self = Self(4031);
    /// The node was removed. Agents shut down.
    pub const REMOVED: Self = Self(4040);
    /// Another connection has taken the node. Agents shut down.
    pub const CONFLICT: Self = Self(4041);

    /// Tells whether an agent must stay away after this code instead of reconnecting.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::INVALID_GRID_TOKEN | Self::VERSION | Self::REMOVED | Self::CONFLICT)
    }
}

impl std::fmt::Display for CloseCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Shortens a close reason to [`MAX_REASON_BYTES`] at a character boundary.
#[must_use]
pub fn truncate_reason(reason: &str) -> &str {
    let mut end = reason.len().min(MAX_REASON_BYTES);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let reason = format!("host node {} has been disconnected", "ä".repeat(80));
        let cut = truncate_reason(&reason);
        assert_eq!(cut.len(), 122);
        assert!(reason.starts_with(cut));
        assert_eq!(truncate_reason("short"), "short");
    }
}
