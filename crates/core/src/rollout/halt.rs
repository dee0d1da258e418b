//! How deploys end (`scheduling.md` 5.3, steps 4 and 5).

use super::work::Work;
use crate::domain::{Change, DeployState, ServiceState, Severity};

/// Why a deploy takes up nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Halt {
    /// It has had its time (4a).
    Overdue,
    /// The service shall not run any more (4b).
    NotWanted,
    /// Nobody is fit for a number (4c).
    NoNode {
        /// The number.
        number: u32,
        /// What placement said.
        text: String,
        /// Why, in an operator's words.
        explanation: Option<String>,
    },
    /// An instance has failed (4f, 5).
    InstancesFailed,
    /// The question makes no sense.
    Fatal(String),
}

impl Halt {
    fn reason(&self, path: &str) -> String {
        match self {
            // What comes behind the colon is the reason of whoever aborted it: nobody did.
            Self::Overdue => format!("halting deploy of {path}, deploy was aborted: "),
            Self::NotWanted => format!("halting deploy of {path}, desired state has changed"),
            Self::NoNode { number, text, .. } => no_node_text(path, *number, text),
            Self::InstancesFailed => {
                format!("halting deploy of {path}, one or more instances failed")
            }
            Self::Fatal(text) => text.clone(),
        }
    }
}

/// The error of a deploy that finds no node for a number.
pub(crate) fn no_node_text(path: &str, number: u32, text: &str) -> String {
    format!("Cannot find applicable node for service instance {path}-{number}: {text}")
}

/// What forbids to take up the next number, where there is one.
pub(super) fn before_next(work: &Work<'_>) -> Option<Halt> {
    if !work.has_next() {
        return None;
    }
    if work.overdue_at() <= work.now {
        return Some(Halt::Overdue);
    }
    if work.service.state != ServiceState::Running {
        return Some(Halt::NotWanted);
    }
    work.failed.then_some(Halt::InstancesFailed)
}

/// Ends the deploy in error.
pub(super) fn finish(work: &mut Work<'_>, halt: &Halt) {
    let reason = halt.reason(&work.path);
    let message = match halt {
        Halt::NoNode { .. } | Halt::InstancesFailed => {
            format!("deploy of {} errored: {reason}", work.path)
        }
        Halt::Overdue | Halt::NotWanted | Halt::Fatal(_) => {
            format!("unknown error while deploying {}: {reason}", work.path)
        }
    };
    work.log(Severity::Error, message);
    let explanation = match halt {
        Halt::NoNode { explanation, .. } => explanation.clone(),
        _ => None,
    };
    end(work, DeployState::Error, Some(reason), explanation);
}

/// Ends the deploy well.
pub(super) fn succeed(work: &mut Work<'_>) {
    let message = format!("service {} deployed", work.path);
    work.log(Severity::Info, message);
    end(work, DeployState::Success, None, None);
}

fn end(
    work: &mut Work<'_>,
    state: DeployState,
    reason: Option<String>,
    explanation: Option<String>,
) {
    work.step.wake_at = None;
    let (deploy, at) = (work.deploy.id, work.now);
    work.change(Change::DeployFinished { deploy, state, reason, explanation, at });
}
