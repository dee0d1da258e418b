//! Whole agents on simulated engines against a scripted master: no sockets, a paused clock. Names carry
//! the number of the contract's case (agent-protocol 7.5).

mod connection;
mod master;
mod pods;
mod records;
mod stats;
mod volumes;

use std::{
    cell::RefCell,
    sync::{Arc, Once},
};

use kontena_protocol::agent::ServicePod;
use master::Master;
use serde_json::json;
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{
    Agent, AgentConfig, AgentError, Clock, Token,
    engine::simulated::{SimulatedEngine, SimulatedOptions, shared},
};

thread_local! {
    /// Every test has its thread, and an agent stays on it.
    static LOGGED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Capture;

impl log::Log for Capture {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("kontena_agent")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = format!("{} {}", record.level(), record.args());
            LOGGED.with_borrow_mut(|logged| logged.push(line));
        }
    }

    fn flush(&self) {}
}

/// All lines logged by this test so far, as `LEVEL text`.
fn logged() -> Vec<String> {
    LOGGED.with_borrow(Clone::clone)
}

fn is_logged(line: &str) -> bool {
    logged().iter().any(|logged| logged.contains(line))
}

/// An agent at work.
struct Running {
    task: JoinHandle<Result<(), AgentError>>,
    stop: oneshot::Sender<()>,
    engine: Arc<SimulatedEngine>,
}

impl Running {
    async fn ended(self) -> Result<(), AgentError> {
        self.task.await.expect("the agent does not panic")
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        let ended = self.task.await.expect("the agent does not panic");
        ended.expect("a clean end");
    }
}

fn start(master: &Arc<Master>) -> Running {
    start_with(master, SimulatedOptions::default(), |config| config)
}

fn start_with(
    master: &Arc<Master>,
    options: SimulatedOptions,
    adjust: impl FnOnce(AgentConfig) -> AgentConfig,
) -> Running {
    let engine = shared(options, master.clock());
    start_on(master, engine, adjust)
}

fn start_on(
    master: &Arc<Master>,
    engine: Arc<SimulatedEngine>,
    adjust: impl FnOnce(AgentConfig) -> AgentConfig,
) -> Running {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Capture).expect("no other logger");
        log::set_max_level(log::LevelFilter::Debug);
    });
    let config = AgentConfig::new("ws://master", Token::Grid("secret-token".into()));
    let mut config = adjust(config.expect("a configuration"));
    config.private_ip = Some("10.0.0.5".into());
    let agent =
        Agent::new(config, engine.clone()).with_clock(master.clock()).with_dialer(master.dialer());
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(agent.run(async move {
        // A test that drops its end has no more to say; the agent runs on until the runtime goes.
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
    }));
    Running { task, stop, engine }
}

/// A pod as a master lists it.
fn pod() -> ServicePod {
    serde_json::from_value(json!({
        "id": "5f/1", "desired_state": "running", "service_id": "5f", "service_name": "redis",
        "service_revision": 1, "instance_number": 1, "image_name": "redis:3.0",
        "deploy_rev": "2017-08-01 12:34:56 UTC", "stop_grace_period": 10,
        "domainname": "test.kontena.local", "hostname": "redis-1",
        "labels": {"io.kontena.service.id": "5f", "io.kontena.stack.name": "null"},
    }))
    .expect("a pod")
}

/// A clock that begins where the contract's examples do.
fn clock(seed: u64) -> Clock {
    let base = "2017-08-01T12:34:56Z".parse().expect("a moment");
    Clock::following(base, seed)
}
