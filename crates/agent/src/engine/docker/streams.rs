//! Calls whose answer comes bit by bit: pulls, commands inside a container, waiting for an end.

use std::time::Duration;

use bollard::{
    auth::DockerCredentials,
    exec::{CreateExecOptions, StartExecResults},
    query_parameters as query,
};
use futures_util::{StreamExt, TryStreamExt};
use kontena_protocol::agent::RegistryCredentials;
use tokio::time::timeout;

use super::{DockerEngine, create, read};
use crate::engine::{EngineError, EngineResult, ExecOutcome};

/// How long a pull may go without a sign of progress.
const PULL_SILENCE: Duration = Duration::from_secs(120);
/// How much of a command's output is kept.
const OUTPUT_KEPT: usize = 4096;

impl DockerEngine {
    pub(super) async fn pull_through(
        &self,
        name: &str,
        credentials: Option<&RegistryCredentials>,
    ) -> EngineResult<()> {
        let options =
            query::CreateImageOptionsBuilder::default().from_image(&create::with_tag(name)).build();
        let credentials = credentials.map(|given| DockerCredentials {
            username: Some(given.username.clone()),
            password: Some(given.password.clone()),
            email: given.email.clone(),
            ..DockerCredentials::default()
        });
        let mut progress = self.docker.create_image(Some(options), None, credentials);
        loop {
            match timeout(PULL_SILENCE, progress.next()).await {
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(error))) => return Err(self.error(&error)),
                Ok(None) => return Ok(()),
                Err(_) => {
                    let limit = PULL_SILENCE.as_secs();
                    return Err(EngineError::Failed(format!(
                        "pulling {name} made no progress for {limit}s"
                    )));
                }
            }
        }
    }

    pub(super) async fn run_inside(
        &self,
        id: &str,
        command: &[String],
    ) -> EngineResult<ExecOutcome> {
        let options = CreateExecOptions {
            cmd: Some(command.to_vec()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..CreateExecOptions::default()
        };
        let failed = |error| self.error(&error);
        let exec = self.docker.create_exec(id, options).await.map_err(failed)?;
        let started = self.docker.start_exec(&exec.id, None).await;
        let mut output = String::new();
        if let StartExecResults::Attached { output: mut chunks, .. } = started.map_err(failed)? {
            while let Some(chunk) = chunks.try_next().await.map_err(failed)? {
                output.push_str(&String::from_utf8_lossy(&chunk.into_bytes()));
                read::keep_tail(&mut output, OUTPUT_KEPT);
            }
        }
        let ended = self.docker.inspect_exec(&exec.id).await.map_err(failed)?;
        Ok(ExecOutcome { exit_code: ended.exit_code.unwrap_or(-1), output })
    }

    pub(super) async fn wait_for_end(&self, id: &str) -> EngineResult<i64> {
        let mut ends = self.docker.wait_container(id, None::<query::WaitContainerOptions>);
        match ends.next().await {
            Some(Ok(end)) => Ok(end.status_code),
            // This is how the client reports any code but 0.
            Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => Ok(code),
            Some(Err(error)) => Err(self.error(&error)),
            None => Err(EngineError::Failed(format!("waiting for {id} ended early"))),
        }
    }
}
