//! What a simulated engine remembers, and what each call changes in it. No time, no waiting.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use futures_util::Stream;
use tokio::sync::{broadcast, watch};

use super::{document::document, identity::Sequence, shelf::Shelf};
use crate::engine::{
    Container, ContainerKind, ContainerSpec, EngineError, EngineResult, Event, ExecOutcome, Listed,
    PodKey, VolumeSpec, label,
};

/// How many lines of the journal are kept.
const JOURNAL: usize = 1000;

struct Entry {
    container: Container,
    spec: ContainerSpec,
    exit_code: Option<i64>,
}

/// Everything behind the engine's lock.
pub(super) struct State {
    ids: Sequence,
    containers: BTreeMap<String, Entry>,
    images: HashMap<String, String>,
    registry: HashMap<String, String>,
    lost: HashSet<String>,
    pub(super) volumes: Shelf,
    addresses: u32,
    /// True while the engine answers; followers of events see it change.
    present: watch::Sender<bool>,
    pub(super) command_exit_code: i64,
    pub(super) journal: Vec<String>,
}

impl State {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            ids: Sequence::new(seed),
            containers: BTreeMap::new(),
            images: HashMap::new(),
            registry: HashMap::new(),
            lost: HashSet::new(),
            volumes: Shelf::default(),
            addresses: 1,
            present: watch::Sender::new(true),
            command_exit_code: 0,
            journal: Vec::new(),
        }
    }

    pub(super) fn check_present(&self) -> EngineResult<()> {
        if *self.present.borrow() {
            return Ok(());
        }
        Err(EngineError::Unavailable("the simulated engine has vanished".into()))
    }

    pub(super) fn presence(&self) -> watch::Receiver<bool> {
        self.present.subscribe()
    }

    pub(super) fn vanish(&mut self, now: DateTime<Utc>) {
        self.present.send_replace(false);
        for entry in self.containers.values_mut() {
            entry.end(137, now);
        }
    }

    pub(super) fn reappear(&mut self) {
        self.present.send_replace(true);
    }

    fn note(&mut self, line: String) {
        if self.journal.len() >= JOURNAL {
            self.journal.drain(..JOURNAL / 2);
        }
        self.journal.push(line);
    }

    pub(super) fn all(&self) -> Vec<Container> {
        let entries = self.containers.values();
        entries.map(|entry| entry.container.clone()).collect()
    }

    /// Counts containers: all, and those that run.
    pub(super) fn counts(&self) -> (usize, usize) {
        let running = self.containers.values().filter(|entry| entry.container.running).count();
        (self.containers.len(), running)
    }

    pub(super) fn list(&self) -> Vec<Listed> {
        let entries = self.containers.values().map(|entry| &entry.container);
        let listed = entries.map(|container| Listed {
            id: container.id.clone(),
            service: is_service(container),
            running: container.running,
        });
        listed.collect()
    }

    pub(super) fn services(&self) -> Vec<Container> {
        let mut all = self.all();
        all.retain(is_service);
        all
    }

    pub(super) fn find(&self, pod: &PodKey) -> Option<Container> {
        self.services().into_iter().find(|container| container.pod().as_ref() == Some(pod))
    }

    pub(super) fn get(&self, id: &str) -> EngineResult<Container> {
        self.entry(id).map(|entry| entry.container.clone())
    }

    pub(super) fn spec_of(&self, name: &str) -> Option<ContainerSpec> {
        self.entry(name).ok().map(|entry| entry.spec.clone())
    }

    pub(super) fn document(&self, id: &str) -> Option<serde_json::Value> {
        let entry = self.entry(id).ok()?;
        Some(document(&entry.container, &entry.spec, entry.exit_code))
    }

    fn entry(&self, id: &str) -> EngineResult<&Entry> {
        self.containers
            .get(id)
            .or_else(|| {
                let mut entries = self.containers.values();
                entries.find(|entry| entry.container.id == id)
            })
            .ok_or_else(|| no_such_container(id))
    }

    fn entry_mut(&mut self, id: &str) -> EngineResult<&mut Entry> {
        let name = self.entry(id)?.container.name.clone();
        self.containers.get_mut(&name).ok_or_else(|| no_such_container(id))
    }

    pub(super) fn create(
        &mut self,
        name: &str,
        spec: &ContainerSpec,
        now: DateTime<Utc>,
    ) -> EngineResult<Event> {
        let image_id = self
            .image_id(&spec.image)
            .ok_or_else(|| EngineError::NotFound(format!("No such image: {}", spec.image)))?;
        if self.containers.contains_key(name) {
            return Err(EngineError::Conflict(format!(
                "Conflict. The container name \"/{name}\" is already in use"
            )));
        }
        self.addresses += 1;
        let address = match spec.network.as_str() {
            "host" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            _ => IpAddr::V4(Ipv4Addr::from_bits(0xac11_0000 | (self.addresses & 0xffff))),
        };
        let container = Container {
            id: self.ids.hex(),
            name: name.to_owned(),
            labels: spec.labels.clone(),
            image_id,
            address: Some(address),
            ..Container::default()
        };
        let entry = Entry { container, spec: spec.clone(), exit_code: None };
        let event = entry.event("create", now);
        self.containers.insert(name.to_owned(), entry);
        self.note(format!("create {name}"));
        Ok(event)
    }

    pub(super) fn start(&mut self, id: &str, now: DateTime<Utc>) -> EngineResult<Option<Event>> {
        let command_exit_code = self.command_exit_code;
        let entry = self.entry_mut(id)?;
        let name = entry.container.name.clone();
        if entry.container.running {
            return Ok(None);
        }
        entry.container.running = true;
        entry.container.error.clear();
        entry.container.started_at = Some(now);
        entry.exit_code = None;
        let event = entry.event("start", now);
        if entry.container.label(label::TYPE) == Some(ContainerKind::Hook.as_label()) {
            // A hook is a command: it ends by itself.
            entry.end(command_exit_code, now);
        }
        self.note(format!("start {name}"));
        Ok(Some(event))
    }

    pub(super) fn stop(&mut self, id: &str, now: DateTime<Utc>) -> EngineResult<Option<Event>> {
        let entry = self.entry_mut(id)?;
        let name = entry.container.name.clone();
        entry.end(0, now);
        let event = entry.event("die", now);
        self.note(format!("stop {name}"));
        Ok(Some(event))
    }

    pub(super) fn finish(
        &mut self,
        id: &str,
        exit_code: i64,
        now: DateTime<Utc>,
    ) -> EngineResult<Event> {
        let entry = self.entry_mut(id)?;
        if !entry.container.running {
            return Err(EngineError::Conflict(format!("Container {id} is not running")));
        }
        entry.end(exit_code, now);
        Ok(entry.event("die", now))
    }

    pub(super) fn remove(&mut self, id: &str, now: DateTime<Utc>) -> Option<Event> {
        let name = self.entry(id).ok()?.container.name.clone();
        let removed = self.containers.remove(&name)?;
        self.note(format!("remove {name}"));
        Some(removed.event("destroy", now))
    }

    pub(super) fn exit_code(&self, id: &str) -> EngineResult<Option<i64>> {
        let entry = self.entry(id)?;
        Ok(entry.exit_code.filter(|_| !entry.container.running))
    }

    pub(super) fn exec(&mut self, id: &str, command: &[String]) -> EngineResult<ExecOutcome> {
        let entry = self.entry(id)?;
        let name = entry.container.name.clone();
        if !entry.container.running {
            return Err(EngineError::Conflict(format!("Container {id} is not running")));
        }
        self.note(format!("exec {name} {}", command.join(" ")));
        Ok(ExecOutcome { exit_code: self.command_exit_code, output: String::new() })
    }

    pub(super) fn image_id(&self, name: &str) -> Option<String> {
        self.images.get(name).cloned()
    }

    pub(super) fn pull(&mut self, name: &str) -> EngineResult<()> {
        if self.lost.contains(name) {
            return Err(EngineError::NotFound(format!("No such image: {name}")));
        }
        let id = match self.registry.get(name) {
            Some(id) => id.clone(),
            None => self.publish_image(name),
        };
        self.images.insert(name.to_owned(), id);
        self.note(format!("pull {name}"));
        Ok(())
    }

    pub(super) fn publish_image(&mut self, name: &str) -> String {
        let id = format!("sha256:{}", self.ids.hex());
        self.lost.remove(name);
        self.registry.insert(name.to_owned(), id.clone());
        id
    }

    pub(super) fn lose_image(&mut self, name: &str) {
        self.images.remove(name);
        self.registry.remove(name);
        self.lost.insert(name.to_owned());
    }

    pub(super) fn create_volume(&mut self, spec: &VolumeSpec) -> EngineResult<()> {
        self.note(format!("create volume {}", spec.name));
        self.volumes.create(spec)
    }

    /// A volume that a container mounts is in use, whether the container runs or not.
    pub(super) fn remove_volume(&mut self, name: &str) -> EngineResult<()> {
        let mounts = |entry: &Entry| {
            let mut binds = entry.spec.binds.iter();
            binds.any(|bind| bind.split_once(':').is_some_and(|(source, _)| source == name))
        };
        if self.containers.values().any(mounts) {
            let text = format!("remove {name}: volume is in use");
            return Err(EngineError::Conflict(text));
        }
        self.note(format!("remove volume {name}"));
        self.volumes.remove(name);
        Ok(())
    }
}

impl Entry {
    fn event(&self, action: &str, now: DateTime<Utc>) -> Event {
        Event {
            container_id: self.container.id.clone(),
            action: action.to_owned(),
            image: Some(self.spec.image.clone()),
            at: now.timestamp(),
            pod: self.container.pod().filter(|_| is_service(&self.container)),
        }
    }

    fn end(&mut self, exit_code: i64, now: DateTime<Utc>) {
        if self.container.running {
            self.container.running = false;
            self.container.finished_at = Some(now);
            self.exit_code = Some(exit_code);
        }
    }
}

fn is_service(container: &Container) -> bool {
    container.label(label::TYPE) == Some(ContainerKind::Service.as_label())
}

fn no_such_container(id: &str) -> EngineError {
    EngineError::NotFound(format!("No such container: {id}"))
}

/// Follows events until the engine vanishes. A follower that fell behind hears an error, too: it has
/// to look at everything again, just as after a broken stream.
pub(super) fn follow(
    events: broadcast::Receiver<Arc<Event>>,
    present: watch::Receiver<bool>,
) -> impl Stream<Item = EngineResult<Event>> + Send + 'static {
    futures_util::stream::unfold(Some((events, present)), |state| async move {
        let (mut events, mut present) = state?;
        let vanished = async {
            // An engine that was dropped has vanished as well.
            let _ = present.wait_for(|present| !*present).await;
        };
        let next = tokio::select! {
            biased;
            () = vanished => None,
            event = events.recv() => event.ok(),
        };
        Some(match next {
            Some(event) => (Ok(Arc::unwrap_or_clone(event)), Some((events, present))),
            None => (Err(EngineError::Unavailable("the event stream ended".into())), None),
        })
    })
}
