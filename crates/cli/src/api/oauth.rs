//! Tokens: for a login code, and for a refresh token.

use serde::Deserialize;
use serde_json::{Value, json};

use super::lenient::integer;
use super::{Client, Method};
use crate::config::Environment;
use crate::failure::{Failure, Kind};

/// The pair sent as OAuth client; no master checks it.
#[derive(Debug)]
pub(crate) struct OauthClient {
    id: String,
    secret: String,
}

impl OauthClient {
    /// Reads the pair, a public one unless the environment names another.
    pub(crate) fn of(environment: &Environment) -> Self {
        Self {
            id: environment.get("KONTENA_CLIENT_ID").unwrap_or("kontena-cli").to_owned(),
            secret: environment.get("KONTENA_CLIENT_SECRET").unwrap_or("public").to_owned(),
        }
    }
}

/// What `POST /oauth2/token` gives.
#[derive(Clone, Deserialize)]
pub(crate) struct TokenPair {
    /// Sent with each request.
    pub(crate) access_token: String,
    /// Gets the next pair, once.
    #[serde(default)]
    pub(crate) refresh_token: Option<String>,
    /// Seconds; none or 0: never expires.
    #[serde(default, deserialize_with = "integer")]
    expires_in: Option<i64>,
    #[serde(default)]
    user: Option<Names>,
    #[serde(default)]
    server: Option<Names>,
}

#[derive(Clone, Default, Deserialize)]
struct Names {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

impl TokenPair {
    /// Returns when the access token expires, as it is stored: 0 for never.
    pub(crate) fn expires_at(&self, now: i64) -> i64 {
        self.expires_in.filter(|seconds| *seconds > 0).map_or(0, |seconds| now + seconds)
    }

    /// Returns whose token it is: a name, else an e-mail address.
    pub(crate) fn username(&self) -> Option<String> {
        let user = self.user.clone()?;
        user.name.filter(|name| !name.is_empty()).or(user.email)
    }

    /// Returns what the master calls itself.
    pub(crate) fn server_name(&self) -> Option<String> {
        self.server.clone()?.name.filter(|name| !name.is_empty())
    }
}

/// Says why a master leads nobody to a login.
pub(super) fn refusal(status: u16, body: &[u8]) -> Failure {
    let kind = if matches!(status, 400 | 403) { Kind::Invalid } else { Kind::General };
    let text = String::from_utf8_lossy(body).trim().to_owned();
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(answer)) => {
            let part = |key: &str| answer.get(key).and_then(Value::as_str).unwrap_or_default();
            format!("{} : {}", part("error"), part("error_description"))
        }
        Ok(Value::String(text)) => text,
        _ if text.is_empty() => {
            format!("Invalid response to authentication request : HTTP{status} ")
        }
        _ => text,
    };
    Failure::known(kind, text)
}

/// Exchanges a login code.
pub(crate) fn exchange_code(client: &Client, code: &str) -> Result<TokenPair, Failure> {
    let OauthClient { id, secret } = client.oauth_client();
    let body = json!({
        "grant_type": "authorization_code", "code": code, "client_id": id, "client_secret": secret,
    });
    client.send(Method::Post, "/oauth2/token", &body)
}

/// Spends a refresh token.
pub(crate) fn refresh(client: &Client, refresh_token: &str) -> Result<TokenPair, Failure> {
    let OauthClient { id, secret } = client.oauth_client();
    let body = json!({
        "grant_type": "refresh_token", "refresh_token": refresh_token,
        "client_id": id, "client_secret": secret,
    });
    client.send(Method::Post, "/oauth2/token", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_a_master() {
        let pair: TokenPair = serde_json::from_value(json!({
            "access_token": "a", "refresh_token": null, "expires_in": null,
            "user": {"name": "", "email": "admin"}, "server": {"name": null},
        }))
        .unwrap();
        assert_eq!(pair.username().as_deref(), Some("admin"));
        assert_eq!(pair.server_name(), None);
        assert_eq!(pair.expires_at(10), 0);
        let pair: TokenPair =
            serde_json::from_value(json!({"access_token": "a", "expires_in": 7200})).unwrap();
        assert_eq!(pair.expires_at(10), 7210);
    }

    #[test]
    fn a_master_that_leads_nowhere_says_why() {
        for (body, text) in [
            (
                r#"{"error":"server_error","error_description":"Authentication provider not configured"}"#,
                "server_error : Authentication provider not configured",
            ),
            ("\"sorry\"", "sorry"),
            ("no\n", "no"),
            ("", "Invalid response to authentication request : HTTP501 "),
        ] {
            assert_eq!(refusal(501, body.as_bytes()).to_string(), text);
        }
    }
}
