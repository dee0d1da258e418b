//! Talking to a master.
//!
//! - `client`, `answer`: requests, the token and its renewal; what comes back.
//! - `transport`, `connector`, `tls`, `subject`: connections, timeouts, certificates.
//! - `error`: answers that are no success, in words.
//! - `oauth`: tokens for codes and for refresh tokens.
//! - `stream`: answers that go on: logs and events that are followed.
//! - `websocket`, `exec`: commands in containers.
//! - `views`: what is read of answers.

mod answer;
mod client;
mod connector;
mod error;
mod exec;
mod oauth;
mod path;
mod stream;
mod subject;
mod tls;
mod transport;
mod views;
mod websocket;

pub(crate) use answer::{read, view};
pub(crate) use client::{Client, Method, Renewal, Shared};
pub(crate) use error::HttpFailure;
pub(crate) use exec::{Command, Sink, exec};
pub(crate) use oauth::{OauthClient, exchange_code, refresh};
pub(crate) use path::{Origin, encode, path, path_of, path_of_node, websocket_uri};
pub(crate) use stream::{ATTEMPTS, follow, is_passing, newest, pause};
pub(crate) use views::{
    Container, Deploy, EtcdHealth, Explanation, Filesystem, Grid, Grids, HealthStatus, Instance,
    InstanceDeploy, InstanceExplanation, Link, Node, NodeHealth, Nodes, Port, Rank, Refusals,
    Service, Services, lenient,
};
