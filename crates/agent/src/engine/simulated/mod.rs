//! An engine without containers: images, containers and volumes that exist in memory only.
//!
//! It is a product feature (`--runtime simulated`, local nodes of `kontena-master dev`, fleets), and
//! therefore light: no task, no timer of its own. Time comes from the [`Clock`] it is given, so that
//! it works under a paused runtime clock; its ids follow from its seed. The `crash`, `lose_image`,
//! `vanish` family makes things go wrong on purpose.

mod document;
mod identity;
mod machine;
mod shelf;
mod state;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, ready},
    stream::BoxStream,
};
pub use identity::engine_id;
use kontena_protocol::agent::RegistryCredentials;
use serde_json::json;
use state::State;
use tokio::{
    sync::{broadcast, watch},
    time::sleep,
};

use super::{
    Container, ContainerSpec, Engine, EngineError, EngineInfo, EngineResult, Event, ExecOutcome,
    Listed, Machine, PodKey, Volume, VolumeSpec,
};
use crate::clock::Clock;

/// How many events a slow follower may be behind before it is told that it missed some.
const EVENTS: usize = 128;

/// What a simulated engine is like.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedOptions {
    /// Decides the engine id and all container ids.
    pub seed: u64,
    /// The machine's name.
    pub name: String,
    /// The engine's labels.
    pub labels: Vec<String>,
    /// Reported processors.
    pub cpus: u32,
    /// Reported memory.
    pub memory_bytes: u64,
    /// Memory that each running container takes.
    pub container_bytes: u64,
    /// How long a start takes.
    pub start_takes: Duration,
    /// How long a container takes to stop when asked; the grace period cuts it short.
    pub stop_takes: Duration,
    /// How long a pull takes.
    pub pull_takes: Duration,
    /// How long after its start a container's ports answer.
    pub ports_open_after: Duration,
}

impl Default for SimulatedOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            name: "simulated".into(),
            labels: Vec::new(),
            cpus: 2,
            memory_bytes: 2 << 30,
            container_bytes: 16 << 20,
            start_takes: Duration::ZERO,
            stop_takes: Duration::ZERO,
            pull_takes: Duration::ZERO,
            ports_open_after: Duration::ZERO,
        }
    }
}

/// A simulated engine; see the module.
pub struct SimulatedEngine {
    options: SimulatedOptions,
    clock: Clock,
    state: Mutex<State>,
    /// Shared, since there is room for many and mostly nobody who listens.
    events: broadcast::Sender<Arc<Event>>,
    /// Counts ends of containers and of the engine, for who waits for one.
    ends: watch::Sender<u64>,
}

impl SimulatedEngine {
    /// Makes an engine with no containers that can pull every image.
    #[must_use]
    pub fn new(options: SimulatedOptions, clock: Clock) -> Self {
        Self {
            state: Mutex::new(State::new(options.seed)),
            options,
            clock,
            events: broadcast::Sender::new(EVENTS),
            ends: watch::Sender::new(0),
        }
    }

    /// Ends a container's process, as a crash or an out-of-memory kill would.
    ///
    /// # Errors
    /// Where there is no running container of that id or name.
    pub fn crash(&self, id: &str) -> EngineResult<()> {
        self.finish(id, 137)
    }

    /// Ends a container's process with a code.
    ///
    /// # Errors
    /// Where there is no running container of that id or name.
    pub fn finish(&self, id: &str, exit_code: i64) -> EngineResult<()> {
        let now = self.clock.now();
        let event = self.state().finish(id, exit_code, now)?;
        self.tell(Some(event));
        Ok(())
    }

    /// Deletes a local image and takes it out of the registry: every later pull fails.
    pub fn lose_image(&self, name: &str) {
        self.state().lose_image(name);
    }

    /// Puts an image into the registry, in a new version where there was one.
    pub fn publish_image(&self, name: &str) {
        self.state().publish_image(name);
    }

    /// Makes every later call fail and ends the event streams, as a stopped Docker daemon would.
    /// Containers end with it.
    pub fn vanish(&self) {
        let now = self.clock.now();
        self.state().vanish(now);
        self.ends.send_modify(|count| *count += 1);
    }

    /// Makes a vanished engine answer again.
    pub fn reappear(&self) {
        self.state().reappear();
    }

    /// Makes every later command run by [`Engine::exec`] and every later hook end with this code.
    pub fn fail_commands_with(&self, exit_code: i64) {
        self.state().command_exit_code = exit_code;
    }

    /// Lists what was asked of the engine so far, one line each, such as `create redis-1`.
    #[must_use]
    pub fn journal(&self) -> Vec<String> {
        self.state().journal.clone()
    }

    /// Lists all containers, running or not, in the order of their names.
    #[must_use]
    pub fn containers(&self) -> Vec<Container> {
        self.state().all()
    }

    /// Returns what a container was created with.
    #[must_use]
    pub fn spec_of(&self, name: &str) -> Option<ContainerSpec> {
        self.state().spec_of(name)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of the state is complete before anything in it could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a call against a living engine.
    fn call<T>(&self, call: impl FnOnce(&mut State) -> EngineResult<T>) -> EngineResult<T> {
        let mut state = self.state();
        state.check_present()?;
        call(&mut state)
    }

    fn now<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut State) -> EngineResult<T>,
    ) -> BoxFuture<'static, EngineResult<T>> {
        ready(self.call(call)).boxed()
    }

    fn tell(&self, event: Option<Event>) {
        self.ends.send_modify(|count| *count += 1);
        if let Some(event) = event {
            // Nobody may be following.
            let _ = self.events.send(Arc::new(event));
        }
    }

    async fn pause(&self, span: Duration) {
        if !span.is_zero() {
            sleep(span).await;
        }
    }

    async fn stop_within(&self, id: &str, grace: Duration) -> EngineResult<()> {
        if !self.call(|state| state.get(id).map(|found| found.running))? {
            return Ok(());
        }
        self.pause(self.options.stop_takes.min(grace)).await;
        let now = self.clock.now();
        let event = self.call(|state| state.stop(id, now))?;
        self.tell(event);
        Ok(())
    }

    async fn start_now(&self, id: &str) -> EngineResult<()> {
        self.call(|state| state.get(id).map(|_| ()))?;
        self.pause(self.options.start_takes).await;
        let now = self.clock.now();
        let event = self.call(|state| state.start(id, now))?;
        self.tell(event);
        Ok(())
    }
}

impl Engine for SimulatedEngine {
    fn describe(&self) -> BoxFuture<'_, EngineResult<EngineInfo>> {
        let options = &self.options;
        let id = engine_id(options.seed);
        let info = self.call(|state| {
            let document = json!({
                "ID": id, "Name": options.name, "Containers": state.all().len(),
                "OperatingSystem": "Simulated", "OSType": "linux", "Architecture": "x86_64",
                "KernelVersion": "0.0.0-simulated", "Driver": "memory",
                "DockerRootDir": machine::ROOT, "IPv4Forwarding": true, "MemoryLimit": true,
                "SwapLimit": true, "NCPU": options.cpus, "MemTotal": options.memory_bytes,
                "ServerVersion": "20.10.24-simulated", "Labels": options.labels,
                "Plugins": {"Volume": ["local"], "Network": ["bridge", "host", "null"]},
                "Drivers": {"Volume": [{"name": "local"}],
                            "Network": [{"name": "bridge"}, {"name": "host"}, {"name": "null"}]},
            });
            Ok(EngineInfo {
                id: id.clone(),
                name: options.name.clone(),
                labels: options.labels.clone(),
                document: document.as_object().cloned().unwrap_or_default(),
            })
        });
        ready(info).boxed()
    }

    fn machine(&self) -> BoxFuture<'_, EngineResult<Machine>> {
        let now = self.clock.now();
        self.now(|state| {
            let (all, running) = state.counts();
            Ok(machine::machine(&self.options, all, running, now))
        })
    }

    fn list(&self) -> BoxFuture<'_, EngineResult<Vec<Listed>>> {
        self.now(|state| Ok(state.list()))
    }

    fn service_containers(&self) -> BoxFuture<'_, EngineResult<Vec<Container>>> {
        self.now(|state| Ok(state.services()))
    }

    fn find<'a>(&'a self, pod: &'a PodKey) -> BoxFuture<'a, EngineResult<Option<Container>>> {
        self.now(|state| Ok(state.find(pod)))
    }

    fn inspect<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<Option<Container>>> {
        self.now(|state| Ok(state.get(id).ok()))
    }

    fn document<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, EngineResult<Option<serde_json::Value>>> {
        self.now(|state| Ok(state.document(id)))
    }

    fn create<'a>(
        &'a self,
        name: &'a str,
        spec: &'a ContainerSpec,
    ) -> BoxFuture<'a, EngineResult<String>> {
        let now = self.clock.now();
        let created = self.call(|state| state.create(name, spec, now));
        ready(created.map(|event| {
            let id = event.container_id.clone();
            self.tell(Some(event));
            id
        }))
        .boxed()
    }

    fn start<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<()>> {
        self.start_now(id).boxed()
    }

    fn stop<'a>(&'a self, id: &'a str, grace: Duration) -> BoxFuture<'a, EngineResult<()>> {
        self.stop_within(id, grace).boxed()
    }

    fn restart<'a>(&'a self, id: &'a str, grace: Duration) -> BoxFuture<'a, EngineResult<()>> {
        async move {
            self.stop_within(id, grace).await?;
            self.start_now(id).await
        }
        .boxed()
    }

    fn remove<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<()>> {
        let now = self.clock.now();
        let removed = self.call(|state| Ok(state.remove(id, now)));
        ready(removed.map(|event| self.tell(event))).boxed()
    }

    fn clear_restart_policy<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<()>> {
        self.now(|state| state.get(id).map(|_| ()))
    }

    fn wait<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<i64>> {
        async move {
            let mut ends = self.ends.subscribe();
            loop {
                ends.borrow_and_update();
                if let Some(code) = self.call(|state| state.exit_code(id))? {
                    return Ok(code);
                }
                if ends.changed().await.is_err() {
                    return Err(EngineError::Failed("the engine is gone".into()));
                }
            }
        }
        .boxed()
    }

    fn exec<'a>(
        &'a self,
        id: &'a str,
        command: &'a [String],
    ) -> BoxFuture<'a, EngineResult<ExecOutcome>> {
        self.now(|state| state.exec(id, command))
    }

    fn image_id<'a>(&'a self, name: &'a str) -> BoxFuture<'a, EngineResult<Option<String>>> {
        self.now(|state| Ok(state.image_id(name)))
    }

    fn pull<'a>(
        &'a self,
        name: &'a str,
        _credentials: Option<&'a RegistryCredentials>,
    ) -> BoxFuture<'a, EngineResult<()>> {
        async move {
            self.pause(self.options.pull_takes).await;
            self.call(|state| state.pull(name))
        }
        .boxed()
    }

    fn volumes(&self) -> BoxFuture<'_, EngineResult<Vec<Volume>>> {
        self.now(|state| Ok(state.volumes.all()))
    }

    fn volume<'a>(&'a self, name: &'a str) -> BoxFuture<'a, EngineResult<Option<Volume>>> {
        self.now(|state| Ok(state.volumes.get(name)))
    }

    fn create_volume<'a>(&'a self, spec: &'a VolumeSpec) -> BoxFuture<'a, EngineResult<()>> {
        self.now(|state| state.create_volume(spec))
    }

    fn remove_volume<'a>(&'a self, name: &'a str) -> BoxFuture<'a, EngineResult<()>> {
        self.now(|state| state.remove_volume(name))
    }

    fn memory_of<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<Option<u64>>> {
        let bytes = self.options.container_bytes;
        self.now(|state| Ok(state.get(id).ok().filter(|found| found.running).map(|_| bytes)))
    }

    fn port_answers<'a>(&'a self, container: &'a Container, _port: u16) -> BoxFuture<'a, bool> {
        let open = container.started_at.is_some_and(|started_at| {
            let age = (self.clock.now() - started_at).to_std().unwrap_or_default();
            age >= self.options.ports_open_after
        });
        let running = self.call(|state| state.get(&container.id).map(|found| found.running));
        ready(open && running.unwrap_or(false)).boxed()
    }

    fn events(&self) -> BoxStream<'static, EngineResult<Event>> {
        if let Err(error) = self.call(|_| Ok(())) {
            return futures_util::stream::iter([Err(error)]).boxed();
        }
        let presence = self.state().presence();
        let events = self.events.subscribe();
        state::follow(events, presence).boxed()
    }
}

/// Makes a simulated engine ready to be handed to an agent.
#[must_use]
pub fn shared(options: SimulatedOptions, clock: Clock) -> Arc<SimulatedEngine> {
    Arc::new(SimulatedEngine::new(options, clock))
}
