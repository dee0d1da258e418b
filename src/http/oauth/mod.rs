//! Logging in: codes and refresh tokens exchanged, tokens and invitations made, and what browsers see of it
//! (`http-api.md` 2.3). Providers of identities are not known yet.

pub(super) mod answer;
pub(super) mod authorize;
pub(super) mod browser;
mod params;
pub(super) mod token;
pub(super) mod tokens;

use actix_web::HttpRequest;

use super::{App, error::ApiError, extract::address::source_ip};
use crate::commands::{self, Attempt, Means, tokens::Origin};

pub(in crate::http) fn origin(request: &HttpRequest) -> Origin {
    let user_agent = request.headers().get(actix_web::http::header::USER_AGENT);
    Origin {
        source_ip: source_ip(request).map(|ip| ip.to_string()).unwrap_or_default(),
        user_agent: user_agent.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned(),
    }
}

/// Refuses an address that has guessed too often, before it may guess again.
pub(in crate::http) fn may_guess(app: &App, request: &HttpRequest) -> Result<(), ApiError> {
    let now = app.means.clock.now();
    match source_ip(request) {
        Some(ip) if app.throttle.is_shut_out(ip, now) => Err(ApiError::TooMany),
        _ => Ok(()),
    }
}

/// Notes that what an address has shown opens nothing; never what it was.
pub(in crate::http) fn guessed_wrong(app: &App, request: &HttpRequest, what: &str) {
    if let Some(ip) = source_ip(request) {
        log::warn!("a login from {ip} failed: unknown {what}");
        app.throttle.failed(ip, app.means.clock.now());
    }
    note_failure(app.means.clone(), origin(request), what.to_owned());
}

/// Writes an audit line about a login that failed. Whoever tried does not wait for it.
fn note_failure(means: Means, origin: Origin, what: String) {
    let attempt = Attempt {
        grid: None,
        resource: "AccessToken",
        event: "login",
        name: what,
        id: String::new(),
        denied: true,
    };
    drop(actix_rt::spawn(async move {
        if let Err(error) = commands::note_refusal(&means, &origin.stranger(""), attempt).await {
            log::warn!("a failed login is not in the audit log: {error}");
        }
    }));
}
