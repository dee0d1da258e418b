//! Which master, grid and token a command works with.
//!
//! ```text
//! master:  --master > KONTENA_URL > KONTENA_MASTER > current_server
//! grid:    --grid > KONTENA_GRID > the master's grid
//! token:   KONTENA_TOKEN > the master's token
//! ```

use super::{Config, Environment, Server};

/// A master to talk to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Master {
    /// Name in the configuration, or the one of a temporary entry.
    pub(crate) name: String,
    /// Address.
    pub(crate) url: String,
    /// User of the configuration.
    pub(crate) username: Option<String>,
    /// Access token.
    pub(crate) token: Option<String>,
    /// Renews the access token.
    pub(crate) refresh_token: Option<String>,
    /// Seconds since 1970; 0: never.
    pub(crate) expires_at: i64,
}

impl std::fmt::Debug for Master {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Master({} at {})", self.name, self.url)
    }
}

/// The master, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// This one.
    Master(Master),
    /// `--master` names no entry.
    Unknown(String),
    /// Nothing is selected.
    None,
}

/// What a command works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selection {
    /// The master.
    pub(crate) master: Choice,
    /// The grid.
    pub(crate) grid: Option<String>,
}

impl Selection {
    /// Decides by flags, environment and configuration, in this order.
    pub(crate) fn decide(
        config: &Config,
        environment: &Environment,
        master: Option<&str>,
        grid: Option<&str>,
    ) -> Self {
        let entry = match master {
            Some(name) => config.server(name).cloned().ok_or(Choice::Unknown(name.to_owned())),
            None => from_environment(config, environment).ok_or(Choice::None),
        };
        let grid = grid.filter(|grid| !grid.is_empty()).map(ToOwned::to_owned);
        let grid = grid.or_else(|| environment.get("KONTENA_GRID").map(ToOwned::to_owned));
        match entry {
            Ok(server) => {
                let grid = grid.or_else(|| server.grid.clone().filter(|grid| !grid.is_empty()));
                let token = environment.get("KONTENA_TOKEN");
                let master = with_token(server, token).map_or(Choice::None, Choice::Master);
                Self { master, grid }
            }
            Err(none) => Self { master: none, grid },
        }
    }
}

fn from_environment(config: &Config, environment: &Environment) -> Option<Server> {
    if let Some(url) = environment.get("KONTENA_URL") {
        let known = config.servers.iter().find(|server| server.url.as_deref() == Some(url));
        return known.cloned().or_else(|| {
            let mut server = Server::named(environment.get("KONTENA_MASTER").unwrap_or("default"));
            server.url = Some(url.to_owned());
            Some(server)
        });
    }
    let name = environment.get("KONTENA_MASTER").or(config.current_server.as_deref())?;
    config.server(name).cloned()
}

fn with_token(server: Server, token: Option<&str>) -> Option<Master> {
    let mut master = Master {
        url: server.url.filter(|url| !url.is_empty())?,
        name: server.name,
        username: server.username,
        token: server.token.filter(|token| !token.is_empty()),
        refresh_token: server.refresh_token.filter(|token| !token.is_empty()),
        expires_at: server.token_expires_at.unwrap_or(0),
    };
    if let Some(token) = token {
        master.token = Some(token.to_owned());
        master.refresh_token = None;
        master.expires_at = 0;
    }
    Some(master)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::parse(
            r#"{"current_server":"a","servers":[
                {"name":"a","url":"http://a","grid":"ga","token":"ta","refresh_token":"r",
                 "token_expires_at":5},
                {"name":"b","url":"http://b","grid":"gb"},{"name":"c"}]}"#,
        )
        .unwrap()
    }

    fn decide(env: &[(&str, &str)], master: Option<&str>, grid: Option<&str>) -> String {
        let selection = Selection::decide(&config(), &Environment::of(env), master, grid);
        let grid = selection.grid.unwrap_or_default();
        match selection.master {
            Choice::Master(m) => {
                format!("{} {} {} {grid}", m.name, m.url, m.token.unwrap_or_default())
            }
            Choice::Unknown(name) => format!("unknown {name}"),
            Choice::None => format!("none {grid}"),
        }
    }

    #[test]
    fn precedence() {
        let url = ("KONTENA_URL", "http://b");
        assert_eq!(decide(&[], None, None), "a http://a ta ga");
        assert_eq!(decide(&[("KONTENA_MASTER", "b")], None, None), "b http://b  gb");
        assert_eq!(decide(&[("KONTENA_MASTER", "x")], None, None), "none ");
        assert_eq!(decide(&[url, ("KONTENA_MASTER", "a")], None, None), "b http://b  gb");
        assert_eq!(decide(&[("KONTENA_URL", "http://z")], None, None), "default http://z  ");
        assert_eq!(decide(&[url], Some("a"), None), "a http://a ta ga");
        assert_eq!(decide(&[], Some("x"), None), "unknown x");
        assert_eq!(decide(&[], Some("c"), None), "none ");
        assert_eq!(decide(&[("KONTENA_GRID", "e")], None, None), "a http://a ta e");
        assert_eq!(decide(&[("KONTENA_GRID", "e")], None, Some("f")), "a http://a ta f");
        assert_eq!(decide(&[("KONTENA_GRID", "")], None, None), "a http://a ta ga");
        assert_eq!(decide(&[("KONTENA_TOKEN", "t")], None, None), "a http://a t ga");
    }

    #[test]
    fn a_token_of_the_environment_is_neither_renewed_nor_expired() {
        let env = Environment::of(&[("KONTENA_TOKEN", "t")]);
        let Choice::Master(master) = Selection::decide(&config(), &env, None, None).master else {
            panic!("a master");
        };
        assert_eq!((master.refresh_token, master.expires_at), (None, 0));
    }
}
