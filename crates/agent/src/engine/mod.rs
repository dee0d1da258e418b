//! What the agent asks of the machine that runs containers, and the two that answer.
//!
//! - [`docker`]: a Docker engine behind a socket.
//! - [`simulated`]: containers that exist in memory only; for `--runtime simulated`, fleets and tests.
//!
//! An engine carries out; what shall run is decided in [`crate::pods`]. Its events are hints to look
//! again, never facts.

pub mod docker;
mod events;
mod machine;
pub mod simulated;
mod types;
mod volume;

use std::time::Duration;

pub use events::Event;
pub(crate) use events::{ENGINE_PAUSE, Heard, Voice, follow};
use futures_util::{future::BoxFuture, stream::BoxStream};
use kontena_protocol::agent::RegistryCredentials;
pub use machine::{CpuTimes, Filesystem, Interface, Load, Machine, Memory};
pub use types::{
    Container, ContainerKind, ContainerSpec, Device, EngineError, EngineInfo, EngineResult,
    ExecOutcome, Life, Listed, PodKey, label,
};
pub use volume::{Volume, VolumeSpec};

/// A machine that runs containers.
///
/// Every call has a deadline of its own. After [`EngineError::Unavailable`] it is unknown whether the
/// call had an effect: look again.
pub trait Engine: Send + Sync + 'static {
    /// Describes the engine; the first call of every agent, and later the content of its reports.
    fn describe(&self) -> BoxFuture<'_, EngineResult<EngineInfo>>;

    /// Reads the machine that the engine runs on.
    fn machine(&self) -> BoxFuture<'_, EngineResult<Machine>>;

    /// Lists all containers, whoever created them, running or not; cheap.
    fn list(&self) -> BoxFuture<'_, EngineResult<Vec<Listed>>>;

    /// Looks at all service containers, running or not.
    fn service_containers(&self) -> BoxFuture<'_, EngineResult<Vec<Container>>>;

    /// Finds a pod's service container by its labels.
    fn find<'a>(&'a self, pod: &'a PodKey) -> BoxFuture<'a, EngineResult<Option<Container>>>;

    /// Looks at one container by id or name.
    fn inspect<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<Option<Container>>>;

    /// Describes one container in full, as Docker's `GET /containers/{id}/json` does.
    fn document<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, EngineResult<Option<serde_json::Value>>>;

    /// Creates a container without starting it and returns its id.
    fn create<'a>(
        &'a self,
        name: &'a str,
        spec: &'a ContainerSpec,
    ) -> BoxFuture<'a, EngineResult<String>>;

    /// Starts a container; one that runs already is left alone.
    fn start<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<()>>;

    /// Stops a container, killing it after `grace`; one that does not run is left alone.
    fn stop<'a>(&'a self, id: &'a str, grace: Duration) -> BoxFuture<'a, EngineResult<()>>;

    /// Stops and starts a container.
    fn restart<'a>(&'a self, id: &'a str, grace: Duration) -> BoxFuture<'a, EngineResult<()>>;

    /// Removes a container with its anonymous volumes; one that is gone already is no error.
    fn remove<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<()>>;

    /// Takes a Docker restart policy off a container: the agent restarts, nobody else.
    fn clear_restart_policy<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<()>>;

    /// Waits until a container has ended and returns its exit code. Has no deadline.
    fn wait<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<i64>>;

    /// Runs a command inside a running container. Has no deadline.
    fn exec<'a>(
        &'a self,
        id: &'a str,
        command: &'a [String],
    ) -> BoxFuture<'a, EngineResult<ExecOutcome>>;

    /// Returns the id of a local image, or `None` where there is none of that name.
    fn image_id<'a>(&'a self, name: &'a str) -> BoxFuture<'a, EngineResult<Option<String>>>;

    /// Fetches an image from its registry.
    fn pull<'a>(
        &'a self,
        name: &'a str,
        credentials: Option<&'a RegistryCredentials>,
    ) -> BoxFuture<'a, EngineResult<()>>;

    /// Lists all volumes, whoever created them.
    fn volumes(&self) -> BoxFuture<'_, EngineResult<Vec<Volume>>>;

    /// Looks at one volume by name.
    fn volume<'a>(&'a self, name: &'a str) -> BoxFuture<'a, EngineResult<Option<Volume>>>;

    /// Creates a volume; one of that name and driver is left as it is.
    fn create_volume<'a>(&'a self, spec: &'a VolumeSpec) -> BoxFuture<'a, EngineResult<()>>;

    /// Removes a volume with its data; one that is gone already is no error, one in use is.
    fn remove_volume<'a>(&'a self, name: &'a str) -> BoxFuture<'a, EngineResult<()>>;

    /// Measures the memory that a running container takes, in bytes; nothing where it does not run.
    fn memory_of<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<Option<u64>>>;

    /// Tells whether a TCP port of a running container answers, within a second.
    fn port_answers<'a>(&'a self, container: &'a Container, port: u16) -> BoxFuture<'a, bool>;

    /// Follows what happens to containers. The stream ends or fails where the engine goes away; what
    /// happened until the next one is lost.
    fn events(&self) -> BoxStream<'static, EngineResult<Event>>;
}
