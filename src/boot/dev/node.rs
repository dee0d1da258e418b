//! The local node of `dev`: a real agent on the Docker engine where one answers, otherwise on the
//! simulated engine. It runs on a thread of its own and dials the master like any other.

use std::{sync::Arc, thread::JoinHandle};

use kontena_agent::{
    Agent, AgentConfig, Clock, Token,
    config::PEER_INTERFACE,
    engine::{
        Engine,
        docker::DockerEngine,
        simulated::{self, SimulatedOptions},
    },
};
use tokio::sync::oneshot;

use super::failed;
use crate::boot::BootError;

/// A running local node.
pub(super) struct Running {
    /// What it runs on, in words.
    pub(super) engine: String,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Running {
    /// Stops the agent; its containers go on.
    pub(super) fn stop(self) {
        // An agent that has ended by itself has said why in the log.
        self.stop.send(()).ok();
        if self.thread.join().is_err() {
            log::error!("the local agent panicked");
        }
    }
}

/// Starts the local node.
pub(super) async fn start(url: &str, grid_token: String) -> Result<Running, BootError> {
    let mut config = AgentConfig::new(url, Token::Grid(grid_token)).map_err(failed)?;
    config.first_connect_delay = std::time::Duration::ZERO;
    config.detect_private_ip(PEER_INTERFACE);
    let (engine, words) = engine().await;
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = std::thread::Builder::new().name("local-agent".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => return log::error!("the local agent cannot start: {error}"),
        };
        let shutdown = async move {
            // Stopped, or the master is gone without a word: either way it is over.
            drop(stopped.await);
        };
        if let Err(error) = runtime.block_on(Agent::new(config, engine).run(shutdown)) {
            log::error!("the local agent has ended: {error}");
        }
    })?;
    Ok(Running { engine: words, stop, thread })
}

async fn engine() -> (Arc<dyn Engine>, String) {
    let host = std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty());
    match DockerEngine::connect(host.as_deref()).await {
        Ok(docker) => {
            let words = format!("a real agent on the Docker engine at {}", docker.host());
            (Arc::new(docker), words)
        }
        Err(error) => {
            log::info!("no Docker engine answers: {error}");
            let options =
                SimulatedOptions { name: "local".to_owned(), ..SimulatedOptions::default() };
            let words = "simulated: no Docker engine answers, containers are pretended".to_owned();
            (simulated::shared(options, Clock::system()), words)
        }
    }
}
