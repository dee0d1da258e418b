//! Who calls: the gate every request passes, and the extractor that hands the caller on.

use std::future::{Ready, ready};

use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest, ResponseError,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header::{self, HeaderName, HeaderValue},
    middleware::Next,
    web,
};
use kontena_protocol::COMPAT_VERSION;

use crate::{
    auth::{self, Bearer, Caller},
    http::{App, error::ApiError},
};

/// Paths that need no token; an `Authorization` header is not even looked at.
const OPEN: [&str; 9] = [
    "/",
    "/v1/ping",
    "/v1/auth",
    "/oauth2/token",
    "/ping",
    "/healthz",
    "/readyz",
    "/metrics",
    "/favicon.ico",
];

/// Paths that a master answers that is not the active one; it has nothing to say about the rest.
const WITHOUT_LEASE: [&str; 2] = ["/ping", "/healthz"];

/// Lets a request pass with its caller, or refuses it. What is not named in [`OPEN`] needs a token,
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
    if OPEN.contains(&request.path()) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    match identify(&app, &request).await {
        Ok(caller) => {
            let version = announced_version(&caller.user_agent);
            request.extensions_mut().insert(caller);
            let mut response = next.call(request).await?;
            let name = HeaderName::from_static("x-kontena-version");
            if let Ok(value) = HeaderValue::from_str(&version) {
                response.headers_mut().insert(name, value);
            }
            Ok(response.map_into_left_body())
        }
        Err(error) => {
            // Under /v1/nodes the routes check for themselves in Kontena 1.5, in other words.
            let of_node = request.path().starts_with("/v1/nodes/");
            let error = match error {
                ApiError::BadToken { expired: false } if of_node => ApiError::OAuth {
                    status: actix_web::http::StatusCode::FORBIDDEN,
                    error: "access_denied",
                    description: None,
                },
                other => other,
            };
            Ok(refuse(request, &error))
        }
    }
}

fn refuse<B>(request: ServiceRequest, error: &ApiError) -> ServiceResponse<EitherBody<B, BoxBody>> {
    request.into_response(error.error_response()).map_into_right_body()
}

async fn identify(app: &App, request: &ServiceRequest) -> Result<Caller, ApiError> {
    let text = |name: header::HeaderName| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let invalid = ApiError::BadToken { expired: false };
    let Some(token) = text(header::AUTHORIZATION)
        .and_then(|value| value.strip_prefix("Bearer ").map(|token| token.trim().to_owned()))
    else {
        return Err(invalid);
    };
    let means = &app.means;
    let now = means.clock.now();
    match auth::authenticate(&means.store, &means.vault, &token, now).await? {
        Bearer::Valid(user) => Ok(Caller {
            user,
            source_ip: request.peer_addr().map(|addr| addr.ip().to_string()).unwrap_or_default(),
            user_agent: text(header::USER_AGENT).unwrap_or_default(),
        }),
        Bearer::Expired => Err(ApiError::BadToken { expired: true }),
        Bearer::Unknown => Err(invalid),
    }
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
        Some(version) if !version.starts_with("1.5.") => {
            minor(version).unwrap_or_else(|| COMPAT_VERSION.to_owned())
        }
        _ => COMPAT_VERSION.to_owned(),
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Self>().cloned();
        ready(caller.ok_or(ApiError::BadToken { expired: false }))
    }
}

#[cfg(test)]
mod tests {
    use super::announced_version;

    #[test]
    fn stock_clients_are_told_their_own_line() {
        assert_eq!(announced_version("kontena-cli/1.5.1"), "1.5.4");
        assert_eq!(announced_version("kontena-cli/1.6.0.dev"), "1.6.0");
        assert_eq!(announced_version("kontena-cli/x"), "1.5.4");
        assert_eq!(announced_version("curl/8"), "1.5.4");
    }
}
