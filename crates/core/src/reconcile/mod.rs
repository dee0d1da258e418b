//! Reconciling one service: is what exists what is wanted, and if not, why not (`scheduling.md` 4.3, 4.4).
//!
//! Level-triggered: only the present picture is looked at, so that an event may be lost or come twice.
//! The judgement also says when it could change by time alone.

mod attempts;
mod check;
mod request;

#[cfg(test)]
mod tests;

pub use attempts::Attempts;
pub(crate) use check::candidates;
pub use request::{check_failed, deploy_changes, deploy_in_vain};

use chrono::TimeDelta;

use crate::{
    domain::{Service, ServiceId, ServiceState, Time},
    grace::Graces,
    moment::Moment,
    placement::Failure,
    rollout::overdue_at,
    snapshot::Snapshot,
};

/// How long a deploy of a whole stack keeps its services from being deployed by themselves.
const STACK_DEPLOY_LIMIT: TimeDelta = TimeDelta::minutes(30);

/// What is to be done about a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What is to be done.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub reason: String,
    /// The earliest moment at which the judgement could change without any event.
    pub wake_at: Option<Time>,
}

/// Whether a service shall be deployed by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// No.
    Leave,
    /// Yes, for this cause.
    Deploy(Cause),
    /// The question makes no sense, such as an unknown affinity key: the service is skipped and an
    /// operator told, once.
    Failed(String),
}

/// Why a service is deployed by itself: lines 5, 6 and 7 of `scheduling.md` 4.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Wrong number of instances, or on the wrong nodes.
    Instances,
    /// Changed since it was deployed.
    Outdated,
    /// Its deploy interval has passed.
    Interval,
}

impl Cause {
    /// One word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instances => "instances",
            Self::Outdated => "outdated",
            Self::Interval => "interval",
        }
    }
}

/// Judges one service; the first line of `scheduling.md` 4.3 that holds decides.
#[must_use]
pub fn judge(
    snapshot: &Snapshot,
    service: ServiceId,
    now: Time,
    graces: &Graces,
    moment: &mut Moment,
) -> Judgement {
    let Some(service) = snapshot.service(service) else {
        return leave("the service is gone", None);
    };
    if let Some(left_alone) = left_alone(snapshot, service, now) {
        return left_alone;
    }
    let placement = match check::placement(snapshot, service, now, graces, moment) {
        Ok(placement) => placement,
        Err(Failure::Fatal(text) | Failure::Unplaceable(text)) => {
            return Judgement {
                reason: text.clone(),
                verdict: Verdict::Failed(text),
                wake_at: None,
            };
        }
    };
    if let Some(reason) = placement.wrong {
        return deploy(Cause::Instances, reason);
    }
    let outdated = |deployed_at| service.updated_at > deployed_at;
    if service.deployed_at.is_some_and(outdated) {
        let reason = "the service has changed since it was deployed";
        return deploy(Cause::Outdated, reason.into());
    }
    let interval_at = interval_at(service);
    if interval_at.is_some_and(|at| at <= now) {
        let reason = "the deploy interval of the service has passed";
        return deploy(Cause::Interval, reason.into());
    }
    let wake_at = interval_at.into_iter().chain(placement.wake_at).min();
    leave(&placement.right, wake_at)
}

fn leave(reason: &str, wake_at: Option<Time>) -> Judgement {
    Judgement { verdict: Verdict::Leave, reason: reason.into(), wake_at }
}

fn deploy(cause: Cause, reason: String) -> Judgement {
    Judgement { verdict: Verdict::Deploy(cause), reason, wake_at: None }
}

/// Lines 1 to 4.
fn left_alone(snapshot: &Snapshot, service: &Service, now: Time) -> Option<Judgement> {
    if service.spec.stateful {
        return Some(leave("a stateful service is deployed by people only", None));
    }
    if service.state != ServiceState::Running {
        return Some(leave("the service shall not run", None));
    }
    for deploy in snapshot.deploys_of(service.id) {
        let limit = overdue_at(snapshot, deploy);
        if limit.is_none_or(|limit| limit > now) {
            return Some(leave("a deploy of the service is pending or running", limit));
        }
    }
    let stack_limit = snapshot
        .stack_deploy_since(service.stack)
        .map(|since| since + STACK_DEPLOY_LIMIT)
        .filter(|limit| *limit > now);
    stack_limit.map(|limit| leave("the stack of the service is being deployed", Some(limit)))
}

/// The first whole second at which the interval has passed; an interval of nothing counts as none.
fn interval_at(service: &Service) -> Option<Time> {
    let interval = service.spec.deploy_opts.interval.filter(|seconds| *seconds > 0)?;
    let deployed_at = service.deployed_at.map_or(0, |at| at.timestamp());
    let passed = deployed_at.checked_add(interval)?.checked_add(1)?;
    Time::from_timestamp(passed, 0)
}
