//! Talking to a master.
//!
//! - `client`: requests, the token and its renewal.
//! - `transport`: connections, timeouts, certificates.
//! - `error`: answers that are no success, in words.
//! - `oauth`: tokens for codes and for refresh tokens.
//! - `views`: what is read of answers.

mod client;
mod error;
mod oauth;
mod path;
mod transport;
mod views;

pub(crate) use client::{Client, Method, Renewal, Shared, read};
pub(crate) use error::HttpFailure;
pub(crate) use oauth::{OauthClient, TokenPair, exchange_code, refresh};
pub(crate) use path::{Origin, encode, path, path_of, path_of_node, websocket_uri};
pub(crate) use views::{
    Container, Deploy, Filesystem, Grid, Grids, HealthStatus, Instance, InstanceDeploy, Node,
    Nodes, Port, Service, Services,
};
