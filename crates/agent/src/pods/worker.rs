//! Brings one pod where the master wants it and keeps it there. One task per pod, so that a pod that
//! waits for a port or a slow stop holds up nobody else.

use std::{sync::Arc, time::Duration};

use kontena_protocol::agent::{PodState, ServicePod};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    actions::Actions,
    context::{ApplyError, Context, Severity, event},
    crash::Crashes,
    decide::{Action, Desired, DesiredState, Observed, decide},
    hooks::Done,
    mailbox::{Mail, Mailbox, Wanted},
    spec::container_name,
};
use crate::engine::{Container, Life, PodKey, label};

/// How long a port may stay closed.
const PORT_LIMIT: Duration = Duration::from_secs(300);
/// The pause between two looks at a port.
const PORT_PAUSE: Duration = Duration::from_secs(1);

/// One pod's worker.
pub(super) struct Worker {
    ctx: Arc<Context>,
    key: PodKey,
    mailbox: Arc<Mailbox>,
    /// What was last listed; nothing for a container found before the first list.
    pod: Option<Arc<ServicePod>>,
    /// The deploy whose image the container is known to have.
    image_rev: Option<String>,
    /// Whether the last apply came to its end without an error.
    settled: bool,
    /// The life in which the container was last seen running.
    seen: Option<Life>,
    /// The life in which a restart was asked for.
    restart: Option<Life>,
    crashes: Crashes,
    /// When a crashed container is started again.
    retry_at: Option<Instant>,
    hooks_done: Done,
}

impl Worker {
    /// Makes the worker of a pod; `found` is its container where it was there before the worker.
    pub(super) fn new(
        ctx: Arc<Context>,
        key: PodKey,
        mailbox: Arc<Mailbox>,
        found: Option<&Container>,
    ) -> Self {
        let image_rev = found.and_then(|found| found.label(label::DEPLOY_REV));
        Self {
            ctx,
            key,
            mailbox,
            pod: None,
            image_rev: image_rev.map(str::to_owned),
            settled: false,
            seen: found.and_then(Container::life),
            restart: None,
            crashes: Crashes::default(),
            retry_at: None,
            hooks_done: Done::default(),
        }
    }

    /// Works until the pod is terminated; returns its key.
    pub(super) async fn run(mut self) -> PodKey {
        loop {
            let (mail, due) = self.wait().await;
            if mail.wanted == Some(Wanted::Terminated) {
                if self.terminate().await {
                    return self.key;
                }
                continue;
            }
            let mut apply = due;
            if let Some(Wanted::Listed(pod)) = mail.wanted {
                apply |= self.takes_effect(&pod);
                self.pod = Some(pod);
            }
            if mail.restart {
                self.restart = self.seen.clone();
                apply = true;
            }
            if apply {
                self.apply().await;
            } else if mail.look {
                self.look().await;
            }
        }
    }

    async fn wait(&self) -> (Mail, bool) {
        let retry = async {
            match self.retry_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            mail = self.mailbox.next() => (mail, false),
            () = retry => (Mail::default(), true),
        }
    }

    /// Tells whether a list has to be acted on: something else is wanted, or the last attempt failed
    /// and nothing is about to try again anyway.
    fn takes_effect(&mut self, listed: &ServicePod) -> bool {
        let Some(pod) = &self.pod else {
            return true;
        };
        let changed = Wanted::Listed(Arc::new(listed.clone())).supersedes(pod);
        if changed {
            self.crashes.reset();
        }
        changed || (self.retry_at.is_none() && !self.settled)
    }

    /// Compares, acts once, reports.
    async fn apply(&mut self) {
        let Some(pod) = self.pod.clone() else {
            return;
        };
        self.retry_at = None;
        self.settled = false;
        let outcome = match self.act(&pod).await {
            Ok(container) => self.wait_for_port(&pod, container).await,
            Err(ApplyError::Superseded) => return,
            Err(error) => {
                self.report(&pod, "missing", Some(error.to_string()));
                return;
            }
        };
        let (container, error) = match outcome {
            Ok(container) => (container, None),
            Err((_, ApplyError::Superseded)) => return,
            Err((container, error)) => (container, Some(error.to_string())),
        };
        self.settled = error.is_none();
        let wanted = DesiredState::of(&pod) == DesiredState::Running;
        match &container {
            Some(container) if container.running => self.seen = container.life(),
            Some(container) if wanted => self.note_crash(container),
            _ => {}
        }
        let state = self.state_of(container.as_ref());
        self.report(&pod, state, error);
    }

    /// Takes the one action that the decision asks for, and looks again.
    async fn act(&mut self, pod: &ServicePod) -> Result<Option<Container>, ApplyError> {
        let container = self.find().await?;
        let observed = Observed {
            container: container.as_ref(),
            image_outdated: self.image_outdated(pod, container.as_ref()).await?,
            restart_requested: self.restart.is_some()
                && self.restart == container.as_ref().and_then(Container::life),
        };
        self.restart = None;
        let action = decide(Desired::of(pod), observed);
        log::debug!("pod {}: {action:?}", self.key);
        let mut actions = Actions {
            ctx: &self.ctx,
            key: &self.key,
            mailbox: &self.mailbox,
            hooks_done: &mut self.hooks_done,
        };
        match (action, container.as_ref()) {
            (Action::Create | Action::Recreate(_), old) => actions.create(pod, old).await?,
            (Action::Start, Some(container)) => actions.start(pod, container).await?,
            (Action::Restart, Some(container)) => actions.restart(pod, container).await?,
            (Action::Stop, Some(container)) => actions.stop(pod, container).await?,
            (Action::Warn, _) => {
                let wanted = &pod.desired_state;
                log::warn!("pod {}: nothing to do for desired state {wanted}", self.key);
                return Ok(container);
            }
            _ => {
                self.image_rev.clone_from(&pod.deploy_rev);
                return Ok(container);
            }
        }
        self.image_rev.clone_from(&pod.deploy_rev);
        Ok(self.ctx.engine.find(&self.key).await?)
    }

    /// Finds the container and makes sure that nobody but the agent restarts it.
    async fn find(&self) -> Result<Option<Container>, ApplyError> {
        let container = self.ctx.engine.find(&self.key).await?;
        if let Some(container) = container.as_ref()
            && container.restarts_by_itself
        {
            self.ctx.engine.clear_restart_policy(&container.id).await?;
        }
        Ok(container)
    }

    /// A new deploy of the same revision replaces the container only where its image has changed.
    async fn image_outdated(
        &self,
        pod: &ServicePod,
        container: Option<&Container>,
    ) -> Result<bool, ApplyError> {
        let running = DesiredState::of(pod) == DesiredState::Running;
        match container {
            Some(container) if running && pod.deploy_rev != self.image_rev => {
                Ok(self.ctx.images.ensure(pod).await? != container.image_id)
            }
            _ => Ok(false),
        }
    }

    /// Waits until the pod's port answers, if it has one to wait for. Ends early where the container
    /// ends or something else is wanted.
    async fn wait_for_port(
        &self,
        pod: &ServicePod,
        container: Option<Container>,
    ) -> Result<Option<Container>, (Option<Container>, ApplyError)> {
        let (Some(port), Some(mut current)) = (pod.wait_for_port, container.clone()) else {
            return Ok(container);
        };
        if !current.running || DesiredState::of(pod) != DesiredState::Running {
            return Ok(container);
        }
        let life = current.life();
        let give_up_at = self.ctx.clock.instant() + PORT_LIMIT;
        loop {
            if self.ctx.engine.port_answers(&current, port).await {
                return Ok(Some(current));
            }
            if self.ctx.clock.instant() >= give_up_at {
                let limit = PORT_LIMIT.as_secs();
                let text = format!("port {port} did not open within {limit}s");
                return Err((Some(current), ApplyError::Port(text)));
            }
            tokio::select! {
                biased;
                () = sleep(PORT_PAUSE) => {}
                () = self.mailbox.superseded(pod) =>
                    return Err((Some(current), ApplyError::Superseded)),
            }
            match self.ctx.engine.find(&self.key).await {
                Ok(Some(found)) if found.running && found.life() == life => current = found,
                Ok(found) => {
                    let text = format!("gave up waiting for port {port}: the container ended");
                    return Err((found, ApplyError::Port(text)));
                }
                Err(error) => return Err((Some(current), error.into())),
            }
        }
    }

    /// Looks whether a container that should run still does.
    async fn look(&mut self) {
        let Some(pod) = self.pod.clone() else {
            return;
        };
        if DesiredState::of(&pod) != DesiredState::Running || self.retry_at.is_some() {
            return;
        }
        match self.ctx.engine.find(&self.key).await {
            Ok(Some(container)) if container.running => self.seen = container.life(),
            Ok(Some(container)) => self.note_crash(&container),
            Ok(None) => {
                let gone = self.seen.take();
                let wait = gone.and_then(|life| self.crashes.count_gone(&life));
                self.schedule(wait);
            }
            Err(error) => log::debug!("pod {}: cannot look: {error}", self.key),
        }
    }

    fn note_crash(&mut self, container: &Container) {
        let wait = self.crashes.count(container);
        self.schedule(wait);
    }

    /// Tells about a crash and sets the moment of the next start.
    fn schedule(&mut self, wait: Option<Duration>) {
        let (Some(wait), Some(pod)) = (wait, &self.pod) else {
            return;
        };
        let name = container_name(pod);
        let seconds = wait.as_secs();
        let text = format!("service instance {name} crashed, restarting in {seconds}s");
        let kind = event::CRASH;
        self.ctx.event(&self.key, Severity::Warn, kind, &text);
        self.retry_at = Some(self.ctx.clock.instant() + wait);
    }

    fn state_of(&self, container: Option<&Container>) -> &'static str {
        match container {
            None => "missing",
            Some(container) if container.running && !container.restarting => "running",
            Some(_) if self.retry_at.is_some() => "restarting",
            Some(_) => "stopped",
        }
    }

    fn report(&self, pod: &ServicePod, state: &str, error: Option<String>) {
        let state = PodState {
            service_id: self.key.service_id.clone(),
            instance_number: self.key.instance_number,
            rev: pod.deploy_rev.clone(),
            state: state.to_owned(),
            error,
        };
        self.ctx.reports.record(&self.key, state);
    }

    /// Removes what is left of the pod; false where that failed and has to be tried again.
    async fn terminate(&mut self) -> bool {
        self.ctx.reports.forget(&self.key);
        self.retry_at = None;
        let removed = async {
            let container = self.find().await?;
            let mut actions = Actions {
                ctx: &self.ctx,
                key: &self.key,
                mailbox: &self.mailbox,
                hooks_done: &mut self.hooks_done,
            };
            let pod = self.pod.as_deref();
            actions.terminate(pod, container.as_ref()).await
        }
        .await;
        if let Err(error) = &removed {
            log::warn!("pod {}: cannot terminate: {error}", self.key);
            self.settled = false;
        }
        removed.is_ok()
    }
}
