//! What all workers of one agent share: the engine, the way to the master, the limits.

use std::{sync::Arc, time::Duration};

use kontena_protocol::agent::{RpcError, ServicePod, json, method};
use rmpv::Value;
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{images::Images, reports::Reports, spec::EnvTooLarge};
use crate::{
    clock::Clock,
    engine::{Engine, EngineError, PodKey},
    records::Recorder,
    session::{CallError, Master},
    volumes,
};

/// How many pods of a node create, start or remove containers at once; the engine is the bottleneck.
/// Pods that pull, stop, run hooks or wait for a port do not count.
const AT_ONCE: usize = 3;

/// Why an apply failed. The text goes to the master as it is.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum ApplyError {
    /// The engine failed or refused.
    #[error("{}", .0.on_the_wire())]
    Engine(#[from] EngineError),
    /// The environment cannot be given to a process.
    #[error("RuntimeError: {0}")]
    Env(#[from] EnvTooLarge),
    /// A hook that must succeed did not.
    #[error("RuntimeError: {kind} hook failed with exit code {exit_code}: {command}")]
    Hook { kind: &'static str, exit_code: i64, command: String },
    /// The master could not be told about a one-shot hook, so it may not run.
    #[error("RuntimeError: cannot mark one-shot hook: {0}")]
    Mark(#[source] CallError),
    /// A container whose volumes shall be mounted does not exist.
    #[error("RuntimeError: no container to take volumes from: {0}")]
    VolumesFrom(String),
    /// A volume is not there, or not what it should be.
    #[error("RuntimeError: {0}")]
    Volume(String),
    /// The port did not answer.
    #[error("RuntimeError: {0}")]
    Port(String),
    /// Something else is wanted by now; whoever asked for that will see to it.
    #[error("superseded")]
    Superseded,
}

/// Event types of the contract that this agent sends.
pub(super) mod event {
    pub(in crate::pods) const CREATE: &str = "service:create_instance";
    pub(in crate::pods) const START: &str = "service:start_instance";
    pub(in crate::pods) const STOP: &str = "service:stop_instance";
    pub(in crate::pods) const RESTART: &str = "service:restart_instance";
    pub(in crate::pods) const REMOVE: &str = "service:remove_instance";
    pub(in crate::pods) const CRASH: &str = "service:instance_crash";
}

/// How serious an event is, in the contract's numbers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Severity {
    Info = 1,
    Warn = 2,
    Error = 3,
}

/// Shared by the workers of one agent.
pub(super) struct Context {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) clock: Clock,
    pub(super) images: Images,
    pub(super) reports: Reports,
    pub(super) recorder: Recorder,
    /// Asks for volumes that a pod waits for.
    pub(super) volumes: volumes::Inbox,
    node_id: String,
    master: Master,
    permits: Semaphore,
}

impl Context {
    pub(super) fn new(
        engine: Arc<dyn Engine>,
        clock: Clock,
        master: Master,
        node_id: String,
        recorder: Recorder,
        volumes: volumes::Inbox,
    ) -> Self {
        Self {
            images: Images::new(Arc::clone(&engine), clock.clone()),
            reports: Reports::new(node_id.clone(), master.clone()),
            permits: Semaphore::new(AT_ONCE),
            recorder,
            volumes,
            engine,
            clock,
            node_id,
            master,
        }
    }

    /// Waits for the right to keep the engine busy.
    pub(super) async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        // Never closed; without a permit the engine would merely be a little busier.
        self.permits.acquire().await.ok()
    }

    /// Fetches what shall run on this node.
    pub(super) async fn list(&self) -> Result<Vec<ServicePod>, CallError> {
        #[derive(serde::Deserialize)]
        struct Listed {
            service_pods: Vec<ServicePod>,
        }
        let params = vec![Value::from(self.node_id.as_str())];
        let listed: Listed = self.master.fetch(method::PODS_LIST, params).await?;
        Ok(listed.service_pods)
    }

    /// Tells the master's event log; lost where there is no connection.
    pub(super) fn event(&self, pod: &PodKey, severity: Severity, kind: &str, text: &str) {
        let level = match severity {
            Severity::Info => log::Level::Info,
            Severity::Warn => log::Level::Warn,
            Severity::Error => log::Level::Error,
        };
        log::log!(level, "pod {pod}: {text}");
        let body = json!({
            "service_id": pod.service_id, "instance_number": pod.instance_number,
            "severity": severity as i64, "type": kind, "data": text,
        });
        let params = vec![Value::from(self.node_id.as_str()), json::pack(body)];
        self.master.notify(method::PODS_EVENT, params);
    }

    /// Tells the master that a one-shot hook is about to run, and waits for its word.
    pub(super) async fn mark_oneshot_hook(
        &self,
        pod: &PodKey,
        hook: &kontena_protocol::agent::HookSpec,
    ) -> Result<(), CallError> {
        let key = json!({
            "service_id": pod.service_id, "instance_number": pod.instance_number,
        });
        let params = vec![Value::from(self.node_id.as_str()), json::pack(key), json::encode(hook)];
        match self.master.request(method::MARK_ONESHOT_HOOK, params).await {
            // A master that does not know the call keeps no account of hooks either.
            Err(CallError::Rpc(RpcError { code: 501, .. })) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Returns the seconds of a stop grace period as a span; a negative number counts as none.
pub(super) fn grace(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}
