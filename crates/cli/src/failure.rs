//! What can go wrong in a command, how it is said on standard error, and the exit code.
//!
//! The texts of answers are made in `api`; here is only their frame.

use std::io;

use serde_json::{Map, Value, json};

use crate::api::HttpFailure;

/// What sort of failure it is, for programs: their exit code where they ask for distinct ones, and `kind` in
/// errors as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// None of the others.
    General,
    /// The words are wrong.
    Usage,
    /// No master, no token, or one that is not accepted.
    NotLoggedIn,
    /// What was asked for is not there.
    NotFound,
    /// A value is refused, or clashes with what is there.
    Invalid,
    /// It took too long.
    Timeout,
    /// No answer at all, or none from a master.
    Unreachable,
}

impl Kind {
    /// Returns the exit code where distinct ones are asked for.
    fn exit_code(self) -> u8 {
        match self {
            Self::General => 1,
            Self::Usage => 2,
            Self::NotLoggedIn => 3,
            Self::NotFound => 4,
            Self::Invalid => 5,
            Self::Timeout => 6,
            Self::Unreachable => 7,
        }
    }

    /// Returns the name in errors as JSON.
    fn name(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Usage => "usage",
            Self::NotLoggedIn => "not_logged_in",
            Self::NotFound => "not_found",
            Self::Invalid => "invalid",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
        }
    }

    /// Returns what a status says.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            401 => Self::NotLoggedIn,
            404 => Self::NotFound,
            400 | 409 | 422 => Self::Invalid,
            408 | 504 => Self::Timeout,
            502 | 503 => Self::Unreachable,
            _ => Self::General,
        }
    }
}

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The master answered, and not with success.
    #[error(transparent)]
    Http(#[from] HttpFailure),
    /// Something else is wrong; said after ` [error] `.
    #[error("{0}")]
    Said(String),
    /// Something of a known sort is wrong; said after ` [error] `.
    #[error("{1}")]
    Known(Kind, String),
    /// Another failure, and what may help.
    #[error("{0}\n         {1}")]
    Hinted(Box<Self>, String),
    /// Something is wrong that Kontena 1.5 says without a prefix.
    #[error("{0}")]
    Bare(String),
    /// The words are wrong in a way that only the command could see.
    #[error("{0}")]
    Usage(String),
    /// Everything has been said already.
    #[error("aborted")]
    Aborted,
    /// A command in a container ended with this code, and has said why itself.
    #[error("exit code {0}")]
    Exit(u8),
    /// Standard output cannot be written; most often the reader of a pipe has left.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    /// Makes a failure that is said after ` [error] `.
    pub(crate) fn said(text: impl Into<String>) -> Self {
        Self::Said(text.into())
    }

    /// Makes a failure of a known sort that is said after ` [error] `.
    pub(crate) fn known(kind: Kind, text: impl Into<String>) -> Self {
        Self::Known(kind, text.into())
    }

    /// Adds what may help.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self::Hinted(Box::new(self), hint.into())
    }

    /// Puts what was tried in front of the reason.
    pub(crate) fn about(self, tried: &str) -> Self {
        let reason = match &self {
            Self::Http(failure) => failure.text().to_owned(),
            other => other.to_string(),
        };
        Self::Known(self.kind(), format!("{tried} : {reason}"))
    }

    /// Returns the HTTP status of the answer that caused this, if one did.
    pub(crate) fn status(&self) -> Option<u16> {
        self.http().map(HttpFailure::status)
    }

    /// Returns the path that the master knows nothing under.
    pub(crate) fn missing_path(&self) -> Option<&str> {
        self.http().filter(|failure| failure.status() == 404)?.path()
    }

    fn http(&self) -> Option<&HttpFailure> {
        match self {
            Self::Http(failure) => Some(failure),
            Self::Hinted(failure, _) => failure.http(),
            _ => None,
        }
    }

    /// Returns what sort of failure it is.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Http(failure) if failure.is_timeout() => Kind::Timeout,
            Self::Http(failure) => Kind::of_status(failure.status()),
            Self::Known(kind, _) => *kind,
            Self::Hinted(failure, _) => failure.kind(),
            Self::Usage(_) => Kind::Usage,
            Self::Said(_) | Self::Bare(_) | Self::Aborted | Self::Exit(_) | Self::Output(_) => {
                Kind::General
            }
        }
    }

    /// Returns the exit code of the program; `distinct` tells sorts of failures apart.
    pub(crate) fn exit_code(&self, distinct: bool) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Exit(code) => *code,
            _ if distinct => self.kind().exit_code(),
            _ => 1,
        }
    }

    /// Writes the failure for programs; nothing where everything has been said.
    pub(crate) fn document(&self) -> Option<Value> {
        let (failure, hint) = match self {
            Self::Aborted | Self::Exit(_) => return None,
            Self::Hinted(failure, hint) => (failure.as_ref(), Some(hint.as_str())),
            other => (other, None),
        };
        let mut error = Map::new();
        if let Self::Http(http) = failure {
            error.insert("kind".to_owned(), json!("http"));
            http.describe(&mut error);
        } else {
            error.insert("kind".to_owned(), json!(failure.kind().name()));
            error.insert("message".to_owned(), json!(failure.to_string()));
        }
        if let Some(hint) = hint {
            error.insert("hint".to_owned(), json!(hint));
        }
        Some(json!({ "error": error }))
    }
}

/// Writes a usage error for programs.
pub(crate) fn usage_document(message: &str, hint: Option<&str>) -> Value {
    let mut error = json!({ "kind": Kind::Usage.name(), "message": message });
    if let (Some(hint), Some(map)) = (hint, error.as_object_mut()) {
        map.insert("hint".to_owned(), json!(hint));
    }
    json!({ "error": error })
}

/// No master is selected, or it has no access token.
pub(crate) fn not_logged_in() -> Failure {
    Failure::known(
        Kind::NotLoggedIn,
        "You are not logged into a Kontena Master. Use: kontena master login",
    )
}

/// No grid is selected.
pub(crate) fn no_grid() -> Failure {
    Failure::said("You have not selected a grid. Use: kontena grid use")
}

/// The access token has expired and cannot be renewed.
pub(crate) fn login_expired() -> Failure {
    Failure::known(
        Kind::NotLoggedIn,
        "The access token has expired and refresh failed. \
         Try authenticating again, use: kontena master login",
    )
}

/// A question cannot be asked because nobody is there.
pub(crate) fn force_required() -> Failure {
    Failure::said("Command requires --force")
}
