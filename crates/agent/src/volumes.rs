//! Volumes: what the master lists for this node, compared with what the engine has.
//!
//! ```text
//!   first node info --> report what carries our labels --> list --> create what is missing, report it
//!                         ^                                          remove what is not listed
//!        every 30 s, on notify, on a new connection
//! ```
//!
//! A volume is data: whatever failed changes nothing, and only a volume that the master was told of on
//! this connection, and does not list all the same, is removed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use kontena_protocol::agent::{NodeVolume, VolumeState, json, method};
use rmpv::Value;
use tokio::{
    sync::{Notify, watch},
    time::sleep,
};

use crate::{
    engine::{Engine, Volume, VolumeSpec, label},
    session::{CallError, Link, Master},
};

/// The pause between two lists that nobody asked for.
const LIST_PAUSE: Duration = Duration::from_secs(30);
/// How the master begins to say that a volume is none of its own.
const UNKNOWN: &str = "RuntimeError: Could not find volume with id";

/// By which a list is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inbox(Arc<Notify>);

impl Inbox {
    /// The list has changed, or somebody waits for a volume.
    pub(crate) fn list(&self) {
        self.0.notify_one();
    }
}

/// Manages the volumes of one node.
pub(crate) struct Volumes {
    engine: Arc<dyn Engine>,
    master: Master,
    node_id: String,
    inbox: Inbox,
    known: watch::Receiver<bool>,
    link: watch::Receiver<Link>,
    /// The connection that `told` is about.
    connection: Link,
    /// The volume instances that the master was told of.
    told: BTreeSet<String>,
}

impl Volumes {
    /// Makes the manager; it begins once the node is `known`.
    pub(crate) fn new(
        engine: Arc<dyn Engine>,
        master: Master,
        node_id: String,
        inbox: Inbox,
        known: watch::Receiver<bool>,
    ) -> Self {
        let link = master.link();
        let (connection, told) = (Link::Down, BTreeSet::new());
        Self { engine, master, node_id, inbox, known, link, connection, told }
    }

    /// Manages volumes for as long as it is polled.
    pub(crate) async fn run(mut self) {
        if self.known.wait_for(|known| *known).await.is_err() {
            return;
        }
        loop {
            let link = *self.link.borrow_and_update();
            if let Link::Established(_) = link {
                if link != self.connection {
                    // Another master may have come up with an older database.
                    self.told.clear();
                    self.connection = link;
                }
                if let Err(error) = self.round().await {
                    log::warn!("cannot manage volumes, leaving all as they are: {error}");
                }
            }
            tokio::select! {
                () = sleep(LIST_PAUSE) => {}
                () = self.inbox.0.notified() => {}
                changed = self.link.changed() => if changed.is_err() {
                    return;
                }
            }
        }
    }

    /// One comparison. An error ends it.
    async fn round(&mut self) -> Result<(), Failed> {
        let present = self.engine.volumes().await?;
        let managed: Vec<Managed> = present.iter().filter_map(Managed::new).collect();
        for volume in &managed {
            self.tell(volume).await?;
        }
        let listed = self.listed().await?;
        if !self.is_same_connection() {
            return Ok(());
        }
        self.create_missing(&listed, &present).await?;
        self.remove_surplus(&listed, &managed).await;
        Ok(())
    }

    /// A list that another master has answered, maybe one with an older database, says nothing about what
    /// this one was told.
    fn is_same_connection(&self) -> bool {
        *self.link.borrow() == self.connection
    }

    async fn listed(&self) -> Result<Vec<NodeVolume>, CallError> {
        #[derive(serde::Deserialize)]
        struct Listed {
            volumes: Vec<NodeVolume>,
        }
        let params = vec![Value::from(self.node_id.as_str())];
        let listed: Listed = self.master.fetch(method::VOLUMES_LIST, params).await?;
        Ok(listed.volumes)
    }

    /// Tells the master of a volume once on each connection. What it refuses for another reason than that
    /// the volume is none of its own does not count as told.
    async fn tell(&mut self, volume: &Managed) -> Result<(), CallError> {
        if self.told.contains(&volume.instance_id) {
            return Ok(());
        }
        let state = VolumeState {
            name: volume.name.clone(),
            volume_instance_id: Some(volume.instance_id.clone()),
            volume_id: volume.volume_id.clone(),
        };
        let params = vec![Value::from(self.node_id.as_str()), json::encode(&state)];
        match self.master.request(method::VOLUMES_SET_STATE, params).await {
            Ok(_) => {}
            Err(CallError::Rpc(error)) if error.message.starts_with(UNKNOWN) => {
                log::warn!("volume {}: {error}", volume.name);
            }
            Err(CallError::Rpc(error)) => {
                log::error!("volume {}: the master did not take the report: {error}", volume.name);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        self.told.insert(volume.instance_id.clone());
        Ok(())
    }

    async fn create_missing(
        &mut self,
        listed: &[NodeVolume],
        present: &[Volume],
    ) -> Result<(), CallError> {
        for wanted in listed {
            let name = &wanted.name;
            match present.iter().find(|volume| volume.name == *name) {
                Some(volume) if volume.has_driver(&wanted.driver) => {}
                Some(volume) => log::error!(
                    "volume {name} has driver {}, not {}: left alone",
                    volume.driver,
                    wanted.driver
                ),
                None => match self.engine.create_volume(&spec(wanted)).await {
                    Ok(()) => {
                        log::info!("volume {name} created");
                        self.tell(&Managed::of(wanted)).await?;
                    }
                    Err(error) => log::error!("cannot create volume {name}: {error}"),
                },
            }
        }
        Ok(())
    }

    /// Only what the master knows that we have can be surplus. One that is listed by its name alone is not.
    async fn remove_surplus(&self, listed: &[NodeVolume], managed: &[Managed]) {
        let is_listed = |volume: &Managed| {
            let mut listed = listed.iter();
            listed.any(|listed| {
                listed.volume_instance_id == volume.instance_id || listed.name == volume.name
            })
        };
        for volume in managed {
            if is_listed(volume) || !self.told.contains(&volume.instance_id) {
                continue;
            }
            if !self.is_same_connection() {
                return;
            }
            match self.engine.remove_volume(&volume.name).await {
                Ok(()) => log::info!("volume {} removed", volume.name),
                Err(error) => log::warn!("cannot remove volume {}: {error}", volume.name),
            }
        }
    }
}

/// Why a comparison came to no end.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Master(#[from] CallError),
    #[error(transparent)]
    Engine(#[from] crate::engine::EngineError),
}

/// A volume of the engine that was made for the master.
struct Managed {
    name: String,
    instance_id: String,
    volume_id: Option<String>,
}

impl Managed {
    fn new(volume: &Volume) -> Option<Self> {
        Some(Self {
            name: volume.name.clone(),
            instance_id: volume.labels.get(label::VOLUME_INSTANCE_ID)?.clone(),
            volume_id: volume.labels.get(label::VOLUME_ID).cloned(),
        })
    }

    fn of(listed: &NodeVolume) -> Self {
        Self {
            name: listed.name.clone(),
            instance_id: listed.volume_instance_id.clone(),
            volume_id: Some(listed.volume_id.clone()),
        }
    }
}

fn spec(listed: &NodeVolume) -> VolumeSpec {
    let labels = [
        (label::VOLUME_INSTANCE_ID, &listed.volume_instance_id),
        (label::VOLUME_ID, &listed.volume_id),
    ];
    let labels: BTreeMap<String, String> =
        labels.map(|(name, value)| (name.to_owned(), value.clone())).into();
    VolumeSpec {
        name: listed.name.clone(),
        driver: listed.driver.clone(),
        options: listed.driver_opts.clone(),
        labels,
    }
}
