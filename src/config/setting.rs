//! Every setting: its flag, its environment variable, its default, and what it takes.

use std::{fmt::Display, net::SocketAddr, time::Duration};

use clap::Args;

use super::File;

/// Flag and environment variable of every setting.
pub const NAMES: [(&str, &str); 14] = [
    ("listen", "LISTEN"),
    ("database-url", "DATABASE_URL"),
    ("log", "RUST_LOG"),
    ("websocket-timeout", "WEBSOCKET_TIMEOUT"),
    ("keepalive-interval", "KEEPALIVE_INTERVAL"),
    ("clock-skew", "KONTENA_CLOCK_SKEW"),
    ("grace-daemon", "KONTENA_GRACE_DAEMON"),
    ("grace-ha", "KONTENA_GRACE_HA"),
    ("grace-random", "KONTENA_GRACE_RANDOM"),
    ("ephemeral-ttl", "KONTENA_EPHEMERAL_TTL"),
    ("initial-admin-code", "INITIAL_ADMIN_CODE"),
    ("vault-key", "VAULT_KEY"),
    ("max-agents", "KONTENA_MAX_AGENTS"),
    ("stream-beat", "KONTENA_STREAM_BEAT"),
];

/// The flags of `serve` and `dev`. Values are checked later, together with environment and file.
#[derive(Debug, Clone, Default, Args)]
pub struct Flags {
    /// HTTP API and agent websocket, on one port [env: LISTEN, or PORT alone] [default: 0.0.0.0:9292]
    #[arg(long, value_name = "ADDR:PORT", global = true)]
    pub listen: Option<String>,
    /// sqlite://FILE, sqlite:///DIR/FILE or postgres://… [env: DATABASE_URL] [default: sqlite://kontena.db]
    #[arg(long, value_name = "URL", global = true)]
    pub database_url: Option<String>,
    /// Log filter, such as debug or kontena_store=debug,info [env: RUST_LOG, LOG_LEVEL] [default: info]
    #[arg(long, value_name = "FILTER", global = true)]
    pub log: Option<String>,
    /// How long a ping may stay unanswered; warnings from half of it [env: WEBSOCKET_TIMEOUT] [default: 5.0]
    #[arg(long, value_name = "SECONDS", global = true)]
    pub websocket_timeout: Option<String>,
    /// How often the master pings each agent [env: KEEPALIVE_INTERVAL] [default: 30.0]
    #[arg(long, value_name = "SECONDS", global = true)]
    pub keepalive_interval: Option<String>,
    /// Accepted clock skew of a connecting agent [env: KONTENA_CLOCK_SKEW] [default: 1.0]
    #[arg(long, value_name = "SECONDS", global = true)]
    pub clock_skew: Option<String>,
    /// Offline grace of daemon services [env: KONTENA_GRACE_DAEMON] [default: 600]
    #[arg(long, value_name = "SECONDS", global = true)]
    pub grace_daemon: Option<String>,
    /// Offline grace of ha services [env: KONTENA_GRACE_HA] [default: 120]
    #[arg(long, value_name = "SECONDS", global = true)]
    pub grace_ha: Option<String>,
    /// Offline grace of random services [env: KONTENA_GRACE_RANDOM] [default: 30]
    #[arg(long, value_name = "SECONDS", global = true)]
    pub grace_random: Option<String>,
    /// An ephemeral node offline for longer is removed [env: KONTENA_EPHEMERAL_TTL] [default: 21600]
    #[arg(long, value_name = "SECONDS", global = true)]
    pub ephemeral_ttl: Option<String>,
    /// One-time code for the first administrator's login [env: INITIAL_ADMIN_CODE] [default: a random one]
    #[arg(long, value_name = "CODE", global = true)]
    pub initial_admin_code: Option<String>,
    /// Key that seals secrets and tokens at rest [env: VAULT_KEY] [default: a file beside the SQLite database]
    #[arg(long, value_name = "KEY", global = true)]
    pub vault_key: Option<String>,
    /// Most agents at a time, 0 for no bound [env: KONTENA_MAX_AGENTS] [default: 0]
    #[arg(long, value_name = "N", global = true)]
    pub max_agents: Option<String>,
    /// The longest silence of a log that is followed; clients give up after 30 [env: KONTENA_STREAM_BEAT] [default: 5]
    #[arg(long, value_name = "SECONDS", global = true)]
    pub stream_beat: Option<String>,
}

/// A setting is missing or wrong: one line that names it and what it takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

/// One setting's value and where it came from.
#[derive(Debug, Clone)]
pub struct Value {
    name: String,
    value: Option<String>,
    secret: bool,
}

impl Value {
    /// The value as it was given, if it was.
    #[must_use]
    pub fn optional(&self) -> Option<&str> {
        self.value.as_deref().filter(|value| !value.is_empty())
    }

    /// The value.
    ///
    /// # Errors
    /// Where there is none.
    pub fn get(&self) -> Result<&str, Invalid> {
        self.optional().ok_or_else(|| Invalid(format!("{}: takes a value", self.name)))
    }

    /// The value as a span; fractions are fine.
    ///
    /// # Errors
    /// Where it is no number, or below 0.
    pub fn seconds(&self) -> Result<Duration, Invalid> {
        let takes = "takes seconds, such as 30 or 0.5";
        let seconds: f64 = self.get()?.trim().parse().map_err(|_| self.invalid(&takes))?;
        Duration::try_from_secs_f64(seconds).map_err(|_| self.invalid(&takes))
    }

    /// The refusal of this value.
    #[must_use]
    pub fn invalid(&self, takes: &dyn Display) -> Invalid {
        Invalid(match self.optional() {
            // What is meant for a URL may hold a password.
            Some(value) if !self.secret && value.contains("://") => {
                let scheme = value.split("://").next().unwrap_or_default();
                format!("{}: \"{scheme}://…\" is not valid: {takes}", self.name)
            }
            Some(value) if !self.secret => {
                format!("{}: {value:?} is not valid: {takes}", self.name)
            }
            _ => format!("{}: {takes}", self.name),
        })
    }
}

/// The settings as they were given, not checked yet.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is documented at its flag")]
pub struct Settings {
    pub listen: Value,
    pub port: Value,
    pub database_url: Value,
    pub log: Value,
    pub websocket_timeout: Value,
    pub keepalive_interval: Value,
    pub clock_skew: Value,
    pub grace_daemon: Value,
    pub grace_ha: Value,
    pub grace_random: Value,
    pub ephemeral_ttl: Value,
    pub initial_admin_code: Value,
    pub vault_key: Value,
    pub max_agents: Value,
    pub stream_beat: Value,
    pub tls: Value,
}

impl Settings {
    /// Gathers the settings: flag, else environment, else file, else default.
    #[must_use]
    pub fn resolve(
        flags: &Flags,
        environment: &dyn Fn(&str) -> Option<String>,
        file: &File,
    ) -> Self {
        let environment = |name: &str| environment(name).filter(|value| !value.is_empty());
        let one = |flag: &'static str, given: &Option<String>, default: Option<&str>| {
            let variable = NAMES.iter().find(|(known, _)| *known == flag).map(|(_, env)| *env);
            let secret = matches!(flag, "vault-key" | "initial-admin-code");
            let from = |name: String, value: String| Value { name, value: Some(value), secret };
            if let Some(value) = given {
                return from(format!("--{flag}"), value.clone());
            }
            if let Some(variable) = variable
                && let Some(value) = environment(variable)
            {
                return from(variable.to_owned(), value);
            }
            let name = variable.map_or_else(|| format!("--{flag}"), str::to_owned);
            let value = file.get(flag).or(default).map(str::to_owned);
            Value { name, value, secret }
        };
        let mut log = one("log", &flags.log, None);
        if log.value.is_none() {
            log.value = Some(environment("LOG_LEVEL").unwrap_or_else(|| "info".to_owned()));
        }
        Self {
            listen: one("listen", &flags.listen, None),
            port: Value { name: "PORT".to_owned(), value: environment("PORT"), secret: false },
            database_url: one("database-url", &flags.database_url, Some("sqlite://kontena.db")),
            log,
            websocket_timeout: one("websocket-timeout", &flags.websocket_timeout, Some("5.0")),
            keepalive_interval: one("keepalive-interval", &flags.keepalive_interval, Some("30.0")),
            clock_skew: one("clock-skew", &flags.clock_skew, Some("1.0")),
            grace_daemon: one("grace-daemon", &flags.grace_daemon, Some("600")),
            grace_ha: one("grace-ha", &flags.grace_ha, Some("120")),
            grace_random: one("grace-random", &flags.grace_random, Some("30")),
            ephemeral_ttl: one("ephemeral-ttl", &flags.ephemeral_ttl, Some("21600")),
            initial_admin_code: one("initial-admin-code", &flags.initial_admin_code, None),
            vault_key: one("vault-key", &flags.vault_key, None),
            max_agents: one("max-agents", &flags.max_agents, Some("0")),
            stream_beat: one("stream-beat", &flags.stream_beat, Some("5")),
            tls: Value {
                name: "TLS_CERT".to_owned(),
                value: environment("TLS_CERT").or_else(|| environment("TLS_KEY")),
                secret: true,
            },
        }
    }
}

/// `LISTEN`, else `PORT` on every address, else the default.
pub(super) fn listen(settings: &Settings) -> Result<SocketAddr, Invalid> {
    if let Some(text) = settings.listen.optional() {
        let takes = "takes ADDR:PORT, such as 127.0.0.1:9292";
        return text.parse().map_err(|_| settings.listen.invalid(&takes));
    }
    let port = match settings.port.optional() {
        Some(text) => text
            .parse()
            .map_err(|_| settings.port.invalid(&"takes a port number from 0 to 65535"))?,
        None => 9292,
    };
    Ok(SocketAddr::from(([0, 0, 0, 0], port)))
}

/// An `env_logger` filter, or Kontena's 0 to 4.
pub(super) fn log(value: &Value) -> Result<String, Invalid> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let filter = value.get()?;
    let is_level = |text: &str| LEVELS.contains(&text.to_ascii_lowercase().as_str());
    let directives = filter.split('/').next().unwrap_or_default().split(',');
    let is_valid = matches!(filter.trim(), "0" | "1" | "2" | "3" | "4")
        || directives.map(str::trim).all(|directive| match directive.split_once('=') {
            Some((target, level)) => !target.is_empty() && (level.is_empty() || is_level(level)),
            None => true,
        });
    if is_valid {
        return Ok(filter.to_owned());
    }
    Err(value.invalid(&"takes a filter such as debug or kontena_store=debug,info, or 0 to 4"))
}
