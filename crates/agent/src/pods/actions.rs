//! Carries out one decision on one pod: the steps of the contract (agent-protocol 6.6), with an event
//! before and after.

use std::time::Duration;

use kontena_protocol::agent::ServicePod;
use tokio::time::sleep;

use super::{
    context::{ApplyError, Context, Severity, event, grace},
    hooks::{Done, Hooks},
    mailbox::Mailbox,
    spec::{container_name, data_container_name, data_spec, service_spec, volumes_from_candidates},
};
use crate::engine::{Container, ContainerSpec, EngineError, PodKey, label};

/// How long a stop may take where nothing says otherwise.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);
/// How long a pod waits for its volumes.
const VOLUMES_LIMIT: Duration = Duration::from_secs(30);
/// The pause between two looks at a volume.
const VOLUMES_PAUSE: Duration = Duration::from_millis(250);

/// One pod's engine work.
pub(super) struct Actions<'a> {
    pub(super) ctx: &'a Context,
    pub(super) key: &'a PodKey,
    pub(super) mailbox: &'a Mailbox,
    pub(super) hooks_done: &'a mut Done,
}

impl Actions<'_> {
    /// Creates and starts the container, in place of `old` where there is one.
    pub(super) async fn create(
        &mut self,
        pod: &ServicePod,
        old: Option<&Container>,
    ) -> Result<(), ApplyError> {
        let name = container_name(pod);
        self.info(event::CREATE, &format!("creating service instance {name}"));
        let created = self.create_steps(pod, old, &name).await;
        let done = format!("service instance {name} created");
        self.conclude(event::CREATE, &done, &name, created)
    }

    async fn create_steps(
        &mut self,
        pod: &ServicePod,
        old: Option<&Container>,
        name: &str,
    ) -> Result<(), ApplyError> {
        self.ctx.images.ensure(pod).await?;
        let mut volumes_from = self.volumes_from(pod).await?;
        if pod.stateful {
            volumes_from.push(self.ensure_data_container(pod, name).await?);
        }
        self.wait_for_volumes(pod).await?;
        let spec = service_spec(pod, volumes_from)?;
        if let Some(old) = old {
            self.replace(pod, old).await?;
        }
        self.hooks(pod).pre_start_with(&spec).await?;
        let id = {
            let _permit = self.ctx.permit().await;
            let id = self.ctx.engine.create(name, &spec).await?;
            self.ctx.engine.start(&id).await?;
            id
        };
        self.ctx.recorder.save(&id);
        let mut hooks = self.hooks(pod).hooks;
        hooks.inside("post_start", event::CREATE, &id).await;
        Ok(())
    }

    /// Starts a container that exists.
    pub(super) async fn start(
        &mut self,
        pod: &ServicePod,
        container: &Container,
    ) -> Result<(), ApplyError> {
        let name = container_name(pod);
        self.info(event::START, &format!("starting service instance {name}"));
        let started = self.start_steps(pod, container).await;
        let done = format!("service instance {name} started");
        self.conclude(event::START, &done, &name, started)
    }

    async fn start_steps(
        &mut self,
        pod: &ServicePod,
        container: &Container,
    ) -> Result<(), ApplyError> {
        if pod.hooks.iter().any(|hook| hook.kind == "pre_start") {
            let mut volumes_from = self.volumes_from(pod).await?;
            if pod.stateful {
                volumes_from.push(data_container_name(&container_name(pod)));
            }
            let spec = service_spec(pod, volumes_from)?;
            self.hooks(pod).pre_start_with(&spec).await?;
        }
        {
            let _permit = self.ctx.permit().await;
            self.ctx.engine.start(&container.id).await?;
        }
        let mut hooks = self.hooks(pod).hooks;
        hooks.inside("post_start", event::START, &container.id).await;
        Ok(())
    }

    /// Restarts a running container.
    pub(super) async fn restart(
        &mut self,
        pod: &ServicePod,
        container: &Container,
    ) -> Result<(), ApplyError> {
        let name = container_name(pod);
        let text = format!("restarting service instance {name}");
        self.info(event::RESTART, &text);
        let within = grace(pod.stop_grace_period);
        let restarted = self.ctx.engine.restart(&container.id, within).await;
        let done = format!("service instance {name} restarted");
        let restarted = restarted.map_err(ApplyError::from);
        self.conclude(event::RESTART, &done, &name, restarted)
    }

    /// Stops a running container.
    pub(super) async fn stop(
        &mut self,
        pod: &ServicePod,
        container: &Container,
    ) -> Result<(), ApplyError> {
        let name = container_name(pod);
        self.info(event::STOP, &format!("stopping service instance {name}"));
        let mut hooks = self.hooks(pod).hooks;
        hooks.inside("pre_stop", event::STOP, &container.id).await;
        let within = grace(pod.stop_grace_period);
        let stopped = self.ctx.engine.stop(&container.id, within).await;
        let done = format!("service instance {name} stopped");
        let stopped = stopped.map_err(ApplyError::from);
        self.conclude(event::STOP, &done, &name, stopped)
    }

    /// Removes all that is left of a pod: its container, its data container and their volumes. `pod`
    /// is what was last listed, which an adopted container never was.
    pub(super) async fn terminate(
        &mut self,
        pod: Option<&ServicePod>,
        container: Option<&Container>,
    ) -> Result<(), ApplyError> {
        let name = match (container, pod) {
            (Some(container), _) => container.name.clone(),
            (None, Some(pod)) => container_name(pod),
            (None, None) => return Ok(()),
        };
        if container.is_some() {
            self.info(event::REMOVE, &format!("removing service instance {name}"));
        }
        let removed = self.terminate_steps(pod, container, &name).await;
        if container.is_none() && removed.is_ok() {
            return Ok(());
        }
        let done = format!("service instance {name} removed");
        self.conclude(event::REMOVE, &done, &name, removed)
    }

    async fn terminate_steps(
        &mut self,
        pod: Option<&ServicePod>,
        container: Option<&Container>,
        name: &str,
    ) -> Result<(), ApplyError> {
        let engine = &self.ctx.engine;
        if let Some(container) = container {
            if container.running {
                if let Some(pod) = pod {
                    let mut hooks = self.hooks(pod).hooks;
                    hooks.inside("pre_stop", event::REMOVE, &container.id).await;
                }
                engine.stop(&container.id, grace_of(pod, container)).await?;
            }
            let _permit = self.ctx.permit().await;
            engine.remove(&container.id).await?;
        }
        engine.remove(&data_container_name(name)).await?;
        Ok(())
    }

    async fn replace(&mut self, pod: &ServicePod, old: &Container) -> Result<(), ApplyError> {
        if old.running {
            let mut hooks = self.hooks(pod).hooks;
            hooks.inside("pre_stop", event::CREATE, &old.id).await;
            let within = grace_of(Some(pod), old);
            self.ctx.engine.stop(&old.id, within).await?;
        }
        let _permit = self.ctx.permit().await;
        self.ctx.engine.remove(&old.id).await?;
        Ok(())
    }

    /// Finds the containers whose volumes are mounted.
    async fn volumes_from(&self, pod: &ServicePod) -> Result<Vec<String>, ApplyError> {
        let mut found = Vec::new();
        for entry in &pod.volumes_from {
            let mut container = None;
            for candidate in volumes_from_candidates(pod, entry) {
                container = self.ctx.engine.inspect(&candidate).await?;
                if container.is_some() {
                    break;
                }
            }
            let missing = || ApplyError::VolumesFrom(entry.clone());
            found.push(container.ok_or_else(missing)?.name);
        }
        Ok(found)
    }

    async fn ensure_data_container(
        &self,
        pod: &ServicePod,
        name: &str,
    ) -> Result<String, EngineError> {
        let name = data_container_name(name);
        if self.ctx.engine.inspect(&name).await?.is_none() {
            let _permit = self.ctx.permit().await;
            self.ctx.engine.create(&name, &data_spec(pod)).await?;
        }
        Ok(name)
    }

    /// Waits until the pod's named volumes are there: the master lists them, and `crate::volumes` makes them.
    async fn wait_for_volumes(&self, pod: &ServicePod) -> Result<(), ApplyError> {
        let give_up_at = self.ctx.clock.instant() + VOLUMES_LIMIT;
        let mut asked = false;
        for mount in pod.volumes.iter().filter(|mount| mount.bind_mount.is_none()) {
            let Some(name) = &mount.name else { continue };
            while !self.has_volume(name, mount.driver.as_deref()).await? {
                if self.ctx.clock.instant() >= give_up_at {
                    let limit = VOLUMES_LIMIT.as_secs();
                    let text =
                        format!("Timeout after waiting {limit}s until: volume {name} exists");
                    return Err(ApplyError::Volume(text));
                }
                if !std::mem::replace(&mut asked, true) {
                    self.ctx.volumes.list();
                }
                tokio::select! {
                    () = sleep(VOLUMES_PAUSE) => {}
                    () = self.mailbox.superseded(pod) => return Err(ApplyError::Superseded),
                }
            }
        }
        Ok(())
    }

    async fn has_volume(&self, name: &str, driver: Option<&str>) -> Result<bool, ApplyError> {
        let Some(found) = self.ctx.engine.volume(name).await? else {
            return Ok(false);
        };
        match driver {
            Some(driver) if !found.has_driver(driver) => {
                let text = format!("volume {name} has driver {}, not {driver}", found.driver);
                Err(ApplyError::Volume(text))
            }
            _ => Ok(true),
        }
    }

    fn hooks<'b>(&'b mut self, pod: &'b ServicePod) -> PodHooks<'b> {
        PodHooks {
            hooks: Hooks { ctx: self.ctx, key: self.key, pod, done: self.hooks_done },
            mailbox: self.mailbox,
        }
    }

    fn info(&self, kind: &str, text: &str) {
        self.ctx.event(self.key, Severity::Info, kind, text);
    }

    fn conclude(
        &self,
        kind: &str,
        done: &str,
        name: &str,
        outcome: Result<(), ApplyError>,
    ) -> Result<(), ApplyError> {
        match &outcome {
            Ok(()) => self.info(kind, done),
            Err(ApplyError::Superseded) => {}
            Err(error) => {
                let text = format!("service instance {name}: {error}");
                self.ctx.event(self.key, Severity::Error, kind, &text);
            }
        }
        outcome
    }
}

/// The hooks of one pod together with the mailbox that can call them off.
struct PodHooks<'a> {
    hooks: Hooks<'a>,
    mailbox: &'a Mailbox,
}

impl PodHooks<'_> {
    async fn pre_start_with(mut self, spec: &ContainerSpec) -> Result<(), ApplyError> {
        self.hooks.pre_start(spec, self.mailbox).await
    }
}

/// The pod's grace period, or the one the container was created with.
fn grace_of(pod: Option<&ServicePod>, container: &Container) -> Duration {
    let label = container.label(label::STOP_GRACE_PERIOD);
    let label = label.and_then(|seconds| seconds.parse().ok());
    pod.map(|pod| pod.stop_grace_period).or(label).map_or(DEFAULT_GRACE, grace)
}
