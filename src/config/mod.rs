//! Flags, environment and file, checked once into a [`Config`].
//!
//! Precedence: flag, environment, `--config FILE` (TOML; keys are the flag names with `_` for `-`),
//! default. A wrong value is one line that names the setting and what it takes. Each setting is
//! documented in [`setting`] and nowhere else.

mod file;
pub mod setting;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use kontena_store::DatabaseUrl;

pub use file::File;
pub use setting::{Invalid, Settings};

/// Environment variables that decide where a master listens and keeps its data, by flag.
pub const NAMES_OF_LISTEN_AND_DATABASE: [(&str, &[&str]); 3] = [
    ("listen", &["LISTEN", "PORT"]),
    ("database-url", &["DATABASE_URL"]),
    ("log", &["RUST_LOG", "LOG_LEVEL"]),
];

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where HTTP API and agent websocket listen.
    pub listen: SocketAddr,
    /// Where the database is.
    pub database_url: DatabaseUrl,
    /// `env_logger` filter.
    pub log: String,
    /// How long a ping may stay unanswered.
    pub websocket_timeout: Duration,
    /// How often each agent is pinged.
    pub keepalive_interval: Duration,
    /// Accepted clock skew of a connecting agent.
    pub clock_skew: Duration,
    /// Offline grace of `daemon` services.
    pub grace_daemon: Duration,
    /// Offline grace of `ha` services.
    pub grace_ha: Duration,
    /// Offline grace of `random` services.
    pub grace_random: Duration,
    /// How long an `ephemeral` node may stay offline before it is removed.
    pub ephemeral_ttl: Duration,
    /// One-time code for the first administrator; none: a random one.
    pub initial_admin_code: Option<String>,
    /// Key that seals secrets and tokens; none: the key file beside an SQLite database.
    pub vault_key: Option<String>,
    /// Most agents at a time; 0: no bound.
    pub max_agents: usize,
    /// The longest silence of an answer that goes on, and how often its caller's leave is looked at.
    pub stream_beat: Duration,
}

impl Config {
    /// Checks raw settings.
    ///
    /// # Errors
    /// The first setting that is wrong, and what it takes.
    pub fn check(settings: &Settings) -> Result<Self, Invalid> {
        let config = Self {
            listen: setting::listen(settings)?,
            database_url: settings
                .database_url
                .get()?
                .parse()
                .map_err(|error| settings.database_url.invalid(&error))?,
            log: setting::log(&settings.log)?,
            websocket_timeout: settings.websocket_timeout.seconds()?,
            keepalive_interval: settings.keepalive_interval.seconds()?,
            clock_skew: settings.clock_skew.seconds()?,
            grace_daemon: settings.grace_daemon.seconds()?,
            grace_ha: settings.grace_ha.seconds()?,
            grace_random: settings.grace_random.seconds()?,
            ephemeral_ttl: settings.ephemeral_ttl.seconds()?,
            initial_admin_code: settings.initial_admin_code.optional().map(str::to_owned),
            vault_key: settings.vault_key.optional().map(str::to_owned),
            max_agents: settings.max_agents.get()?.parse().map_err(|_| {
                settings.max_agents.invalid(&"takes a whole number, 0 for no bound")
            })?,
            stream_beat: settings.stream_beat.seconds()?,
        };
        for (value, setting) in [
            (config.websocket_timeout, &settings.websocket_timeout),
            (config.keepalive_interval, &settings.keepalive_interval),
            (config.stream_beat, &settings.stream_beat),
        ] {
            if value.is_zero() {
                return Err(setting.invalid(&"takes seconds above 0"));
            }
        }
        config.check_vault_key(settings)?;
        // Serving plain HTTP to somebody who asked for TLS would be worse than not serving.
        if settings.tls.optional().is_some() {
            return Err(settings.tls.invalid(&"TLS is not built yet: takes nothing"));
        }
        Ok(config)
    }

    /// The file that holds the vault key beside an SQLite database.
    #[must_use]
    pub fn vault_key_file(&self) -> Option<PathBuf> {
        match &self.database_url {
            DatabaseUrl::Sqlite(file) => Some(PathBuf::from(format!("{file}.vault-key"))),
            DatabaseUrl::Postgres(_) => None,
        }
    }

    fn check_vault_key(&self, settings: &Settings) -> Result<(), Invalid> {
        if self.vault_key.is_none() && self.vault_key_file().is_none() {
            return Err(settings.vault_key.invalid(
                &"is required with Postgres: takes any long random text, the same for every master",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        Settings::resolve(
            &setting::Flags::default(),
            &|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned()),
            &File::default(),
        )
    }

    #[test]
    fn defaults_are_the_contracts() {
        let config = Config::check(&settings(&[])).expect("defaults are fine");
        assert_eq!(config.listen.to_string(), "0.0.0.0:9292");
        assert_eq!(config.database_url, DatabaseUrl::Sqlite("kontena.db".into()));
        assert_eq!(config.websocket_timeout, Duration::from_secs(5));
        assert_eq!(config.grace_daemon, Duration::from_secs(600));
        assert_eq!(config.vault_key_file(), Some("kontena.db.vault-key".into()));
    }

    #[test]
    fn a_wrong_value_names_the_setting_and_what_it_takes() {
        let refused = |name: &str, value: &str| {
            Config::check(&settings(&[(name, value)])).expect_err(value).to_string()
        };
        assert_eq!(
            refused("DATABASE_URL", "mysql://x"),
            "DATABASE_URL: \"mysql://…\" is not valid: takes sqlite://FILE, sqlite:///DIR/FILE or \
             postgres://USER@HOST/DATABASE"
        );
        assert!(refused("WEBSOCKET_TIMEOUT", "soon").contains("takes seconds"));
        assert!(refused("WEBSOCKET_TIMEOUT", "0").contains("above 0"));
        assert!(refused("KONTENA_GRACE_HA", "-1").contains("KONTENA_GRACE_HA"));
        assert!(refused("LISTEN", "nine").contains("takes ADDR:PORT"));
        assert!(refused("PORT", "99999").contains("PORT"));
        assert!(refused("DATABASE_URL", "postgres://k@db/k").contains("VAULT_KEY"));
    }

    #[test]
    fn port_alone_keeps_the_address_and_listen_wins() {
        let listen = |pairs: &[(&str, &str)]| {
            Config::check(&settings(pairs)).expect("valid").listen.to_string()
        };
        assert_eq!(listen(&[("PORT", "80")]), "0.0.0.0:80");
        assert_eq!(listen(&[("PORT", "80"), ("LISTEN", "127.0.0.1:1")]), "127.0.0.1:1");
    }

    #[test]
    fn flags_win_over_the_environment_and_both_over_the_file() {
        let file = File::parse("grace_ha = 1.5\nlog = \"warn\"").expect("valid");
        let flags = setting::Flags { log: Some("debug".into()), ..setting::Flags::default() };
        let settings = Settings::resolve(&flags, &|_| None, &file);
        let config = Config::check(&settings).expect("valid");
        assert_eq!(config.log, "debug");
        assert_eq!(config.grace_ha, Duration::from_millis(1500));
        assert!(File::parse("grace_hb = 1").expect_err("unknown").contains("grace_hb"));
    }
}
