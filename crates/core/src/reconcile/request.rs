//! Asking for a deploy without being asked (`scheduling.md` 4.6).

use super::Cause;
use crate::{
    domain::{
        Change, Deploy, DeployId, DeployOrigin, Event, Service, ServiceId, ServiceState, Severity,
        Time,
    },
    moment::Moment,
    rollout::overdue_at,
    snapshot::Snapshot,
};

/// The changes of an automatic deploy request: the service, the deploy, the event. Nothing where the
/// service is gone, shall not run any more, or is being deployed (8.2 #8).
#[must_use]
pub fn deploy_changes(
    snapshot: &Snapshot,
    service: ServiceId,
    cause: Cause,
    moment: &mut Moment,
) -> Vec<Change> {
    let now = moment.now;
    let Some(service) = snapshot.service(service) else {
        return Vec::new();
    };
    let busy = snapshot.deploys_of(service.id).into_iter().any(|deploy| {
        deploy.is_pending() || overdue_at(snapshot, deploy).is_some_and(|limit| limit > now)
    });
    if service.state != ServiceState::Running || busy {
        return Vec::new();
    }
    let mut requested = service.clone();
    requested.deploy_requested_at = Some(now);
    requested.updated_at = now;
    if cause == Cause::Interval {
        requested.revision += 1;
    }
    let deploy =
        Deploy::new(DeployId::from_bytes(moment.id()), service, DeployOrigin::Scheduler, now);
    vec![
        Change::ServiceUpdated { service: Box::new(requested), from: service.version() },
        Change::DeployCreated(Box::new(deploy)),
        event(service, Severity::Info, text(snapshot, service, cause), now),
    ]
}

/// The event that tells an operator that a service cannot be checked (8.2 #20); none where it is gone.
#[must_use]
pub fn check_failed(
    snapshot: &Snapshot,
    service: ServiceId,
    text: &str,
    now: Time,
) -> Option<Change> {
    let service = snapshot.service(service)?;
    let path = snapshot.path(service);
    let message = format!("service {path} can not be checked: {text}");
    Some(event(service, Severity::Warn, message, now))
}

/// The event that tells an operator that a deploy has not brought about what it was for, and that nothing
/// has changed since; none where the service is gone.
#[must_use]
pub fn deploy_in_vain(
    snapshot: &Snapshot,
    service: ServiceId,
    reason: &str,
    now: Time,
) -> Option<Change> {
    let service = snapshot.service(service)?;
    let path = snapshot.path(service);
    let message = format!(
        "service {path} is not as it shall be after its last deploy, which is repeated when something \
         changes, and after a growing pause: {reason}"
    );
    Some(event(service, Severity::Warn, message, now))
}

fn text(snapshot: &Snapshot, service: &Service, cause: Cause) -> String {
    let path = snapshot.path(service);
    match cause {
        Cause::Instances => format!(
            "service {path} has wrong number of instances (or they are not distributed correctly)"
        ),
        Cause::Outdated => format!("service {path} does have older version running"),
        Cause::Interval => format!("service {path} deploy interval has passed"),
    }
}

fn event(service: &Service, severity: Severity, message: String, now: Time) -> Change {
    Change::EventLogged(Box::new(Event {
        grid: service.grid,
        at: now,
        severity,
        kind: "scheduler".into(),
        message,
        service: Some(service.id),
        node: None,
        instance_number: None,
    }))
}
