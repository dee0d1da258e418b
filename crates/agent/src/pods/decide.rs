//! One pod's decision: what is wanted and what is seen in, one action out. No engine, no clock.

use kontena_protocol::agent::ServicePod;

use crate::engine::{Container, label};

/// What the master wants of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DesiredState {
    /// The container shall run.
    Running,
    /// The container may exist but shall not run.
    Stopped,
    /// The pod is not listed any more: nothing of it shall remain.
    Terminated,
    /// Found on the engine before the first list: hands off.
    Unknown,
    /// A word this agent has no action for, such as `initialized`.
    Other,
}

impl DesiredState {
    /// Reads the word of a listed pod.
    #[must_use]
    pub fn of(pod: &ServicePod) -> Self {
        match pod.desired_state.as_str() {
            "running" => Self::Running,
            "stopped" => Self::Stopped,
            _ => Self::Other,
        }
    }
}

/// What is wanted of a pod, as far as the decision looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Desired<'a> {
    /// The state.
    pub state: DesiredState,
    /// The container is made anew where its label is lower.
    pub service_revision: i64,
    /// The load balancer's label, which the container must carry.
    pub load_balancer: Option<&'a str>,
}

impl<'a> Desired<'a> {
    /// Reads a listed pod.
    #[must_use]
    pub fn of(pod: &'a ServicePod) -> Self {
        Self {
            state: DesiredState::of(pod),
            service_revision: pod.service_revision,
            load_balancer: pod.labels.get(label::LOAD_BALANCER).map(String::as_str),
        }
    }
}

/// What is seen of a pod.
#[derive(Debug, Clone, Copy, Default)]
pub struct Observed<'a> {
    /// Its container, if there is one.
    pub container: Option<&'a Container>,
    /// Whether the image's name now stands for another image than the container's.
    pub image_outdated: bool,
    /// Whether a restart was asked for while the container had its current life.
    pub restart_requested: bool,
}

/// What to do with a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// There is no container: create and start one.
    Create,
    /// Replace the container.
    Recreate(Outdated),
    /// Start the container.
    Start,
    /// Restart the container.
    Restart,
    /// Stop the container.
    Stop,
    /// Remove the container and its volumes.
    Terminate,
    /// All is as it should be, or not ours to change.
    Nothing,
    /// There is no way from here to what is wanted; say so.
    Warn,
}

/// Why a container has to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outdated {
    /// The service was changed.
    Revision,
    /// The service was linked to another load balancer.
    LoadBalancer,
    /// The container cannot be started as it is.
    Error,
    /// The image was changed.
    Image,
}

/// Decides, by the first matching row of the contract's table (agent-protocol 6.5).
#[must_use]
pub fn decide(desired: Desired<'_>, observed: Observed<'_>) -> Action {
    use DesiredState::{Other, Running, Stopped, Terminated, Unknown};

    match (desired.state, observed.container) {
        (Running, None) => Action::Create,
        (Running, Some(container)) => running(desired, observed, container),
        (Stopped, Some(container)) if container.running => Action::Stop,
        (Stopped, Some(_)) | (Terminated, None) | (Unknown, _) => Action::Nothing,
        (Terminated, Some(_)) => Action::Terminate,
        (Stopped, None) | (Other, _) => Action::Warn,
    }
}

fn running(desired: Desired<'_>, observed: Observed<'_>, container: &Container) -> Action {
    if let Some(reason) = outdated(desired, observed, container) {
        Action::Recreate(reason)
    } else if !container.running {
        Action::Start
    } else if observed.restart_requested {
        Action::Restart
    } else {
        Action::Nothing
    }
}

fn outdated(
    desired: Desired<'_>,
    observed: Observed<'_>,
    container: &Container,
) -> Option<Outdated> {
    // A container without a readable revision is not one this agent could have made: leave it alone.
    let revision = container.label(label::SERVICE_REVISION);
    let revision: Option<i64> = revision.and_then(|revision| revision.parse().ok());
    if revision.is_some_and(|revision| desired.service_revision > revision) {
        Some(Outdated::Revision)
    } else if container.label(label::LOAD_BALANCER) != desired.load_balancer {
        Some(Outdated::LoadBalancer)
    } else if !container.running && !container.error.is_empty() {
        Some(Outdated::Error)
    } else if observed.image_outdated {
        Some(Outdated::Image)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desired(state: DesiredState) -> Desired<'static> {
        Desired { state, service_revision: 3, load_balancer: None }
    }

    fn container(running: bool) -> Container {
        Container {
            running,
            labels: [(label::SERVICE_REVISION.to_owned(), "3".to_owned())].into(),
            ..Container::default()
        }
    }

    fn seen(container: &Container) -> Observed<'_> {
        Observed { container: Some(container), ..Observed::default() }
    }

    #[test]
    fn each_row_of_the_table() {
        use DesiredState::{Other, Running, Stopped, Terminated, Unknown};
        let (up, down) = (container(true), container(false));
        let none = Observed::default();
        for (state, observed, action) in [
            (Running, none, Action::Create),
            (Running, seen(&down), Action::Start),
            (Running, seen(&up), Action::Nothing),
            (Stopped, seen(&up), Action::Stop),
            (Stopped, seen(&down), Action::Nothing),
            (Stopped, none, Action::Warn),
            (Terminated, seen(&up), Action::Terminate),
            (Terminated, seen(&down), Action::Terminate),
            (Terminated, none, Action::Nothing),
            (Unknown, seen(&up), Action::Nothing),
            (Unknown, seen(&down), Action::Nothing),
            (Unknown, none, Action::Nothing),
            (Other, seen(&up), Action::Warn),
            (Other, none, Action::Warn),
        ] {
            assert_eq!(decide(desired(state), observed), action, "{state:?} {observed:?}");
        }
    }

    #[test]
    fn a_requested_restart_needs_a_running_container_that_is_up_to_date() {
        let up = container(true);
        let mut observed = seen(&up);
        observed.restart_requested = true;
        let running = desired(DesiredState::Running);
        assert_eq!(decide(running, observed), Action::Restart);
        observed.image_outdated = true;
        assert_eq!(decide(running, observed), Action::Recreate(Outdated::Image));
        let down = container(false);
        observed.container = Some(&down);
        observed.image_outdated = false;
        assert_eq!(decide(running, observed), Action::Start);
        assert_eq!(decide(desired(DesiredState::Stopped), observed), Action::Nothing);
    }

    #[test]
    fn what_makes_a_container_outdated() {
        let mut newer = desired(DesiredState::Running);
        newer.service_revision = 4;
        let up = container(true);
        assert_eq!(decide(newer, seen(&up)), Action::Recreate(Outdated::Revision));
        let mut older = desired(DesiredState::Running);
        older.service_revision = 2;
        assert_eq!(decide(older, seen(&up)), Action::Nothing);

        let mut linked = desired(DesiredState::Running);
        linked.load_balancer = Some("infra/lb");
        assert_eq!(decide(linked, seen(&up)), Action::Recreate(Outdated::LoadBalancer));
        let mut labelled = container(true);
        let lb = (label::LOAD_BALANCER.to_owned(), "infra/lb".to_owned());
        labelled.labels.extend([lb]);
        assert_eq!(decide(linked, seen(&labelled)), Action::Nothing);

        let mut broken = container(false);
        broken.error = "no such file".into();
        let running = desired(DesiredState::Running);
        assert_eq!(decide(running, seen(&broken)), Action::Recreate(Outdated::Error));
        broken.running = true;
        assert_eq!(decide(running, seen(&broken)), Action::Nothing);
    }
}
