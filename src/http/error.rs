//! Refusals and failures as statuses and bodies. Nowhere else knows them.

use std::borrow::Cow;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use kontena_core::validate::FieldErrors;
use kontena_store::StoreError;
use serde_json::{Value, json};

use crate::{actors::grid::CallFailed, auth::Denied, commands::CommandError};

/// What operations say to a caller who may not.
pub(super) const NOT_ALLOWED: &str = "Operation not allowed";

/// Why a call is not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// 400: the body is not JSON, or not an object.
    #[error("invalid body: {0}")]
    BadBody(&'static str),
    /// 400: the part of the path after the question mark cannot be read.
    #[error("invalid query: {0}")]
    BadQuery(String),
    /// 400 to 501 of the OAuth endpoints.
    #[error("{error}")]
    OAuth {
        /// Status.
        status: StatusCode,
        /// Code.
        error: &'static str,
        /// What it is about.
        description: Option<Cow<'static, str>>,
    },
    /// 400: what is 422 elsewhere.
    #[error("{0}")]
    Refused(FieldErrors),
    /// 403, or 401 where it has expired: the bearer token does not open the API.
    #[error("invalid token")]
    BadToken {
        /// Whether its time is over.
        expired: bool,
    },
    /// 403: the caller may not.
    #[error("access denied")]
    Denied,
    /// 403: the caller may not, in the words of users.
    #[error("operation not allowed")]
    NotAllowed,
    /// 404.
    #[error("{0}")]
    NotFound(&'static str),
    /// 404, naming what was looked for.
    #[error("{0}")]
    Missing(String),
    /// 404 with an empty body: the agent says that it is gone.
    #[error("gone")]
    Gone,
    /// 500: the agent failed, or did not answer.
    #[error("{message}")]
    Agent {
        /// The agent's, or 503.
        code: i64,
        /// The agent's, or that there was no answer.
        message: String,
    },
    /// 408: the body did not come in time.
    #[error("the body took too long")]
    TooSlow,
    /// 413.
    #[error("the body is too large")]
    TooLarge,
    /// 429: the address has called too often, or guessed too often.
    #[error("too many requests")]
    TooMany,
    /// 422: field by field.
    #[error("{0}")]
    Invalid(FieldErrors),
    /// 503: the database is away, another master has taken over, or this one is stopping.
    #[error("unavailable")]
    Unavailable,
    /// 500.
    #[error("internal error")]
    Internal,
}

impl ApiError {
    /// 404 in the words most resources use.
    pub const NOT_FOUND: Self = Self::NotFound("Not found");

    /// A refusal of the OAuth endpoints that says what it is about.
    pub fn oauth(
        status: StatusCode,
        error: &'static str,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::OAuth { status, error, description: Some(description.into()) }
    }

    /// A call to an agent that has no answer worth showing. One that is not connected is answered for at
    /// once as one that took too long.
    pub fn agent(failed: CallFailed, limit: std::time::Duration) -> Self {
        match failed {
            CallFailed::Refused(error) => Self::Agent { code: error.code, message: error.message },
            CallFailed::TimedOut | CallFailed::NotConnected => {
                Self::Agent { code: 503, message: connection_timeout(limit) }
            }
        }
    }

    /// Whether the caller may not, in whatever words: some operations of Kontena 1.5 say so among what is
    /// wrong with the fields.
    pub fn is_denial(&self) -> bool {
        match self {
            Self::Denied | Self::NotAllowed => true,
            Self::OAuth { error, .. } => matches!(*error, "access_denied" | "Unauthorized"),
            Self::Invalid(fields) | Self::Refused(fields) => {
                fields.to_string().contains(NOT_ALLOWED)
            }
            _ => false,
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::BadBody(text) => json!({ "error": text }),
            Self::BadQuery(text) => json!({ "error": format!("The query cannot be read: {text}") }),
            Self::OAuth { error, description, .. } => {
                json!({ "error": error, "error_description": description })
            }
            Self::BadToken { expired } => {
                let description = if *expired { "Token expired" } else { "Invalid token" };
                json!({ "error": "invalid_token", "error_description": description })
            }
            Self::Denied => json!({ "error": "Access denied" }),
            Self::NotAllowed => json!({ "error": "Operation not allowed" }),
            Self::TooMany => json!({ "error": "too_many_requests" }),
            Self::NotFound(text) => json!({ "error": text }),
            Self::Missing(text) => json!({ "error": text }),
            Self::Gone => Value::Null,
            Self::Agent { code, message } => {
                json!({ "code": code, "message": message, "error": message })
            }
            Self::TooSlow => json!({ "error": "The body took too long" }),
            Self::TooLarge => json!({ "error": "The body is too large" }),
            Self::Invalid(fields) | Self::Refused(fields) => json!({ "error": fields.to_json() }),
            Self::Unavailable => json!({ "error": "The master is unavailable for a moment" }),
            Self::Internal => json!({ "error": "Internal server error" }),
        }
    }
}

/// What Kontena 1.5 says of an agent that did not answer in time.
pub(super) fn connection_timeout(limit: std::time::Duration) -> String {
    format!("Connection timeout ({}s)", limit.as_secs())
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::BadBody(_) | Self::BadQuery(_) | Self::Refused(_) => StatusCode::BAD_REQUEST,
            Self::OAuth { status, .. } => *status,
            // Kontena's clients refresh on 401 only.
            Self::BadToken { expired: true } => StatusCode::UNAUTHORIZED,
            Self::BadToken { expired: false } | Self::Denied | Self::NotAllowed => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound(_) | Self::Missing(_) | Self::Gone => StatusCode::NOT_FOUND,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal | Self::Agent { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::BadToken { expired } => {
                let description = if *expired { "Token expired" } else { "Invalid token" };
                let challenge = format!(
                    "Bearer realm=\"kontena_master\", error=\"invalid_token\", \
                     error_description=\"{description}\""
                );
                response.insert_header((header::WWW_AUTHENTICATE, challenge));
            }
            Self::Unavailable => {
                response.insert_header((header::RETRY_AFTER, "1"));
            }
            _ => {}
        }
        if matches!(self, Self::Gone) {
            return response.content_type("application/json").body("");
        }
        response.json(self.body())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_fenced() {
            return Self::Unavailable;
        }
        if error.is_unavailable() {
            log::warn!("a call was not answered: {error}");
            return Self::Unavailable;
        }
        log::error!("a call failed: {}", chain(&error));
        Self::Internal
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Invalid(fields) => Self::Invalid(fields),
            CommandError::NotFound => Self::NOT_FOUND,
            CommandError::Reconnected => {
                FieldErrors::single("node", "has connected meanwhile; look again").into()
            }
            CommandError::Store(error) => error.into(),
        }
    }
}

impl From<FieldErrors> for ApiError {
    fn from(fields: FieldErrors) -> Self {
        Self::Invalid(fields)
    }
}

impl From<Denied> for ApiError {
    fn from(_: Denied) -> Self {
        Self::Denied
    }
}

/// An error with its causes, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
