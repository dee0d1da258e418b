//! `kontena-agent check`: says whether this machine can be a node, one line for each thing a node
//! needs. Changes nothing here and nothing at the master.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::StreamExt;
use kontena_protocol::{
    COMPAT_VERSION,
    agent::{CloseCode, header, hello::parse_connected_at},
};
use tokio::time::timeout;

use crate::{
    clock::Clock,
    config::{
        AgentConfig, ConfigError,
        args::{Runtime, Settings},
    },
    engine::{
        Engine, EngineResult,
        docker::{DEFAULT_HOST, DockerEngine},
        simulated::{SimulatedOptions, shared},
    },
    session::{
        socket::SocketDialer,
        transport::{Dialer, Frame, Upgrade},
    },
};

/// How long the master may take to answer.
const LIMIT: Duration = Duration::from_secs(20);
/// How far this machine's clock may be off before the master refuses the node.
const CLOCK_SKEW_SECONDS: f64 = 1.0;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// As it should be.
    Fine(String),
    /// Not looked at, and why.
    Skipped(String),
    /// Keeps this machine from being a node.
    Bad(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fine(text) => write!(f, "ok    {text}"),
            Self::Skipped(text) => write!(f, "skip  {text}"),
            Self::Bad(text) => write!(f, "FAIL  {text}"),
        }
    }
}

/// Looks at everything a node needs.
pub async fn check(settings: &Settings, clock: &Clock) -> Vec<Finding> {
    let mut findings = Vec::new();
    match engine(settings, clock).await {
        Ok(engine) => findings.extend(look_at_engine(engine.as_ref(), settings).await),
        Err(error) => findings.push(Finding::Bad(error.to_string())),
    }
    match &settings.agent {
        Ok(config) => findings.extend(look_at_master(config, clock).await),
        Err(error) => findings.push(without_master(error)),
    }
    findings
}

/// Tells whether nothing that was found keeps this machine from being a node.
#[must_use]
pub fn is_fit(findings: &[Finding]) -> bool {
    !findings.iter().any(|finding| matches!(finding, Finding::Bad(_)))
}

/// Connects to the engine that the settings name.
///
/// # Errors
/// Where no engine answers.
pub async fn engine(settings: &Settings, clock: &Clock) -> EngineResult<Arc<dyn Engine>> {
    match settings.runtime {
        Runtime::Docker => {
            let engine = DockerEngine::connect(settings.docker_host.as_deref()).await?;
            Ok(Arc::new(engine))
        }
        Runtime::Simulated => {
            let name = settings.agent.as_ref().ok();
            let name = name.and_then(|config| config.node_name.clone());
            let name = name.unwrap_or_else(host_name);
            let options =
                SimulatedOptions { seed: seed(&name), name, ..SimulatedOptions::default() };
            Ok(shared(options, clock.clone()))
        }
    }
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "simulated" } else { name }.to_owned()
}

/// The same machine is the same simulated node again after a restart.
fn seed(name: &str) -> u64 {
    // FNV-1a, which unlike the library's hasher is fixed for ever.
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

async fn look_at_engine(engine: &dyn Engine, settings: &Settings) -> Vec<Finding> {
    let info = match engine.describe().await {
        Ok(info) => info,
        Err(error) => return vec![Finding::Bad(error.to_string())],
    };
    let version = info.document.get("ServerVersion");
    let version = version.and_then(|version| version.as_str()).unwrap_or("?");
    let place = match settings.runtime {
        Runtime::Docker => settings.docker_host.as_deref().unwrap_or(DEFAULT_HOST),
        Runtime::Simulated => "memory",
    };
    let mut findings = vec![Finding::Fine(format!("engine {version} at {place}"))];
    let config = settings.agent.as_ref().ok();
    let id = config.and_then(|config| config.node_id.clone());
    let id = id.unwrap_or(info.id);
    findings.push(if id.is_empty() {
        Finding::Bad("the engine reports no id: set KONTENA_NODE_ID".into())
    } else {
        Finding::Fine(format!("node id {id}"))
    });
    findings
}

fn without_master(error: &ConfigError) -> Finding {
    if error.problem.contains("is required") {
        Finding::Skipped(format!("master: {error}"))
    } else {
        Finding::Bad(error.to_string())
    }
}

/// Opens a connection without saying who we are: a master refuses that with 4000 and remembers
/// nothing, which is proof enough of TLS, proxies and the protocol.
async fn look_at_master(config: &AgentConfig, clock: &Clock) -> Vec<Finding> {
    let uri = &config.uri;
    let dialer = match SocketDialer::new(uri.clone(), &config.tls) {
        Ok(dialer) => dialer,
        Err(problem) => return vec![Finding::Bad(problem)],
    };
    let upgrade = Upgrade { headers: vec![(header::VERSION, COMPAT_VERSION.to_owned())] };
    let mut connection = match timeout(LIMIT, dialer.dial(upgrade)).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return vec![Finding::Bad(format!("master at {uri}: {error}"))],
        Err(_) => return vec![Finding::Bad(format!("master at {uri}: no answer in 20s"))],
    };
    let now = clock.now();
    let mut findings = Vec::new();
    let find = |name: &str| {
        let mut headers = connection.response.iter();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    if let Some((_, theirs)) = find(header::CONNECTED_AT)
        && let Some(theirs) = parse_connected_at(theirs)
    {
        findings.push(clock_finding((now - theirs).as_seconds_f64()));
    }
    let version = find(header::VERSION).map_or("?", |(_, version)| version.as_str());
    let version = version.to_owned();
    let closed = timeout(LIMIT, async {
        loop {
            match connection.stream.next().await {
                Some(Ok(Frame::Close(code, reason))) => return Some((code, reason)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    });
    findings.push(match closed.await.ok().flatten() {
        Some((CloseCode::VERSION, reason)) => Finding::Bad(format!("master at {uri}: {reason}")),
        Some(_) => Finding::Fine(format!("master version {version} at {uri}")),
        None => Finding::Bad(format!(
            "master at {uri}: it opens a websocket but does not speak the agent protocol"
        )),
    });
    findings
}

fn clock_finding(ahead_seconds: f64) -> Finding {
    if ahead_seconds.abs() > CLOCK_SKEW_SECONDS {
        Finding::Bad(format!(
            "clock: this machine is {ahead_seconds:.2}s ahead of the master, which takes 1.00s"
        ))
    } else {
        Finding::Fine(format!("clock: {ahead_seconds:.2}s ahead of the master"))
    }
}
