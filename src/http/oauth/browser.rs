//! What a browser sees of a login. Without a provider of identities only an invitation leads anywhere.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, Uri, header},
    web::{Data, Query},
};
use serde::Deserialize;

use super::{answer, guessed_wrong, may_guess};
use crate::{
    commands::{config, tokens},
    http::{App, error::ApiError},
};

/// The path of the page that shows a code.
const CODE_PAGE: &str = "/code";

/// Where a login leads.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Login {
    /// `http://localhost…`, or `/code`.
    redirect_uri: Option<String>,
    /// The code of an invitation.
    invite_code: Option<String>,
}

/// Begins a login in a browser: leads who has an invitation on to where its code is exchanged.
///
/// There is no provider of identities, so that there is no other login here: 501. The code handed on is the
/// invitation's own. Whoever calls knows it already, it goes nowhere but to their own machine or to the page
/// that shows it, and it stays good for exactly one exchange; so nothing is written on a `GET` that a browser
/// may repeat or fetch ahead.
#[utoipa::path(
    get,
    path = "/authenticate",
    tag = "access",
    params(Login),
    responses(
        (status = 302, description = "To `redirect_uri`, with the code."),
        (status = 400, description = "`redirect_uri` is missing or leads elsewhere."),
        (status = 403, description = "The invitation is unknown, or was used."),
        (status = 429, description = "The address has called, or has guessed, too often."),
        (status = 501, description = "There is no provider of identities."),
    ),
)]
pub(in crate::http) async fn authenticate(
    request: HttpRequest,
    app: Data<App>,
    login: Query<Login>,
) -> HttpResponse {
    answer::give(&request, lead_on(&request, &app, &login).await)
}

async fn lead_on(
    request: &HttpRequest,
    app: &App,
    login: &Login,
) -> Result<HttpResponse, ApiError> {
    let given = |value: &Option<String>| value.clone().filter(|text| !text.trim().is_empty());
    let Some(code) = given(&login.invite_code) else {
        let text = "Authentication provider not configured";
        return Err(ApiError::oauth(StatusCode::NOT_IMPLEMENTED, "server_error", text));
    };
    let bad =
        |text: &'static str| ApiError::oauth(StatusCode::BAD_REQUEST, "invalid_request", text);
    let uri = given(&login.redirect_uri).ok_or_else(|| bad("Missing redirect_uri"))?;
    let target = Target::read(&uri).ok_or_else(|| bad("Invalid redirect_uri"))?;
    may_guess(app, request)?;
    if !tokens::is_invitation(&app.means, &code).await? {
        guessed_wrong(app, request, "invitation");
        let status = StatusCode::FORBIDDEN;
        return Err(ApiError::oauth(status, "access_denied", "Invalid invite code"));
    }
    let read = app.means.store.read(|conn| config::value(conn, config::SERVER_NAME));
    let location = target.with(&code, &read.await?.unwrap_or_default());
    Ok(HttpResponse::Found()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .finish())
}

/// Where a browser may be sent.
enum Target {
    /// The page that shows a code.
    Page,
    /// The user's own machine; all before the code.
    Local(String),
}

impl Target {
    fn read(uri: &str) -> Option<Self> {
        if uri == CODE_PAGE {
            return Some(Self::Page);
        }
        let uri: Uri = uri.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let is_local = authority.host() == "localhost" && !authority.as_str().contains('@');
        if !is_local || !matches!(scheme, "http" | "https") {
            return None;
        }
        let query = uri.query().map(|query| format!("{query}&")).unwrap_or_default();
        Some(Self::Local(format!("{scheme}://{authority}{}?{query}", uri.path())))
    }

    fn with(&self, code: &str, server_name: &str) -> String {
        let pairs = format!("code={}&server_name={}", encoded(code), encoded(server_name));
        match self {
            Self::Page => format!("{CODE_PAGE}#{pairs}"),
            Self::Local(start) => format!("{start}{pairs}"),
        }
    }
}

/// A text as it may stand in a query.
fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}

/// The address under which a browser shows the code of an invitation.
pub(super) fn invitation_link(request: &HttpRequest, root: Option<&str>, code: &str) -> String {
    let seen = || {
        let info = request.connection_info();
        format!("{}://{}", info.scheme(), info.host())
    };
    let root = root.map_or_else(seen, |root| root.trim_end_matches('/').to_owned());
    let (page, code) = (encoded(CODE_PAGE), encoded(code));
    format!("{root}/authenticate?redirect_uri={page}&invite_code={code}")
}

/// What a provider of identities sends a browser back with.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Callback {
    /// Why the login failed there.
    error: Option<String>,
}

/// Ends a login at a provider of identities; without one no login was ever begun.
#[utoipa::path(
    get,
    path = "/cb",
    tag = "access",
    params(Callback),
    responses(
        (status = 400, body = String, content_type = "application/json", description = "No login was begun."),
        (status = 502, body = String, content_type = "application/json", description = "The provider says that the login failed."),
    ),
)]
pub(in crate::http) async fn callback(callback: Query<Callback>) -> HttpResponse {
    match &callback.error {
        Some(error) if !error.is_empty() => {
            HttpResponse::BadGateway().json("The authentication provider reported an error")
        }
        _ => HttpResponse::BadRequest().json("invalid_request"),
    }
}

/// Shows the code that stands behind the `#` of its own address.
#[utoipa::path(
    get,
    path = "/code",
    tag = "access",
    responses((status = 200, body = String, content_type = "text/html"))
)]
pub(in crate::http) async fn page() -> HttpResponse {
    const PAGE: &str = include_str!("code.html");
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'",
        ))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .body(PAGE)
}

/// Tells clients from before Kontena 1.0 to upgrade.
#[utoipa::path(
    post,
    path = "/v1/auth",
    tag = "access",
    responses((
        status = 403, body = String, content_type = "application/json",
        description = "The client is too old.",
    ))
)]
pub(in crate::http) async fn outdated() -> HttpResponse {
    HttpResponse::Forbidden().json("This login is no longer supported: upgrade the kontena command")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_sent_to_its_own_machine_only() {
        let to = |uri: &str| Target::read(uri).map(|target| target.with("c0de", "my master"));
        assert_eq!(
            to("http://localhost:1234/cb").as_deref(),
            Some("http://localhost:1234/cb?code=c0de&server_name=my%20master")
        );
        assert_eq!(
            to("http://localhost/cb?a=b").as_deref(),
            Some("http://localhost/cb?a=b&code=c0de&server_name=my%20master")
        );
        assert_eq!(to("/code").as_deref(), Some("/code#code=c0de&server_name=my%20master"));
        for elsewhere in [
            "http://evil.example/",
            "http://localhost.evil.example/",
            "http://localhost@evil.example/",
            "http://evil.example#@localhost/",
            "http://x@localhost/",
            "//localhost/cb",
            "/code2",
            "/cb",
            "localhost",
            "javascript:alert(1)//localhost",
            "ftp://localhost/",
            "http://localhost\\@evil.example/",
            "http://localhost/\r\nX: y",
            "http://[::1",
        ] {
            assert_eq!(to(elsewhere), None, "{elsewhere}");
        }
    }
}
