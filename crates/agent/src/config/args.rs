//! The program's flags, with the environment variables of Kontena 1.5 behind them.
//!
//! A flag wins over the environment, the environment over `/etc/kontena-agent.env`, the file over the
//! default. An empty value is no value.

use std::{collections::HashMap, path::Path, time::Duration};

use clap::{CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind};
use kontena_protocol::agent::Token;

use super::{AgentConfig, ConfigError, PEER_INTERFACE, env_file};
use crate::session::verifier::TlsOptions;

/// Where the node's settings are kept.
pub const ENV_FILE: &str = "/etc/kontena-agent.env";

/// The Kontena node agent: dials the master and runs service instances on the local engine.
#[derive(Parser)]
#[command(name = "kontena-agent", version, about, after_help = AFTER_HELP)]
pub struct Args {
    /// What to do; without it, the agent runs.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The master, as ws://HOST:PORT or wss://HOST:PORT (required).
    #[arg(long, env = "KONTENA_URI", value_name = "URI", hide_env_values = true, global = true)]
    pub uri: Option<String>,

    /// The grid's token; it or the node token is required.
    #[arg(
        long,
        env = "KONTENA_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        global = true
    )]
    pub token: Option<String>,

    /// The node's own token.
    #[arg(
        long,
        env = "KONTENA_NODE_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        global = true
    )]
    pub node_token: Option<String>,

    /// Instead of the engine's id: 12 groups of 4 letters or digits joined by colons.
    #[arg(long, env = "KONTENA_NODE_ID", value_name = "ID", global = true)]
    pub node_id: Option<String>,

    /// Instead of the machine's name.
    #[arg(long, env = "KONTENA_NODE_NAME", value_name = "NAME", global = true)]
    pub node_name: Option<String>,

    /// Instead of the engine's labels: NAME or NAME=VALUE, separated by blanks.
    #[arg(long, env = "KONTENA_NODE_LABELS", value_name = "LABELS", global = true)]
    pub node_labels: Option<String>,

    /// The public address to report.
    #[arg(long, env = "KONTENA_PUBLIC_IP", value_name = "ADDRESS", global = true)]
    pub public_ip: Option<String>,

    /// The private address to report, instead of the peer interface's.
    #[arg(long, env = "KONTENA_PRIVATE_IP", value_name = "ADDRESS", global = true)]
    pub private_ip: Option<String>,

    /// The interface whose address is reported as private [default: eth1, else eth0].
    #[arg(long, env = "KONTENA_PEER_INTERFACE", value_name = "NAME", global = true)]
    pub peer_interface: Option<String>,

    /// Verify the master's certificate. As in Kontena 1.5, any value but an empty one turns it on.
    #[arg(
        long,
        env = "KONTENA_SSL_VERIFY",
        value_name = "ANY",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        global = true
    )]
    pub ssl_verify: Option<String>,

    /// The name to ask for and check in the master's certificate.
    #[arg(long, env = "KONTENA_SSL_HOSTNAME", value_name = "NAME", global = true)]
    pub ssl_hostname: Option<String>,

    /// How long a ping may stay unanswered [default: 5.0].
    #[arg(long, env = "WEBSOCKET_TIMEOUT", value_name = "SECONDS", global = true)]
    pub websocket_timeout: Option<String>,

    /// What to log: error, warn, info, debug, trace, or a filter by module [default: info].
    #[arg(long, env = "RUST_LOG", value_name = "FILTER", global = true)]
    pub log: Option<String>,

    /// What runs the containers: docker or simulated [default: docker].
    #[arg(long, env = "KONTENA_RUNTIME", value_name = "RUNTIME", global = true)]
    pub runtime: Option<String>,
}

const AFTER_HELP: &str = "\
The Docker engine is the one at DOCKER_HOST, by default the local socket. LOG_LEVEL takes Kontena's
numbers 0 (debug) to 4. Certificate authorities come from SSL_CERT_FILE or SSL_CERT_PATH, by default
from the system. Settings may also stand in /etc/kontena-agent.env; flags and the environment win.";

/// What the program does besides running an agent.
#[derive(Subcommand, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Say whether this machine can be a node: exit 0 if it can, 1 if not.
    Check,
}

/// What runs the containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Runtime {
    /// A Docker engine.
    Docker,
    /// Nothing: containers exist in memory only.
    Simulated,
}

/// The program's settings, put together.
#[derive(Debug)]
pub struct Settings {
    /// The agent's configuration, or why there is none. `check` goes on without it.
    pub agent: Result<AgentConfig, ConfigError>,
    /// What runs the containers.
    pub runtime: Runtime,
    /// Where the Docker engine is, if anything says so.
    pub docker_host: Option<String>,
    /// The log filter.
    pub log: String,
}

impl Args {
    /// Reads the command line.
    ///
    /// # Errors
    /// The text to print and the exit code: help and version with 0, else one line with 2.
    pub fn read(
        arguments: impl IntoIterator<Item = std::ffi::OsString>,
    ) -> Result<Self, (String, u8)> {
        Self::try_parse_from(arguments).map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => (error.to_string(), 0),
            _ => (one_line(&error.to_string()), 2),
        })
    }

    /// Puts the settings together with those of the environment that have no flag and those of
    /// [`ENV_FILE`].
    ///
    /// # Errors
    /// Names the setting that cannot be used.
    pub fn settings(
        self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Settings, ConfigError> {
        let file = env_file::read(Path::new(ENV_FILE))
            .map_err(|error| ConfigError::new(ENV_FILE, format!("cannot be read: {error}")))?;
        self.settings_with(environment, &file)
    }

    pub(super) fn settings_with(
        self,
        environment: impl Fn(&str) -> Option<String>,
        file: &HashMap<String, String>,
    ) -> Result<Settings, ConfigError> {
        let sources = Sources { environment: &environment, file };
        let runtime = match sources.pick(self.runtime.as_deref(), "KONTENA_RUNTIME") {
            None => Runtime::Docker,
            Some(text) => Runtime::from_str(&text, true).map_err(|_| {
                ConfigError::new("KONTENA_RUNTIME (--runtime)", "takes docker or simulated")
            })?,
        };
        Ok(Settings {
            runtime,
            docker_host: sources.pick(None, "DOCKER_HOST"),
            log: log_filter(&self, &sources)?,
            agent: agent(&self, &sources),
        })
    }
}

/// The sources behind the flags.
struct Sources<'a> {
    environment: &'a dyn Fn(&str) -> Option<String>,
    file: &'a HashMap<String, String>,
}

impl Sources<'_> {
    /// The first non-empty value; `given` holds the flag's, or already the environment's.
    fn pick(&self, given: Option<&str>, name: &str) -> Option<String> {
        let environment = || (self.environment)(name);
        given
            .map(str::to_owned)
            .filter(|value| !value.is_empty())
            .or_else(|| environment().filter(|value| !value.is_empty()))
            .or_else(|| self.file.get(name).cloned())
            .filter(|value| !value.is_empty())
    }

    /// Whether a variable is set at all, even to nothing.
    fn is_empty(&self, given: Option<&str>, name: &str) -> bool {
        let set = given
            .map(str::to_owned)
            .or_else(|| (self.environment)(name))
            .or_else(|| self.file.get(name).cloned());
        set.as_deref() == Some("")
    }
}

fn agent(args: &Args, sources: &Sources<'_>) -> Result<AgentConfig, ConfigError> {
    let uri = sources.pick(args.uri.as_deref(), "KONTENA_URI");
    let uri = uri.ok_or_else(|| {
        let problem = "is required; takes the master's URI, as ws://HOST:PORT";
        ConfigError::new("KONTENA_URI (--uri)", problem)
    })?;
    let node_token = sources.pick(args.node_token.as_deref(), "KONTENA_NODE_TOKEN");
    let token = node_token
        .map(Token::Node)
        .or_else(|| sources.pick(args.token.as_deref(), "KONTENA_TOKEN").map(Token::Grid))
        .ok_or_else(|| {
            ConfigError::new(
                "KONTENA_TOKEN (--token) or KONTENA_NODE_TOKEN (--node-token)",
                "one is required; takes the token that `kontena grid env` or `kontena node env` shows",
            )
        })?;
    let mut config = AgentConfig::new(&uri, token)?;
    config.node_id = node_id(args, sources)?;
    config.node_name = node_name(args, sources)?;
    let labels = sources.pick(args.node_labels.as_deref(), "KONTENA_NODE_LABELS");
    config.node_labels =
        labels.map(|labels| labels.split_whitespace().map(str::to_owned).collect());
    config.public_ip = sources.pick(args.public_ip.as_deref(), "KONTENA_PUBLIC_IP");
    config.private_ip = sources.pick(args.private_ip.as_deref(), "KONTENA_PRIVATE_IP");
    config.websocket_timeout = websocket_timeout(args, sources)?;
    config.tls = TlsOptions {
        verify: sources.pick(args.ssl_verify.as_deref(), "KONTENA_SSL_VERIFY").is_some(),
        hostname: sources.pick(args.ssl_hostname.as_deref(), "KONTENA_SSL_HOSTNAME"),
        ca_file: sources.pick(None, "SSL_CERT_FILE").map(Into::into),
        ca_dir: sources.pick(None, "SSL_CERT_PATH").map(Into::into),
    };
    let interface = sources.pick(args.peer_interface.as_deref(), "KONTENA_PEER_INTERFACE");
    config.detect_private_ip(interface.as_deref().unwrap_or(PEER_INTERFACE));
    Ok(config)
}

fn node_id(args: &Args, sources: &Sources<'_>) -> Result<Option<String>, ConfigError> {
    let Some(id) = sources.pick(args.node_id.as_deref(), "KONTENA_NODE_ID") else {
        return Ok(None);
    };
    let fits = |group: &str| {
        group.len() == 4
            && group.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    if id.split(':').count() == 12 && id.split(':').all(fits) {
        return Ok(Some(id));
    }
    let problem = format!("{id}; takes 12 groups of 4 letters A-Z or digits joined by :");
    Err(ConfigError::new("Invalid KONTENA_NODE_ID", problem))
}

fn node_name(args: &Args, sources: &Sources<'_>) -> Result<Option<String>, ConfigError> {
    if sources.is_empty(args.node_name.as_deref(), "KONTENA_NODE_NAME") {
        return Err(ConfigError::new("Invalid KONTENA_NODE_NAME", "it is empty; takes a name"));
    }
    let name = sources.pick(args.node_name.as_deref(), "KONTENA_NODE_NAME");
    match name {
        Some(name) if name.chars().any(char::is_control) => Err(ConfigError::new(
            "KONTENA_NODE_NAME (--node-name)",
            "takes a name without control characters",
        )),
        name => Ok(name),
    }
}

fn websocket_timeout(args: &Args, sources: &Sources<'_>) -> Result<Duration, ConfigError> {
    let text = sources.pick(args.websocket_timeout.as_deref(), "WEBSOCKET_TIMEOUT");
    let Some(text) = text else {
        return Ok(super::WEBSOCKET_TIMEOUT);
    };
    text.trim()
        .parse()
        .ok()
        .filter(|seconds| *seconds > 0.0 && *seconds < 3600.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| {
            ConfigError::new(
                "WEBSOCKET_TIMEOUT (--websocket-timeout)",
                "takes seconds above 0, as 5 or 2.5",
            )
        })
}

/// `--log` and `RUST_LOG` take a filter; `LOG_LEVEL` takes one, too, or one of Kontena's numbers.
fn log_filter(args: &Args, sources: &Sources<'_>) -> Result<String, ConfigError> {
    if let Some(filter) = sources.pick(args.log.as_deref(), "RUST_LOG") {
        return checked(filter, "RUST_LOG (--log)");
    }
    match sources.pick(None, "LOG_LEVEL").as_deref() {
        None | Some("1") => Ok("info".into()),
        Some("0") => Ok("debug".into()),
        Some("2") => Ok("warn".into()),
        Some("3" | "4") => Ok("error".into()),
        Some(filter) => checked(filter.to_owned(), "LOG_LEVEL"),
    }
}

fn checked(filter: String, setting: &'static str) -> Result<String, ConfigError> {
    if filter.split(',').all(is_directive) {
        return Ok(filter);
    }
    let problem = "takes error, warn, info, debug, trace, off or a filter by module as \
                   kontena_agent=debug; LOG_LEVEL also 0 to 4";
    Err(ConfigError::new(setting, problem))
}

/// `level`, `module=level`, or a module's path; a single word that is no level is most likely a typing
/// error, which the logger would take for a module and fall silent.
fn is_directive(text: &str) -> bool {
    let text = text.split('/').next().unwrap_or(text).trim();
    let is_level = |level: &str| level.trim().parse::<log::LevelFilter>().is_ok();
    match text.split_once('=') {
        Some((_, level)) => is_level(level),
        None => is_level(text) || text.contains("::") || text.contains('_'),
    }
}

/// Clap's errors have a usage and a hint below; programs that start the agent read one line.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let told =
        lines.take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let told: Vec<_> = told.filter(|line| !line.is_empty()).collect();
    told.join(" ")
}

/// Returns the program's description, for tests of it.
#[must_use]
pub fn command() -> clap::Command {
    Args::command()
}
