//! Tells the master one thing about containers, and decides what is said in the log where that fails.

use std::{collections::HashSet, sync::Arc, time::Duration};

use kontena_protocol::agent::{RpcError, json, method};
use rmpv::Value;
use serde_json::json;
use tokio::time::sleep;

use super::books::Due;
use crate::{
    engine::{Engine, EngineError, label},
    session::{CallError, Master},
};

/// The pause after a container was saved, so that a node with many does not flood its master.
const SAVE_PAUSE: Duration = Duration::from_millis(50);

impl Due {
    fn method(&self) -> &'static str {
        match self {
            Self::Save(_) => method::CONTAINERS_SAVE,
            Self::Event(_) => method::CONTAINERS_EVENT,
            Self::Cleanup(_) => method::CONTAINERS_CLEANUP,
        }
    }
}

/// Why the master could not be told.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum TellError {
    /// The engine does not say how the container is.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The master did not take it.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl TellError {
    /// Tells whether the master will not take it on this connection either: it keeps no more records.
    pub(super) fn is_for_good(&self) -> bool {
        matches!(self, Self::Call(CallError::Rpc(RpcError { code: 413, .. })))
    }
}

/// What telling takes.
pub(super) struct Teller {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) master: Master,
    pub(super) node_id: String,
}

impl Teller {
    /// Tells one thing and waits for the master's answer.
    pub(super) async fn tell(&self, due: &Due) -> Result<(), TellError> {
        let params = match due {
            Due::Save(id) => return self.save(id).await,
            Due::Event(event) => vec![json::pack(json!({
                "id": event.container_id, "status": event.action, "from": event.image,
                "time": event.at,
            }))],
            Due::Cleanup(ids) => {
                let ids = ids.iter().map(|id| Value::from(id.as_str())).collect();
                vec![Value::from(self.node_id.as_str()), Value::Array(ids)]
            }
        };
        self.master.request(due.method(), params).await?;
        Ok(())
    }

    /// A container that is gone by now, or is only a helper, is not saved.
    async fn save(&self, id: &str) -> Result<(), TellError> {
        let Some(document) = self.engine.document(id).await? else {
            return Ok(());
        };
        if is_helper(&document) {
            return Ok(());
        }
        let body = json!({"node": self.node_id, "container": document});
        let saved = self.master.request(method::CONTAINERS_SAVE, vec![json::pack(body)]).await;
        sleep(SAVE_PAUSE).await;
        saved?;
        Ok(())
    }
}

fn is_helper(document: &serde_json::Value) -> bool {
    let labels = document.get("Config").and_then(|config| config.get("Labels"));
    labels.is_some_and(|labels| labels.get(label::SKIP_LOGS).is_some())
}

/// What one connection has shown of its master.
#[derive(Debug, Default)]
pub(super) struct Patience {
    unknown: HashSet<&'static str>,
    failed: HashSet<&'static str>,
}

impl Patience {
    /// Tells whether there is any use in telling this.
    pub(super) fn allows(&self, due: &Due) -> bool {
        !self.unknown.contains(due.method())
    }

    /// Says in the log what failed: once per connection, not once per container.
    pub(super) fn complain(&mut self, due: &Due, error: &TellError) {
        let method = due.method();
        if matches!(error, TellError::Call(CallError::Rpc(RpcError { code: 501, .. }))) {
            if self.unknown.insert(method) {
                log::debug!(
                    "this master keeps no records of containers: {method} is unknown to it"
                );
            }
            return;
        }
        let first = self.failed.insert(method);
        let level = if first { log::Level::Warn } else { log::Level::Debug };
        log::log!(level, "{method} failed: {error}");
    }
}
