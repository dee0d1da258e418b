//! Commands that a service wants to be run around its container's life.
//!
//! ```text
//!   pre_start    before the container starts, in a container of its own; must succeed
//!   post_start   in the container, once it runs
//!   pre_stop     in the container, before it is stopped
//! ```
//!
//! One-shot hooks are announced to the master before any hook of their type runs. What hooks write is
//! not sent anywhere yet.

use std::{collections::HashSet, time::Duration};

use kontena_protocol::agent::{HookSpec, ServicePod};
use tokio::time::timeout;

use super::{
    context::{ApplyError, Context, Severity},
    mailbox::Mailbox,
    spec::{container_name, hook_command, hook_spec},
};
use crate::engine::{ContainerSpec, EngineError, PodKey};

/// How long a hook inside a container may take; a stop waits for it.
const EXEC_LIMIT: Duration = Duration::from_secs(600);
/// Length of the random part of a hook container's name.
const SUFFIX: usize = 7;

/// The one-shot hooks that one worker has run.
#[derive(Debug, Default)]
pub(super) struct Done(HashSet<String>);

/// What hooks run for, and with.
pub(super) struct Hooks<'a> {
    pub(super) ctx: &'a Context,
    pub(super) key: &'a PodKey,
    pub(super) pod: &'a ServicePod,
    pub(super) done: &'a mut Done,
}

impl Hooks<'_> {
    /// Runs the hooks before a start, each in a container of its own.
    pub(super) async fn pre_start(
        &mut self,
        service: &ContainerSpec,
        mailbox: &Mailbox,
    ) -> Result<(), ApplyError> {
        for hook in self.select("pre_start").await? {
            let run = self.run_apart(service, &hook);
            // A hook may take as long as it likes, but not after the pod was stopped or redeployed.
            let exit_code = tokio::select! {
                biased;
                exit_code = run => exit_code?,
                () = mailbox.superseded(self.pod) => return Err(ApplyError::Superseded),
            };
            if exit_code != 0 {
                return Err(ApplyError::Hook { kind: "pre_start", exit_code, command: hook.cmd });
            }
        }
        Ok(())
    }

    /// Runs the hooks after a start or before a stop; a failure ends them but nothing else.
    pub(super) async fn inside(
        &mut self,
        kind: &'static str,
        event_type: &'static str,
        container_id: &str,
    ) {
        let outcome = match self.select(kind).await {
            Ok(hooks) => self.run_inside(kind, container_id, hooks).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            let text = error.to_string();
            self.ctx.event(self.key, Severity::Error, event_type, &text);
        }
    }

    /// Picks the hooks of a type that are still to run, and announces the one-shot ones.
    async fn select(&mut self, kind: &'static str) -> Result<Vec<HookSpec>, ApplyError> {
        let hooks = self.pod.hooks.iter().filter(|hook| hook.kind == kind);
        let hooks: Vec<_> = hooks
            .filter(|hook| !(hook.oneshot && self.done.0.contains(&hook.id)))
            .cloned()
            .collect();
        for hook in hooks.iter().filter(|hook| hook.oneshot) {
            let marked = self.ctx.mark_oneshot_hook(self.key, hook).await;
            marked.map_err(ApplyError::Mark)?;
            self.done.0.insert(hook.id.clone());
        }
        Ok(hooks)
    }

    async fn run_apart(
        &self,
        service: &ContainerSpec,
        hook: &HookSpec,
    ) -> Result<i64, EngineError> {
        let engine = &self.ctx.engine;
        let suffix = self.ctx.clock.suffix(SUFFIX);
        let name = format!("{}-{suffix}", container_name(self.pod));
        log::info!("pod {}: running a {} hook", self.key, hook.kind);
        let id = engine.create(&name, &hook_spec(service, hook, &name)).await?;
        let cleanup = Remove(self.ctx, id.clone());
        let ran = async {
            engine.start(&id).await?;
            engine.wait(&id).await
        }
        .await;
        cleanup.now().await;
        ran
    }

    async fn run_inside(
        &self,
        kind: &'static str,
        container_id: &str,
        hooks: Vec<HookSpec>,
    ) -> Result<(), ApplyError> {
        for hook in hooks {
            log::info!("pod {}: running a {kind} hook", self.key);
            let command = hook_command(&hook);
            let run = self.ctx.engine.exec(container_id, &command);
            let ran = timeout(EXEC_LIMIT, run).await.unwrap_or_else(|_| {
                let limit = EXEC_LIMIT.as_secs();
                Err(EngineError::Failed(format!("{kind} hook did not end within {limit}s")))
            })?;
            if ran.exit_code != 0 {
                log::debug!("{kind} hook of pod {} wrote: {}", self.key, ran.output);
                return Err(ApplyError::Hook { kind, exit_code: ran.exit_code, command: hook.cmd });
            }
        }
        Ok(())
    }
}

/// Removes a hook's container, also where the hook was given up in the middle.
struct Remove<'a>(&'a Context, String);

impl Remove<'_> {
    async fn now(mut self) {
        let id = std::mem::take(&mut self.1);
        if let Err(error) = self.0.engine.remove(&id).await {
            log::warn!("cannot remove the hook container {id}: {error}");
        }
    }
}

impl Drop for Remove<'_> {
    fn drop(&mut self) {
        if self.1.is_empty() {
            return;
        }
        let (engine, id) = (self.0.engine.clone(), std::mem::take(&mut self.1));
        tokio::spawn(async move {
            if let Err(error) = engine.remove(&id).await {
                log::warn!("cannot remove the hook container {id}: {error}");
            }
        });
    }
}
