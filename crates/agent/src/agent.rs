//! One agent, whole: who it is, what it keeps running side by side, and when it ends.
//!
//! ```text
//!               +--> session  <----------------> master
//!   engine ---> Agent --> node reports, records --^ |
//!               +--> pods, volumes <--- calls -----+
//! ```

use std::{future::Future, sync::Arc};

use kontena_protocol::agent::Token;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    calls::Calls,
    clock::Clock,
    config::AgentConfig,
    engine::{Engine, EngineInfo},
    error::AgentError,
    node,
    pods::{self, Pods},
    records::Records,
    session::{Profile, Session, socket::SocketDialer, transport::Dialer},
    volumes::{self, Volumes},
};

/// A node agent, ready to run.
pub struct Agent {
    config: AgentConfig,
    engine: Arc<dyn Engine>,
    clock: Clock,
    dialer: Option<Arc<dyn Dialer>>,
}

impl Agent {
    /// Makes an agent that dials its master over the network and reads the machine's clock.
    #[must_use]
    pub fn new(config: AgentConfig, engine: Arc<dyn Engine>) -> Self {
        Self { config, engine, clock: Clock::system(), dialer: None }
    }

    /// Makes the agent follow another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Makes the agent reach its master in another way than over the network.
    #[must_use]
    pub fn with_dialer(mut self, dialer: Arc<dyn Dialer>) -> Self {
        self.dialer = Some(dialer);
        self
    }

    /// Runs until `shutdown` completes, then tells the master and returns; containers keep running.
    ///
    /// # Errors
    /// Where the engine does not answer at the start, where a setting cannot be used, and where the
    /// master says not to come back.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), AgentError> {
        let info = self.engine.describe().await?;
        let profile = profile(&self.config, &info)?;
        let node_id = profile.node_id.clone();
        let dialer = match self.dialer {
            Some(dialer) => dialer,
            None => {
                let dialer = SocketDialer::new(self.config.uri.clone(), &self.config.tls);
                Arc::new(dialer.map_err(AgentError::Setting)?)
            }
        };
        let (inbox, inbox_end) = pods::inbox();
        let (known, volume_inbox) = (inbox.known(), volumes::Inbox::default());
        let calls = Calls::new(inbox, volume_inbox.clone());
        let (session, master) =
            Session::new(profile.clone(), dialer, self.clock.clone(), |_| calls);
        let (recorder, records) =
            Records::new(Arc::clone(&self.engine), master.clone(), node_id.clone());
        let pods = Pods::new(
            Arc::clone(&self.engine),
            self.clock.clone(),
            master.clone(),
            node_id.clone(),
            inbox_end,
            recorder,
            volume_inbox.clone(),
        );
        let volumes = Volumes::new(
            Arc::clone(&self.engine),
            master.clone(),
            node_id.clone(),
            volume_inbox,
            known.clone(),
        );
        let usage = node::usage::report(
            Arc::clone(&self.engine),
            self.clock.clone(),
            master.clone(),
            known.clone(),
        );
        let stats = node::stats::report(
            Arc::clone(&self.engine),
            self.clock.clone(),
            master.clone(),
            node_id,
            known,
        );
        let reports =
            node::report(self.engine, master, node::Identity::new(&self.config, &profile));
        // Dropping the set ends the rest, whichever way this function ends.
        let mut tasks = JoinSet::new();
        tasks.spawn(pods.run());
        tasks.spawn(reports);
        tasks.spawn(stats);
        tasks.spawn(usage);
        tasks.spawn(volumes.run());
        tasks.spawn(records.run());
        let (stop, stopped) = watch::channel(false);
        let running = session.run(stopped);
        tokio::pin!(running, shutdown);
        tokio::select! {
            biased;
            ended = &mut running => ended,
            () = &mut shutdown => {
                stop.send_replace(true);
                running.await
            }
            Some(_) = tasks.join_next() => Err(AgentError::Broken("pods, volumes, reports or records")),
        }
    }
}

/// Who the agent says it is: the configuration's word, else the engine's.
fn profile(config: &AgentConfig, info: &EngineInfo) -> Result<Profile, AgentError> {
    let pick = |set: &Option<String>, engine: &str| {
        let value = set.clone().unwrap_or_else(|| engine.to_owned());
        Some(value).filter(|value| !value.is_empty())
    };
    let anonymous = |what, setting| AgentError::Anonymous { what, setting };
    debug_assert!(config.token != Token::Missing, "a configuration has a token");
    Ok(Profile {
        node_id: pick(&config.node_id, &info.id)
            .ok_or_else(|| anonymous("id", "KONTENA_NODE_ID"))?,
        node_name: pick(&config.node_name, &info.name)
            .ok_or_else(|| anonymous("name", "KONTENA_NODE_NAME"))?,
        labels: config.node_labels.clone().unwrap_or_else(|| info.labels.clone()),
        token: config.token.clone(),
        first_connect_delay: config.first_connect_delay,
        ping_interval: config.ping_interval,
        ping_timeout: config.websocket_timeout,
    })
}
