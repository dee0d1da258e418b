//! How long it takes from the end of an agent's connection to the committed record that its node is
//! offline; and, on the way, how long connecting takes and what a connected agent costs in memory.
//! `docs/PERFORMANCE.md` says how to run it and what it found.
#![allow(unreachable_pub, reason = "a program of its own: nobody else reaches anything")]

mod agent;
mod figures;
mod host;

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc::Receiver},
    time::Duration,
};

use agent::{Agent, Ending};
use anyhow::Context;
use clap::Parser;
use figures::{Spans, millis};
use futures_util::future::try_join_all;
use host::{Grid, Host, Recorded};
use kontena_core::domain::NodeId;
use kontena_master::clock;
use kontena_store::nodes;
use tokio::time::Instant;

/// Agents that connect at the same time, at the beginning and after a burst.
const AT_A_TIME: usize = 16;
/// From a connection that counts to the next close: the master shall have come to rest.
const PAUSE: Duration = Duration::from_millis(3);
/// How long a record may take before the measurement is given up.
const LIMIT: Duration = Duration::from_secs(10);

/// Measures how soon a node is recorded as offline.
#[derive(Parser)]
struct Arguments {
    /// Agents that are connected.
    #[arg(long, default_value_t = 1000)]
    agents: usize,
    /// Connections that are closed one at a time, half of them without a close frame.
    #[arg(long, default_value_t = 2000)]
    closes: usize,
    /// Connections that are closed at once.
    #[arg(long, default_value_t = 200)]
    burst: usize,
    /// How often so many are.
    #[arg(long, default_value_t = 5)]
    bursts: usize,
    /// A Postgres database that nobody else uses; an SQLite file in a temporary folder where there is none.
    #[arg(long, env = "DATABASE_URL")]
    postgres: Option<String>,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir()?;
    let sqlite = format!("sqlite://{}/kontena.db", folder.path().display());
    let host = Host::start(arguments.postgres.as_ref().unwrap_or(&sqlite))?;
    println!("{} on {} threads", host.app.means.store.url(), std::thread::available_parallelism()?);
    // The agents share a thread, beside the one that gives them orders.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(measure(&host, &arguments))
}

async fn measure(host: &Host, arguments: &Arguments) -> anyhow::Result<()> {
    let grid = host.grid(&format!("measured-{}", std::process::id())).await?;
    let recorded = host::follow(&host.app.means.store, grid.id)?;
    let mut crowd = Crowd::gather(host, grid, recorded, arguments.agents).await?;
    figures::head();
    crowd.close_one_by_one(arguments.closes).await?;
    for _ in 0..arguments.bursts {
        crowd.close_at_once(arguments.burst.min(arguments.agents)).await?;
    }
    Ok(())
}

/// All agents, and what is recorded about them.
struct Crowd<'a> {
    host: &'a Host,
    token: Arc<str>,
    recorded: Receiver<Recorded>,
    /// Engine and node of each; an agent for each that is connected.
    members: Vec<(String, NodeId)>,
    agents: Vec<Option<Agent>>,
}

impl<'a> Crowd<'a> {
    /// Connects so many agents and says how long it took and how much memory.
    async fn gather(
        host: &'a Host,
        grid: Grid,
        recorded: Receiver<Recorded>,
        many: usize,
    ) -> anyhow::Result<Self> {
        let engines: Vec<String> =
            (0..many).map(|number| format!("{}-{number}", grid.name)).collect();
        let members = Vec::new();
        let token = grid.token.into();
        let mut crowd = Self { host, token, recorded, members, agents: Vec::new() };
        let (memory, began) = (figures::resident()?, clock::instant());
        crowd.agents = crowd.connect(&engines).await?.into_iter().map(Some).collect();
        let (took, grown) = (began.elapsed(), figures::resident()?.saturating_sub(memory));
        println!("{many} agents connected, {AT_A_TIME} at a time, in {:.2} s", took.as_secs_f64());
        println!("memory: {grown} KB more, {} KB per agent, both ends", grown / many.max(1) as u64);

        let id = grid.id;
        let nodes = host.app.means.store.read(move |conn| nodes::of_grid(conn, id)).await?;
        let by_name: BTreeMap<String, NodeId> =
            nodes.into_iter().map(|node| (node.name, node.id)).collect();
        for engine in engines {
            let node = *by_name.get(&engine).context("an agent without a node")?;
            crowd.members.push((engine, node));
        }
        Ok(crowd)
    }

    /// Connects agents for these engines.
    async fn connect(&self, engines: &[String]) -> anyhow::Result<Vec<Agent>> {
        let mut agents = Vec::with_capacity(engines.len());
        for some in engines.chunks(AT_A_TIME) {
            let dials = some.iter().map(|engine| {
                let (addr, token) = (self.host.addr, Arc::clone(&self.token));
                let engine = engine.clone();
                tokio::spawn(async move { Agent::connect(addr, &token, &engine).await })
            });
            for dial in dials.collect::<Vec<_>>() {
                agents.push(dial.await??);
            }
        }
        Ok(agents)
    }

    fn member(&self, number: usize) -> anyhow::Result<&(String, NodeId)> {
        self.members.get(number).context("no such agent")
    }

    async fn reconnect(&mut self, number: usize) -> anyhow::Result<Duration> {
        let engine = self.member(number)?.0.clone();
        let agent = self.connect(&[engine]).await?.pop().context("an agent")?;
        let connecting = agent.connecting;
        *self.agents.get_mut(number).context("no such agent")? = Some(agent);
        Ok(connecting)
    }

    /// Takes an agent out, to be closed.
    fn take(&mut self, number: usize) -> anyhow::Result<(NodeId, Agent)> {
        let node = self.member(number)?.1;
        let agent = self.agents.get_mut(number).and_then(Option::take).context("not connected")?;
        Ok((node, agent))
    }

    async fn close_one_by_one(&mut self, closes: usize) -> anyhow::Result<()> {
        let (mut tcp, mut close_frame) = (Spans::default(), Spans::default());
        let mut connecting = Spans::default();
        for close in 0..closes {
            let number = close % self.members.len();
            // Each agent goes one way in one round and the other way in the next.
            let is_tcp = (number + close / self.members.len()).is_multiple_of(2);
            let (ending, spans) = if is_tcp {
                (Ending::Tcp, &mut tcp)
            } else {
                (Ending::CloseFrame, &mut close_frame)
            };
            let (node, agent) = self.take(number)?;
            let closed = agent.close(ending).await?;
            let recorded = self.recorded.recv_timeout(LIMIT).context("not recorded in time")?;
            anyhow::ensure!(recorded.node == node, "another node was recorded");
            spans.push(recorded.at.saturating_duration_since(closed));
            connecting.push(self.reconnect(number).await?);
            tokio::time::sleep(PAUSE).await;
        }
        connecting.print("connecting, one at a time");
        tcp.print("recorded offline after the TCP close");
        close_frame.print("recorded offline after a close frame");
        tcp.extend(&close_frame);
        tcp.print("recorded offline after either");
        Ok(())
    }

    async fn close_at_once(&mut self, many: usize) -> anyhow::Result<()> {
        let mut closing = Vec::with_capacity(many);
        for number in 0..many {
            let ending = if number.is_multiple_of(2) { Ending::Tcp } else { Ending::CloseFrame };
            let (node, agent) = self.take(number)?;
            closing.push(async move { anyhow::Ok((node, agent.close(ending).await?)) });
        }
        let mut closed: BTreeMap<NodeId, Instant> =
            try_join_all(closing).await?.into_iter().collect();
        let first = closed.values().min().copied().context("nobody was closed")?;
        let (mut spans, mut whole) = (Spans::default(), Duration::ZERO);
        while !closed.is_empty() {
            let recorded = self.recorded.recv_timeout(LIMIT).context("not recorded in time")?;
            let at = closed.remove(&recorded.node).context("recorded twice")?;
            spans.push(recorded.at.saturating_duration_since(at));
            whole = recorded.at.saturating_duration_since(first);
        }
        spans.print(&format!("{many} closed at once, all after {:.1}", millis(whole)));
        let gone = self.members.iter().take(many).map(|(engine, _)| engine.clone());
        let back = self.connect(&gone.collect::<Vec<_>>()).await?;
        self.agents.iter_mut().zip(back).for_each(|(place, agent)| *place = Some(agent));
        Ok(())
    }
}
