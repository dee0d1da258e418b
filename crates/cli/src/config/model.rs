//! The content of the configuration file.
//!
//! Every key this program does not know is kept: the stock command line and its plugins share the file.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Config {
    /// Name of the current master.
    #[serde(default)]
    pub(crate) current_server: Option<String>,
    /// Name of the current cloud account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) current_account: Option<String>,
    /// Masters, in the order they were added.
    #[serde(default, deserialize_with = "or_empty")]
    pub(crate) servers: Vec<Server>,
    /// Cloud accounts, kept as they are.
    #[serde(default, deserialize_with = "or_empty")]
    accounts: Vec<Value>,
    /// Unknown keys.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// A master.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Server {
    /// Unique in the file.
    #[serde(default)]
    pub(crate) name: String,
    /// Address, as typed at login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// The current grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) grid: Option<String>,
    /// Who is logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) username: Option<String>,
    /// Access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    /// Seconds since 1970; none or 0: never.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "moment")]
    pub(crate) token_expires_at: Option<i64>,
    /// Renews the access token once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<String>,
    /// Unknown keys.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("name", &self.name).field("url", &self.url).finish()
    }
}

impl Server {
    /// Makes an entry of which only the name is known.
    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Forgets the access token; user and grid stay.
    pub(crate) fn log_out(&mut self) {
        self.token = None;
        self.token_expires_at = None;
        self.refresh_token = None;
    }
}

impl Config {
    /// Reads the file's text, old shapes included.
    ///
    /// # Errors
    ///
    /// Where it is no JSON of a known shape.
    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let mut config: Self = serde_json::from_str(text)?;
        config.adopt_single_server()?;
        let mut taken: Vec<String> = Vec::new();
        let names: Vec<String> = config.servers.iter().map(|one| one.name.clone()).collect();
        for server in &mut config.servers {
            if taken.contains(&server.name) {
                server.name = free_name(&server.name, &[taken.as_slice(), &names].concat());
            }
            taken.push(server.name.clone());
        }
        Ok(config)
    }

    /// `{"server": {…}}` is how the file looked before it could hold several masters.
    fn adopt_single_server(&mut self) -> Result<(), serde_json::Error> {
        if !self.servers.is_empty() {
            return Ok(());
        }
        let Some(single) = self.rest.remove("server") else {
            return Ok(());
        };
        let mut server: Server = serde_json::from_value(single)?;
        server.name = "default".to_owned();
        self.current_server = Some(server.name.clone());
        self.servers.push(server);
        Ok(())
    }

    /// Writes the file's text.
    ///
    /// # Errors
    ///
    /// Never in practice: every key is a string.
    pub(crate) fn render(&self) -> Result<String, serde_json::Error> {
        let mut file = self.clone();
        let names_entry = |name: &String| self.servers.iter().any(|server| server.name == *name);
        file.current_server = file.current_server.filter(names_entry);
        file.current_account.get_or_insert_with(|| "kontena".to_owned());
        file.accounts.retain(|account| account.get("name") != Some(&Value::from("master")));
        for server in &mut file.servers {
            if server.rest.get("account") == Some(&Value::from("master")) {
                server.rest.remove("account");
            }
        }
        serde_json::to_string_pretty(&file)
    }

    /// Finds a master by name.
    pub(crate) fn server(&self, name: &str) -> Option<&Server> {
        self.servers.iter().find(|server| server.name == name)
    }

    /// Finds a master by name, to change it.
    pub(crate) fn server_mut(&mut self, name: &str) -> Option<&mut Server> {
        self.servers.iter_mut().find(|server| server.name == name)
    }

    /// Returns the first of `name`, `name-2`, `name-3`, … that no master has.
    pub(crate) fn free_name(&self, name: &str) -> String {
        let names: Vec<String> = self.servers.iter().map(|server| server.name.clone()).collect();
        if names.iter().any(|taken| taken == name) { free_name(name, &names) } else { name.into() }
    }
}

fn free_name(name: &str, taken: &[String]) -> String {
    (2u32..).map(|n| format!("{name}-{n}")).find(|free| !taken.contains(free)).unwrap_or_default()
}

fn or_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(from)?.unwrap_or_default())
}

/// Reads a moment that other versions may have written as a fraction or not at all.
fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Number(number) => {
            number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_keys_survive_and_the_rest_is_tidied() {
        let text = json!({
            "current_server": "gone", "custom": {"a": 1},
            "servers": [{"name": "p", "url": "http://p", "account": "master", "odd": true}],
            "accounts": [{"name": "kontena", "token": "t"}, {"name": "master"}],
        });
        let written: Value =
            serde_json::from_str(&Config::parse(&text.to_string()).unwrap().render().unwrap())
                .unwrap();
        assert_eq!(
            written,
            json!({
                "current_server": null, "current_account": "kontena", "custom": {"a": 1},
                "servers": [{"name": "p", "url": "http://p", "odd": true}],
                "accounts": [{"name": "kontena", "token": "t"}],
            })
        );
    }

    #[test]
    fn second_of_a_name_gets_a_number() {
        let text = r#"{"servers":[{"name":"a"},{"name":"a"},{"name":"a-2"},{"name":"a"}]}"#;
        let config = Config::parse(text).unwrap();
        let names: Vec<&str> = config.servers.iter().map(|server| server.name.as_str()).collect();
        assert_eq!(names.len(), names.iter().collect::<std::collections::BTreeSet<_>>().len());
        assert_eq!(config.free_name("b"), "b");
        assert_eq!(names.first(), Some(&"a"));
    }

    #[test]
    fn the_shape_with_one_server_is_read() {
        let config = Config::parse(r#"{"server":{"url":"http://x","token":"t"}}"#).unwrap();
        assert_eq!(config.current_server.as_deref(), Some("default"));
        assert_eq!(config.server("default").unwrap().url.as_deref(), Some("http://x"));
        assert!(!config.render().unwrap().contains("\"server\":"));
    }

    #[test]
    fn nulls_are_absent() {
        let text = r#"{"current_server":null,"servers":[{"name":"a","token":null,
            "token_expires_at":1.5e9}],"accounts":null}"#;
        let config = Config::parse(text).unwrap();
        assert_eq!(config.server("a").unwrap().token_expires_at, Some(1_500_000_000));
        assert!(Config::parse("{").is_err());
    }
}
