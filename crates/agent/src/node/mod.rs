//! Reports the node itself: `/nodes/update`, at once when the master has greeted, then every minute.
//! What it uses is reported by [`stats`], what its containers use by [`usage`]; the address it has is found
//! by [`addresses`].

pub(crate) mod addresses;
pub(crate) mod stats;
pub(crate) mod usage;

use std::{sync::Arc, time::Duration};

use kontena_protocol::{
    COMPAT_VERSION,
    agent::{json, method},
};
use rmpv::Value;
use tokio::time::sleep;

use crate::{
    config::AgentConfig,
    engine::{Engine, EngineInfo},
    session::{Link, Master, Profile},
};

/// The pause between two reports.
const PAUSE: Duration = Duration::from_secs(60);
/// The pause after a report that failed.
const RETRY: Duration = Duration::from_secs(5);

/// What the agent knows about its node and the engine does not.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    node_id: String,
    node_name: String,
    public_ip: Option<String>,
    private_ip: Option<String>,
}

impl Identity {
    pub(crate) fn new(config: &AgentConfig, profile: &Profile) -> Self {
        Self {
            node_id: profile.node_id.clone(),
            node_name: profile.node_name.clone(),
            public_ip: config.public_ip.clone(),
            private_ip: config.private_ip.clone(),
        }
    }

    /// The engine's document with the agent's overrides.
    fn document(&self, info: EngineInfo) -> serde_json::Value {
        let mut document = info.document;
        let overrides = [
            ("Name", self.node_name.as_str().into()),
            ("PublicIp", self.public_ip.clone().into()),
            ("PrivateIp", self.private_ip.clone().into()),
            ("AgentVersion", COMPAT_VERSION.into()),
        ];
        for (name, value) in overrides {
            document.insert(name.to_owned(), value);
        }
        document.into()
    }
}

/// Reports for as long as it is polled.
pub(crate) async fn report(engine: Arc<dyn Engine>, master: Master, identity: Identity) {
    let mut link = master.link();
    loop {
        let greeted = link.wait_for(|link| matches!(link, Link::Established(_))).await;
        let Ok(connection) = greeted.map(|link| *link) else {
            return;
        };
        let pause = if update(engine.as_ref(), &master, &identity).await { PAUSE } else { RETRY };
        // A new connection needs a report of its own at once.
        let renewed = async {
            let _ = link
                .wait_for(|link| matches!(link, Link::Established(_)) && *link != connection)
                .await;
        };
        tokio::select! {
            biased;
            () = sleep(pause) => {}
            () = renewed => {}
        }
    }
}

/// Without an answer of the engine there is nothing to report: a master that does not know the node
/// yet should not place anything on it.
async fn update(engine: &dyn Engine, master: &Master, identity: &Identity) -> bool {
    let info = match engine.describe().await {
        Ok(info) => info,
        Err(error) => {
            log::error!("cannot report this node: {error}");
            return false;
        }
    };
    let document = json::pack(identity.document(info));
    let params = vec![Value::from(identity.node_id.as_str()), document];
    match master.request(method::NODES_UPDATE, params).await {
        Ok(_) => true,
        Err(error) => {
            log::warn!("cannot report this node: {error}");
            false
        }
    }
}
