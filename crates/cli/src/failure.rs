//! What can go wrong in a command, how it is said on standard error, and the exit code.
//!
//! The texts of answers are made in `api`; here is only their frame.

use std::io;

use crate::api::HttpFailure;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The master answered, and not with success.
    #[error(transparent)]
    Http(#[from] HttpFailure),
    /// Something else is wrong; said after ` [error] `.
    #[error("{0}")]
    Said(String),
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

    /// Returns the HTTP status of the answer that caused this, if one did.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Http(failure) => Some(failure.status()),
            _ => None,
        }
    }

    /// Returns the exit code of the program.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Exit(code) => *code,
            _ => 1,
        }
    }
}

/// No master is selected, or it has no access token.
pub(crate) fn not_logged_in() -> Failure {
    Failure::said("You are not logged into a Kontena Master. Use: kontena master login")
}

/// No grid is selected.
pub(crate) fn no_grid() -> Failure {
    Failure::said("You have not selected a grid. Use: kontena grid use")
}

/// The access token has expired and cannot be renewed.
pub(crate) fn login_expired() -> Failure {
    Failure::said(
        "The access token has expired and refresh failed. \
         Try authenticating again, use: kontena master login",
    )
}

/// A question cannot be asked because nobody is there.
pub(crate) fn force_required() -> Failure {
    Failure::said("Command requires --force")
}

/// A value is expected on standard input, and there is none.
pub(crate) fn missing_input() -> Failure {
    Failure::said("Missing input")
}
