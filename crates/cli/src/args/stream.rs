//! Arguments of everything that shows logs or events.

use clap::{Args, ValueEnum};

use super::values::{Since, positive, since};

/// How much of a log, and whether to go on.
#[derive(Debug, Args)]
pub(crate) struct Stream {
    /// Go on with what is new until it ends, or Ctrl-C
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// How many of the newest lines to show; also --lines
    #[arg(short = 'n', long, alias = "lines", value_name = "LINES", default_value = "100",
          value_parser = positive)]
    pub(crate) tail: i64,
    /// Only what is later than a time such as 2018-03-20T08:00:00Z, or than 10m ago
    #[arg(long, value_name = "SINCE", value_parser = since)]
    pub(crate) since: Option<Since>,
    /// Output format: text, or json, one object of the API a line
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: StreamFormat,
}

/// Output formats of logs and events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum StreamFormat {
    /// Lines for people.
    #[default]
    Text,
    /// The API's objects as JSON, one a line.
    Json,
}

/// `kontena grid logs`.
#[derive(Debug, Args)]
pub(crate) struct GridLogs {
    /// Of what, and how much.
    #[command(flatten)]
    pub(crate) grid: GridEvents,
    /// Only of this container
    #[arg(short, long = "container", value_name = "CONTAINER")]
    pub(crate) containers: Vec<String>,
}

/// `kontena grid events` and `kontena events`.
#[derive(Debug, Args)]
pub(crate) struct GridEvents {
    /// How much.
    #[command(flatten)]
    pub(crate) stream: Stream,
    /// Only of this node
    #[arg(long = "node", value_name = "NODE")]
    pub(crate) nodes: Vec<String>,
    /// Only of this service
    #[arg(long = "service", value_name = "SERVICE")]
    pub(crate) services: Vec<String>,
}

/// `kontena service logs`.
#[derive(Debug, Args)]
pub(crate) struct ServiceLogs {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Only of this instance
    #[arg(short, long, value_name = "INSTANCE", value_parser = super::values::non_negative)]
    pub(crate) instance: Option<i64>,
    /// How much.
    #[command(flatten)]
    pub(crate) stream: Stream,
}

/// `kontena service events`.
#[derive(Debug, Args)]
pub(crate) struct ServiceEvents {
    /// Name of the service
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// How much.
    #[command(flatten)]
    pub(crate) stream: Stream,
}

/// `kontena container logs`.
#[derive(Debug, Args)]
pub(crate) struct ContainerLogs {
    /// The container, NODE/NAME
    #[arg(value_name = "CONTAINER_ID")]
    pub(crate) id: String,
    /// How much.
    #[command(flatten)]
    pub(crate) stream: Stream,
}
