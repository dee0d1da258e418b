//! The node agent: dials the master, runs service instances on the local engine, reports back.
//!
//! ```text
//!   agent     one agent, whole: Agent::run
//!   config    what it is told: for programs (args) and for those who embed one
//!   clock     the only reader of time, the only source of chance
//!   session   the websocket: dial, keep alive, calls both ways; any transport will do
//!   calls     what the master may call
//!   node      the reports about the node itself: what it is, what it uses
//!   pods      what shall run here, compared with what runs
//!   volumes   what volumes there shall be, compared with those there are
//!   records   the master's records of containers, kept up to date
//!   engine    what runs containers: docker, or simulated
//!   check     whether this machine can be a node
//! ```
//!
//! Read `agent`, then `session` and `pods`. Embedding one takes a configuration and an engine:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use kontena_agent::{Agent, AgentConfig, Clock, Token, engine::simulated};
//!
//! let config = AgentConfig::new("ws://127.0.0.1:9292", Token::Grid("secret".into()))?;
//! let engine = simulated::shared(simulated::SimulatedOptions::default(), Clock::system());
//! Agent::new(config, engine).run(std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Not here yet: log streaming, statistics of containers beyond their memory, exec, health checks, image
//! clean-up, and the overlay network.

mod agent;
mod calls;
pub mod check;
pub mod clock;
pub mod config;
pub mod engine;
mod error;
mod node;
pub mod pods;
pub mod records;
pub mod session;
#[cfg(test)]
mod tests;
mod volumes;

pub use agent::Agent;
pub use clock::Clock;
pub use config::{AgentConfig, ConfigError};
pub use error::AgentError;
pub use kontena_protocol::agent::Token;
