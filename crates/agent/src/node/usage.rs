//! Reports how much memory service containers take: `/containers/stat`, every minute while the master is
//! there. The master keeps the highest figure of the last hour of each service, by which it places
//! services that name no memory of their own.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use kontena_protocol::agent::{json, method, utc_text};
use serde_json::json;
use tokio::{sync::watch, time::sleep};

use crate::{
    clock::Clock,
    engine::Engine,
    session::{Link, Master},
};

/// The pause between two reports of a container.
const PAUSE: Duration = Duration::from_secs(60);

/// Reports for as long as it is polled, from the moment that the node is `known`.
pub(crate) async fn report(
    engine: Arc<dyn Engine>,
    clock: Clock,
    master: Master,
    mut known: watch::Receiver<bool>,
) {
    if known.wait_for(|known| *known).await.is_err() {
        return;
    }
    let mut link = master.link();
    loop {
        sleep(PAUSE).await;
        if link.wait_for(|link| matches!(link, Link::Established(_))).await.is_err() {
            return;
        }
        measure(engine.as_ref(), &clock, &master).await;
    }
}

/// One after the other: an engine has better things to do than to answer all of them at once.
async fn measure(engine: &dyn Engine, clock: &Clock, master: &Master) {
    let containers = match engine.list().await {
        Ok(containers) => containers,
        Err(error) => {
            log::warn!("cannot measure containers: {error}");
            return;
        }
    };
    for container in containers.iter().filter(|found| found.service && found.running) {
        match engine.memory_of(&container.id).await {
            Ok(Some(bytes)) => {
                let body = body(&container.id, bytes, clock.now());
                master.notify(method::CONTAINERS_STAT, vec![json::pack(body)]);
            }
            Ok(None) => {}
            Err(error) => log::debug!("cannot measure container {}: {error}", container.id),
        }
    }
}

fn body(id: &str, bytes: u64, now: DateTime<Utc>) -> serde_json::Value {
    json!({ "id": id, "memory": { "usage": bytes }, "time": utc_text(now) })
}
