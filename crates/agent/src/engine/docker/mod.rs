//! The Docker engine, through its HTTP API on a unix socket or `tcp://`.
//!
//! `create` translates what a container shall be, `read` what an engine reports, `streams` follows
//! calls that answer bit by bit, `machine` reads what the engine runs on, `volumes` keeps volumes. State always comes from an inspection; events only say that one is due.

mod create;
mod machine;
mod read;
mod streams;
mod volumes;

use std::{collections::HashMap, net::SocketAddr, time::Duration};

use bollard::{
    Docker,
    models::{ContainerInspectResponse, ContainerUpdateBody, RestartPolicy, RestartPolicyNameEnum},
    query_parameters as query,
};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};
use kontena_protocol::agent::RegistryCredentials;
use tokio::{net::TcpStream, time::timeout};

use super::{
    Container, ContainerKind, ContainerSpec, Engine, EngineError, EngineInfo, EngineResult, Event,
    ExecOutcome, Listed, Machine, PodKey, Volume, VolumeSpec, label,
};

/// Where a Docker engine listens unless `DOCKER_HOST` says otherwise.
pub const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";
/// How long a call may take; stops get their grace period on top.
const CALL_LIMIT: Duration = Duration::from_secs(60);
/// How long the engine may take to answer at the start.
const FIRST_LIMIT: Duration = Duration::from_secs(10);
/// How long a port may take to answer.
const PORT_LIMIT: Duration = Duration::from_secs(1);

/// A Docker engine. Survives the engine's restarts: every call connects anew where it has to.
pub struct DockerEngine {
    docker: Docker,
    host: String,
}

impl DockerEngine {
    /// Connects to `host`, by default [`DEFAULT_HOST`], and makes sure that an engine answers.
    ///
    /// # Errors
    /// [`EngineError::Unavailable`] naming the address where none does.
    pub async fn connect(host: Option<&str>) -> EngineResult<Self> {
        let host = host.filter(|host| !host.is_empty()).unwrap_or(DEFAULT_HOST).to_owned();
        let absent = |error: &dyn std::fmt::Display| {
            EngineError::Unavailable(format!(
                "no Docker engine answers at {host} (DOCKER_HOST): {error}"
            ))
        };
        let docker = Docker::connect_with_host(&host).map_err(|error| absent(&error))?;
        let docker = docker.with_timeout(FIRST_LIMIT);
        // Harmless with this version of the client, which puts no version on the wire; a later one
        // that does must not lock out older engines.
        let docker = timeout(FIRST_LIMIT, docker.negotiate_version())
            .await
            .map_err(|_| absent(&"no answer within 10s"))?
            .map_err(|error| absent(&read::chain(&error)))?
            .with_timeout(CALL_LIMIT);
        Ok(Self { docker, host })
    }

    /// Returns the engine's address.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    fn error(&self, error: &bollard::errors::Error) -> EngineError {
        read::error(error, &self.host)
    }

    fn with_grace(&self, grace: Duration) -> Docker {
        self.docker.clone().with_timeout(CALL_LIMIT + grace)
    }

    async fn ids_with(&self, labels: Vec<String>) -> EngineResult<Vec<String>> {
        let options = query::ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&HashMap::from([("label".to_owned(), labels)]))
            .build();
        let found = self.docker.list_containers(Some(options)).await;
        let found = found.map_err(|error| self.error(&error))?;
        Ok(found.into_iter().filter_map(|summary| summary.id).collect())
    }

    async fn look(&self, id: &str) -> EngineResult<Option<Container>> {
        Ok(self.inspected(id).await?.map(read::container))
    }

    async fn inspected(&self, id: &str) -> EngineResult<Option<ContainerInspectResponse>> {
        let found = self.docker.inspect_container(id, None::<query::InspectContainerOptions>).await;
        match found.map_err(|error| self.error(&error)) {
            Ok(found) => Ok(Some(found)),
            Err(EngineError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn info(&self) -> EngineResult<EngineInfo> {
        let info = self.docker.info().await;
        let info = info.map_err(|error| self.error(&error))?;
        // Engines before 1.25 and stand-ins for Docker have no plugin call.
        let plugins = self.docker.list_plugins(None).await.unwrap_or_default();
        Ok(read::info(&info, &plugins))
    }

    /// After a time-out it is unknown what happened, so the container is looked at.
    async fn stopped(&self, id: &str, outcome: EngineResult<()>) -> EngineResult<()> {
        match outcome {
            Ok(()) | Err(EngineError::NotFound(_)) => Ok(()),
            Err(error) => match self.look(id).await {
                Ok(Some(container)) if container.running => Err(error),
                Ok(_) => Ok(()),
                Err(_) => Err(error),
            },
        }
    }

    fn service_filter() -> String {
        format!("{}={}", label::TYPE, ContainerKind::Service.as_label())
    }
}

fn seconds(grace: Duration) -> i32 {
    i32::try_from(grace.as_secs()).unwrap_or(i32::MAX)
}

impl Engine for DockerEngine {
    fn describe(&self) -> BoxFuture<'_, EngineResult<EngineInfo>> {
        self.info().boxed()
    }

    fn machine(&self) -> BoxFuture<'_, EngineResult<Machine>> {
        async move {
            let info = self.docker.info().await.map_err(|error| self.error(&error))?;
            let root = info.docker_root_dir.unwrap_or_else(|| "/".into());
            // A disk may be slow.
            let read = tokio::task::spawn_blocking(move || machine::read(&root)).await;
            read.map_err(|error| EngineError::Failed(format!("cannot read the machine: {error}")))
        }
        .boxed()
    }

    fn list(&self) -> BoxFuture<'_, EngineResult<Vec<Listed>>> {
        async move {
            let options = query::ListContainersOptionsBuilder::default().all(true).build();
            let found = self.docker.list_containers(Some(options)).await;
            let found = found.map_err(|error| self.error(&error))?;
            Ok(found.into_iter().filter_map(read::listed).collect())
        }
        .boxed()
    }

    fn service_containers(&self) -> BoxFuture<'_, EngineResult<Vec<Container>>> {
        async move {
            let mut found = Vec::new();
            for id in self.ids_with(vec![Self::service_filter()]).await? {
                // One that vanished meanwhile is none.
                found.extend(self.look(&id).await?);
            }
            Ok(found)
        }
        .boxed()
    }

    fn find<'a>(&'a self, pod: &'a PodKey) -> BoxFuture<'a, EngineResult<Option<Container>>> {
        async move {
            let labels = vec![
                Self::service_filter(),
                format!("{}={}", label::SERVICE_ID, pod.service_id),
                format!("{}={}", label::INSTANCE_NUMBER, pod.instance_number),
            ];
            for id in self.ids_with(labels).await? {
                if let Some(container) = self.look(&id).await? {
                    return Ok(Some(container));
                }
            }
            Ok(None)
        }
        .boxed()
    }

    fn inspect<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<Option<Container>>> {
        self.look(id).boxed()
    }

    fn document<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, EngineResult<Option<serde_json::Value>>> {
        async move { self.inspected(id).await?.as_ref().map(read::document).transpose() }.boxed()
    }

    fn create<'a>(
        &'a self,
        name: &'a str,
        spec: &'a ContainerSpec,
    ) -> BoxFuture<'a, EngineResult<String>> {
        async move {
            let options = query::CreateContainerOptionsBuilder::default().name(name).build();
            let created = self.docker.create_container(Some(options), create::body(spec)).await;
            Ok(created.map_err(|error| self.error(&error))?.id)
        }
        .boxed()
    }

    fn start<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<()>> {
        async move {
            let started =
                self.docker.start_container(id, None::<query::StartContainerOptions>).await;
            started.map_err(|error| self.error(&error))
        }
        .boxed()
    }

    fn stop<'a>(&'a self, id: &'a str, grace: Duration) -> BoxFuture<'a, EngineResult<()>> {
        async move {
            let options = query::StopContainerOptionsBuilder::default().t(seconds(grace)).build();
            let docker = self.with_grace(grace);
            let stopped = docker.stop_container(id, Some(options)).await;
            let outcome = stopped.map_err(|error| self.error(&error));
            self.stopped(id, outcome).await
        }
        .boxed()
    }

    fn restart<'a>(&'a self, id: &'a str, grace: Duration) -> BoxFuture<'a, EngineResult<()>> {
        async move {
            let options =
                query::RestartContainerOptionsBuilder::default().t(seconds(grace)).build();
            let docker = self.with_grace(grace);
            let restarted = docker.restart_container(id, Some(options)).await;
            restarted.map_err(|error| self.error(&error))
        }
        .boxed()
    }

    fn remove<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<()>> {
        async move {
            let options =
                query::RemoveContainerOptionsBuilder::default().v(true).force(true).build();
            let removed = self.docker.remove_container(id, Some(options)).await;
            match removed.map_err(|error| self.error(&error)) {
                Err(EngineError::NotFound(_)) => Ok(()),
                removed => removed,
            }
        }
        .boxed()
    }

    fn clear_restart_policy<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<()>> {
        async move {
            let body = ContainerUpdateBody {
                restart_policy: Some(RestartPolicy {
                    name: Some(RestartPolicyNameEnum::NO),
                    maximum_retry_count: None,
                }),
                ..ContainerUpdateBody::default()
            };
            let updated = self.docker.update_container(id, body).await;
            updated.map_err(|error| self.error(&error))
        }
        .boxed()
    }

    fn wait<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<i64>> {
        self.wait_for_end(id).boxed()
    }

    fn exec<'a>(
        &'a self,
        id: &'a str,
        command: &'a [String],
    ) -> BoxFuture<'a, EngineResult<ExecOutcome>> {
        self.run_inside(id, command).boxed()
    }

    fn image_id<'a>(&'a self, name: &'a str) -> BoxFuture<'a, EngineResult<Option<String>>> {
        async move {
            let found = self.docker.inspect_image(name).await;
            match found.map_err(|error| self.error(&error)) {
                Ok(image) => Ok(image.id),
                Err(EngineError::NotFound(_)) => Ok(None),
                Err(error) => Err(error),
            }
        }
        .boxed()
    }

    fn pull<'a>(
        &'a self,
        name: &'a str,
        credentials: Option<&'a RegistryCredentials>,
    ) -> BoxFuture<'a, EngineResult<()>> {
        self.pull_through(name, credentials).boxed()
    }

    fn volumes(&self) -> BoxFuture<'_, EngineResult<Vec<Volume>>> {
        self.all_volumes().boxed()
    }

    fn volume<'a>(&'a self, name: &'a str) -> BoxFuture<'a, EngineResult<Option<Volume>>> {
        self.one_volume(name).boxed()
    }

    fn create_volume<'a>(&'a self, spec: &'a VolumeSpec) -> BoxFuture<'a, EngineResult<()>> {
        self.make_volume(spec).boxed()
    }

    fn remove_volume<'a>(&'a self, name: &'a str) -> BoxFuture<'a, EngineResult<()>> {
        self.drop_volume(name).boxed()
    }

    fn memory_of<'a>(&'a self, id: &'a str) -> BoxFuture<'a, EngineResult<Option<u64>>> {
        self.memory(id).boxed()
    }

    fn port_answers<'a>(&'a self, container: &'a Container, port: u16) -> BoxFuture<'a, bool> {
        async move {
            let Some(address) = container.address else {
                return false;
            };
            let connecting = TcpStream::connect(SocketAddr::new(address, port));
            matches!(timeout(PORT_LIMIT, connecting).await, Ok(Ok(_)))
        }
        .boxed()
    }

    fn events(&self) -> BoxStream<'static, EngineResult<Event>> {
        let filters = HashMap::from([("type".to_owned(), vec!["container".to_owned()])]);
        let options = query::EventsOptionsBuilder::default().filters(&filters).build();
        let host = self.host.clone();
        let docker = self.docker.clone();
        docker
            .events(Some(options))
            .filter_map(move |event| {
                let event = match event {
                    Ok(event) => read::event(event).map(Ok),
                    Err(error) => Some(Err(read::error(&error, &host))),
                };
                std::future::ready(event)
            })
            .boxed()
    }
}
