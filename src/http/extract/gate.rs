//! The gate every request passes: who calls is found out here, and what they tried and may not is noted.

use actix_web::{
    Error, HttpMessage, ResponseError,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};
use kontena_protocol::COMPAT_VERSION;
use kontena_store::users::User;

use super::{address::source_ip, known::Mark};
use crate::{
    auth::{self, Bearer, Caller, Scopes},
    commands::{self, Attempt},
    http::{
        App,
        error::ApiError,
        oauth::{answer, origin},
        routes,
    },
    vault::Purpose,
};

/// Header by which agents of old, and provider plugins, show the grid's token.
const GRID_TOKEN: &str = "kontena-grid-token";

/// Paths that a master answers that is not the active one; it has nothing to say about the rest.
const WITHOUT_LEASE: [&str; 2] = ["/ping", "/healthz"];

/// Lets a request pass with its caller, or refuses it. What the table does not call open needs a token,
/// whether it exists or not, so that a new route cannot be forgotten.
pub(in crate::http) async fn gate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, Error> {
    let Some(app) = request.app_data::<web::Data<App>>().cloned() else {
        return Ok(refuse(request, &ApiError::Internal));
    };
    if app.means.store.is_fenced() && !WITHOUT_LEASE.contains(&request.path()) {
        return Ok(refuse(request, &ApiError::Unavailable));
    }
    // As it is routed: what is percent-encoded leads to the same place.
    if is_throttled(request.match_info().as_str())
        && let Some(address) = source_ip(request.request())
        && !app.throttle.admits(address, app.means.clock.now())
    {
        return Ok(refuse(request, &ApiError::TooMany));
    }
    // Postgres refuses to look for such a text.
    if request.query_string().contains("%00") {
        let text = "it has a zero byte (%00)".to_owned();
        return Ok(refuse(request, &ApiError::BadQuery(text)));
    }
    if routes::is_open(request.path()) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    match identify(&app, &request).await {
        Err(error) if !(is_unknown(&error) && passes_without(&request)) => {
            let error = in_words_of(request.path(), error);
            Ok(refuse(request, &error))
        }
        // Nothing has such a name.
        _ if request.path().contains("%00") => Ok(refuse(request, &ApiError::NOT_FOUND)),
        Ok((caller, scopes)) => {
            let version = announced_version(&caller.user_agent);
            request.extensions_mut().insert(caller.clone());
            request.extensions_mut().insert(scopes);
            let mut response = next.call(request).await?;
            let name = HeaderName::from_static("x-kontena-version");
            if let Ok(value) = HeaderValue::from_str(&version) {
                response.headers_mut().insert(name, value);
            }
            note_refusal(&app, caller, &response);
            Ok(response.map_into_left_body())
        }
        Err(_) => Ok(next.call(request).await?.map_into_left_body()),
    }
}

/// Whether a token is missing or nobody's, and not one that has come to its end.
fn is_unknown(error: &ApiError) -> bool {
    matches!(error, ApiError::BadToken { expired: false })
}

/// Where somebody may try to log in, or to guess: whatever begins so.
fn is_throttled(path: &str) -> bool {
    path.starts_with("/oauth2/token") || path.starts_with("/authenticate")
}

/// Whether the route of a request looks for itself who calls.
fn passes_without(request: &ServiceRequest) -> bool {
    let path = request.path();
    let legacy = path.strip_prefix("/v1/nodes/").is_some_and(|node| !node.contains('/'));
    routes::may_be_anonymous(path) || (legacy && request.headers().contains_key(GRID_TOKEN))
}

/// The grid token a request shows.
pub(in crate::http) fn grid_token(headers: &HeaderMap) -> Option<&str> {
    headers.get(GRID_TOKEN).and_then(|value| value.to_str().ok())
}

/// Some routes of Kontena 1.5 check for themselves, in other words.
pub(super) fn in_words_of(path: &str, error: ApiError) -> ApiError {
    let by_themselves = path.starts_with("/v1/nodes/") || path == "/oauth2/authorize";
    match error {
        ApiError::BadToken { expired: false } if by_themselves => ApiError::OAuth {
            status: StatusCode::FORBIDDEN,
            error: "access_denied",
            description: None,
        },
        other => other,
    }
}

fn refuse<B>(request: ServiceRequest, error: &ApiError) -> ServiceResponse<EitherBody<B, BoxBody>> {
    let response = if request.path() == "/oauth2/authorize" {
        answer::refuse(request.request(), error)
    } else {
        error.error_response()
    };
    request.into_response(response).map_into_right_body()
}

async fn identify(app: &App, request: &ServiceRequest) -> Result<(Caller, Scopes), ApiError> {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let invalid = ApiError::BadToken { expired: false };
    let Some(token) = shown.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim) else {
        return Err(invalid);
    };
    let token = app.means.vault.hash(Purpose::Access, token);
    let (user, scopes) = owner(app, &token).await?;
    Ok((Caller { token, ..origin(request.request()).caller(user) }, scopes))
}

/// Whose a token, given as its keyed hash, is, and what it is good for.
pub(super) async fn owner(app: &App, hash: &str) -> Result<(User, Scopes), ApiError> {
    let means = &app.means;
    let (mark, now) = (Mark::now(&means.store), means.clock.now());
    let hash = hash.to_owned();
    if let Some((user, scopes, end)) = app.known.bearers.get(&hash, mark)
        && end.is_none_or(|end| now < end)
    {
        return Ok((user, scopes));
    }
    match auth::authenticate(&means.store, hash.clone(), now).await? {
        Bearer::Valid(user, scopes, end) => {
            let kept = (user, scopes, end);
            app.known.bearers.keep(hash, mark, &kept);
            Ok((kept.0, kept.1))
        }
        Bearer::Expired => Err(ApiError::BadToken { expired: true }),
        Bearer::Unknown => Err(ApiError::BadToken { expired: false }),
    }
}

/// Writes an audit line about a change that did not come about. One that was made is noted in the job that
/// made it; where the database is away there is nothing to write to.
fn note_refusal<B>(app: &App, caller: Caller, response: &ServiceResponse<B>) {
    let status = response.status();
    let came_about = status.is_success() || status.is_informational();
    if came_about || status == StatusCode::SERVICE_UNAVAILABLE {
        return;
    }
    let request = response.request();
    let route =
        request.match_pattern().and_then(|path| routes::find(request.method().as_str(), &path));
    let Some(audited) = route.and_then(|route| route.audited) else {
        return;
    };
    let path = request.match_info();
    // A token may be named by itself, and no secret is ever noted.
    let shown = path.iter().filter(|(name, _)| *name != "token");
    let values: Vec<&str> = shown.map(|(_, value)| value).collect();
    let error = response.response().error().and_then(|error| error.as_error::<ApiError>());
    let is_forbidden = status == StatusCode::FORBIDDEN;
    let attempt = Attempt {
        grid: path.get("grid").map(str::to_owned),
        resource: audited.resource,
        event: audited.event,
        name: values.last().copied().unwrap_or_default().to_owned(),
        id: values.join("/"),
        denied: error.map_or(is_forbidden, ApiError::is_denial),
    };
    let means = app.means.clone();
    // Whoever called does not wait for it.
    drop(actix_rt::spawn(async move {
        if let Err(error) = commands::note_refusal(&means, &caller, attempt).await {
            log::warn!("a refused call of {} is not in the audit log: {error}", caller.user.email);
        }
    }));
}

/// The stock command line warns where its minor version is not the master's: it is told its own.
fn announced_version(user_agent: &str) -> String {
    let minor = |text: &str| {
        let mut parts = text.split('.');
        let (major, minor) = (parts.next()?, parts.next()?);
        let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        (numeric(major) && numeric(minor)).then(|| format!("{major}.{minor}.0"))
    };
    match user_agent.strip_prefix("kontena-cli/") {
        // Ours has a version of its own, and speaks this line.
        Some(version) if !version.starts_with("1.5.") && !version.starts_with("0.") => {
            minor(version).unwrap_or_else(|| COMPAT_VERSION.to_owned())
        }
        _ => COMPAT_VERSION.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::announced_version;

    #[test]
    fn stock_clients_are_told_their_own_line() {
        assert_eq!(announced_version("kontena-cli/1.5.1"), "1.5.4");
        assert_eq!(announced_version("kontena-cli/1.6.0.dev"), "1.6.0");
        assert_eq!(announced_version("kontena-cli/0.1.0"), "1.5.4");
        assert_eq!(announced_version("kontena-cli/x"), "1.5.4");
        assert_eq!(announced_version("curl/8"), "1.5.4");
    }
}
