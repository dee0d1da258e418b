//! What an agent is told: [`AgentConfig`] for those who embed one, [`args`] for the program, whose
//! flags, environment and file become one.

pub mod args;
mod env_file;
#[cfg(test)]
mod tests;

use std::time::Duration;

use kontena_protocol::agent::Token;

use crate::{
    node::addresses,
    session::{socket::MasterUri, verifier::TlsOptions},
};

/// The wait of Kontena 1.5 before the first connection attempt.
pub const FIRST_CONNECT_DELAY: Duration = Duration::from_secs(1);
/// From one ping to the next.
pub const PING_INTERVAL: Duration = Duration::from_secs(30);
/// How long a ping may stay unanswered unless `WEBSOCKET_TIMEOUT` says otherwise.
pub const WEBSOCKET_TIMEOUT: Duration = Duration::from_secs(5);
/// The interface whose address is reported unless `KONTENA_PEER_INTERFACE` says otherwise.
pub const PEER_INTERFACE: &str = "eth1";

/// Everything an agent needs to know besides its engine.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// Where the master is.
    pub uri: MasterUri,
    /// The grid's token or the node's own; [`AgentConfig::new`] refuses [`Token::Missing`].
    pub token: Token,
    /// Instead of the engine's id.
    pub node_id: Option<String>,
    /// Instead of the machine's name.
    pub node_name: Option<String>,
    /// Instead of the engine's labels.
    pub node_labels: Option<Vec<String>>,
    /// The address reported as public.
    pub public_ip: Option<String>,
    /// The address reported as private; see [`AgentConfig::detect_private_ip`].
    pub private_ip: Option<String>,
    /// How the master's certificate is treated.
    pub tls: TlsOptions,
    /// How long a ping may stay unanswered.
    pub websocket_timeout: Duration,
    /// From one ping to the next.
    pub ping_interval: Duration,
    /// The wait before the first connection attempt.
    pub first_connect_delay: Duration,
}

/// A setting that cannot be used. The text is one line that names the setting and what it takes, and
/// never repeats a value that may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct ConfigError {
    /// The environment variable, with the flag.
    pub setting: &'static str,
    /// What is wrong with it and what it takes.
    pub problem: String,
}

impl ConfigError {
    pub(crate) fn new(setting: &'static str, problem: impl Into<String>) -> Self {
        Self { setting, problem: problem.into() }
    }
}

impl AgentConfig {
    /// Makes a configuration with the defaults of Kontena 1.5.
    ///
    /// # Errors
    /// Where the URI cannot be used, or the token cannot be sent in a header or is missing.
    pub fn new(uri: &str, token: Token) -> Result<Self, ConfigError> {
        let uri = MasterUri::parse(uri).map_err(|problem| {
            let problem = format!("{problem}; takes the master's URI, as ws://HOST:PORT");
            ConfigError::new("KONTENA_URI (--uri)", problem)
        })?;
        let (setting, text) = match &token {
            Token::Grid(text) => ("KONTENA_TOKEN (--token)", text.as_str()),
            Token::Node(text) => ("KONTENA_NODE_TOKEN (--node-token)", text.as_str()),
            Token::Missing => ("KONTENA_TOKEN or KONTENA_NODE_TOKEN", ""),
        };
        if text.is_empty() {
            return Err(ConfigError::new(setting, "a grid or node token is required"));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let problem = "takes a token without blanks and other special characters";
            return Err(ConfigError::new(setting, problem));
        }
        Ok(Self {
            uri,
            token,
            node_id: None,
            node_name: None,
            node_labels: None,
            public_ip: None,
            private_ip: None,
            tls: TlsOptions::default(),
            websocket_timeout: WEBSOCKET_TIMEOUT,
            ping_interval: PING_INTERVAL,
            first_connect_delay: FIRST_CONNECT_DELAY,
        })
    }

    /// Fills in the private address where none is set: that of the peer interface, else of `eth0`,
    /// else the one towards the master.
    pub fn detect_private_ip(&mut self, peer_interface: &str) {
        if self.private_ip.is_none() {
            let master = (self.uri.host(), self.uri.port());
            let found = addresses::private_address(peer_interface, master);
            self.private_ip = found.map(|address| address.to_string());
        }
    }
}
