//! Which entry of the configuration a login is about, and how the result is saved.

use crate::args::master::Login;
use crate::config::{Config, Server};
use crate::failure::Failure;
use crate::session::Session;

/// What a login is about: an entry that exists, or one to be made.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// Name of the entry; none where the master is to be asked.
    pub(super) name: Option<String>,
    /// Address of the master.
    pub(super) url: String,
    /// The entry as it is, if it exists.
    pub(super) known: Option<Server>,
}

impl Entry {
    fn known(server: &Server, url: &str) -> Self {
        let (name, known) = (Some(server.name.clone()), Some(server.clone()));
        Self { name, url: url.to_owned(), known }
    }
}

/// Finds the entry for the words of `master login`.
pub(super) fn find(session: &Session<'_>, args: &Login) -> Result<Entry, Failure> {
    let name = args.name.as_deref().or(session.environment.get("KONTENA_MASTER"));
    match (args.url.as_deref(), name) {
        (None, None) => current(session),
        (Some(url), Some(name)) => Ok(by_both(&session.config, url, name)),
        (None, Some(name)) => by_name(&session.config, name),
        (Some(url), None) => by_url(&session.config, url),
    }
}

fn current(session: &Session<'_>) -> Result<Entry, Failure> {
    let master = session
        .master()
        .map_err(|_| Failure::said("URL not specified and current master not selected"))?;
    Ok(match session.config.server(&master.name) {
        Some(server) => Entry::known(server, &master.url),
        None => Entry { name: Some(master.name.clone()), url: master.url.clone(), known: None },
    })
}

/// An entry of that name gets the URL, else a new one is made.
fn by_both(config: &Config, url: &str, name: &str) -> Entry {
    match config.server(name) {
        Some(server) => Entry::known(server, url),
        None => Entry { name: Some(name.to_owned()), url: url.to_owned(), known: None },
    }
}

fn by_name(config: &Config, name: &str) -> Result<Entry, Failure> {
    config
        .server(name)
        .and_then(|server| Some(Entry::known(server, server.url.as_deref()?)))
        .ok_or_else(|| {
            Failure::said(format!(
                "Master {name} was found from config, but it does not have an URL \
                 and no URL was provided on command line"
            ))
        })
}

/// A word that is no URL is the name of an entry.
fn by_url(config: &Config, url: &str) -> Result<Entry, Failure> {
    if url.starts_with("http://") || url.starts_with("https://") {
        let known = config.servers.iter().find(|server| server.url.as_deref() == Some(url));
        return Ok(match known {
            Some(server) => Entry::known(server, url),
            None => Entry { name: None, url: url.to_owned(), known: None },
        });
    }
    let server = config.server(url).ok_or_else(|| {
        Failure::said(format!("Can't find a master with name {url} from configuration"))
    })?;
    by_name(config, &server.name)
}

/// What a login brought.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// The access token.
    pub(super) token: String,
    /// Renews it.
    pub(super) refresh_token: Option<String>,
    /// Seconds since 1970; 0: never.
    pub(super) expires_at: i64,
    /// Whose it is.
    pub(super) username: Option<String>,
    /// What the master calls itself.
    pub(super) server_name: Option<String>,
}

/// Saves a login, makes its master the current one, and returns the entry.
pub(super) fn save(
    session: &Session<'_>,
    entry: &Entry,
    outcome: &Outcome,
) -> Result<Server, Failure> {
    session.file.update(|config| {
        let name = entry.name.clone().unwrap_or_else(|| {
            config.free_name(outcome.server_name.as_deref().unwrap_or("kontena-master"))
        });
        if config.server(&name).is_none() {
            config.servers.push(Server::named(&name));
        }
        config.current_server = Some(name.clone());
        let saved = config.server_mut(&name).map(|server| {
            server.url = Some(entry.url.clone());
            server.token = Some(outcome.token.clone());
            server.refresh_token.clone_from(&outcome.refresh_token);
            server.token_expires_at = Some(outcome.expires_at);
            if outcome.username.is_some() {
                server.username.clone_from(&outcome.username);
            }
            if session.grid_flag.is_some() {
                server.grid.clone_from(&session.grid_flag);
            }
            server.clone()
        });
        Ok(saved.unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::parse(
            r#"{"servers":[{"name":"a","url":"http://a"},{"name":"b"},{"name":"c","url":"http://c"}]}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_url_finds_the_entry_that_has_it() {
        assert_eq!(by_url(&config(), "http://c").unwrap().name.as_deref(), Some("c"));
        assert_eq!(by_url(&config(), "http://d").unwrap().name, None);
        assert_eq!(by_url(&config(), "a").unwrap().url, "http://a");
        assert_eq!(
            by_url(&config(), "zzz").unwrap_err().to_string(),
            "Can't find a master with name zzz from configuration"
        );
    }

    #[test]
    fn a_name_needs_a_url_from_somewhere() {
        assert_eq!(by_name(&config(), "a").unwrap().url, "http://a");
        assert!(by_name(&config(), "b").is_err());
        let both = by_both(&config(), "http://new", "b");
        assert_eq!((both.name.as_deref(), both.url.as_str()), (Some("b"), "http://new"));
        assert!(by_both(&config(), "http://new", "n").known.is_none());
    }
}
