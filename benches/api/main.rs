//! How many calls of the administrators' API a master answers, by `wrk` over loopback, beside a bare
//! actix-web handler that returns the same bytes; and what a list of 1,000 nodes costs in processor time.
//! `docs/PERFORMANCE.md` says how to run it and what it found.
#![allow(unreachable_pub, reason = "a program of its own: nobody else reaches anything")]

mod bare;
mod client;
#[path = "../offline/host.rs"]
#[allow(dead_code, reason = "the other measurement needs the rest of it")]
mod host;

use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use client::{Call, Rate};
use host::{Grid, Host};
use kontena_core::domain::{Change, EngineId, NodeReport};
use kontena_master::commands::setup;
use kontena_store::nodes;

/// Measures the administrators' API.
#[derive(Parser)]
struct Arguments {
    /// Connections of `wrk`.
    #[arg(long, default_value_t = 64)]
    connections: u32,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u32,
    /// Nodes of the grid that is listed.
    #[arg(long, default_value_t = 50)]
    nodes: u32,
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (token, small, large) = runtime.block_on(furnish(&host, arguments.nodes))?;

    let call = |method, path: String, body: &'static str| Call {
        addr: host.addr,
        method,
        path,
        token: token.clone(),
        body,
    };
    let list = call("GET", format!("/v1/grids/{}/nodes", small.name), "");
    let bytes = list.once().context("the list")?;
    let bare = bare::Bare::start(bytes.clone())?;
    let wrk = |call: &Call| call.wrk(arguments.connections, arguments.seconds);

    let reached = wrk(&list)?;
    let bare = wrk(&Call { addr: bare.addr, ..list.clone() })?;
    println!("list of {} nodes, {} bytes: {reached}", arguments.nodes, bytes.len());
    println!("bare handler, the same bytes: {bare}");
    println!("ratio: {:.2}", reached.per_second / bare.per_second);
    let node = format!("/v1/nodes/{}/node-0", small.name);
    println!("one node: {}", wrk(&call("GET", node.clone(), ""))?);
    println!("set a label: {}", wrk(&call("PUT", node.clone(), r#"{"labels":["az=a"]}"#))?);
    println!("clear labels: {}", wrk(&call("PUT", node, r#"{"labels":[]}"#))?);
    let list = call("GET", format!("/v1/grids/{}/nodes", large.name), "");
    let node = format!("/v1/nodes/{}/node-0", large.name);
    cost_of_a_large_list(&list, &call("PUT", node, r#"{"labels":["az=b"]}"#))
}

/// Makes a grid with so many nodes that have reported, one with 1,000, and an access token.
async fn furnish(host: &Host, count: u32) -> anyhow::Result<(String, Grid, Grid)> {
    let small = host.grid(&format!("small-{}", std::process::id())).await?;
    let large = host.grid(&format!("large-{}", std::process::id())).await?;
    for (grid, count) in [(&small, count), (&large, 1_000)] {
        fill(host, grid, count).await?;
    }
    let means = &host.app.means;
    let issued = setup::create_token(means, "admin".to_owned(), Vec::new(), None).await?;
    Ok((issued.access_token, small, large))
}

async fn fill(host: &Host, grid: &Grid, count: u32) -> anyhow::Result<()> {
    let means = host.app.means.clone();
    let id = grid.id;
    let clock = means.clock.clone();
    let filled = means.store.write(move |tx| {
        let mut moment = clock.moment();
        for index in 0..count {
            let number = index + 1;
            let name = format!("node-{index}");
            let id_of = kontena_core::domain::NodeId::from_bytes(moment.id());
            let mut node = kontena_core::domain::Node::new(id_of, id, number, name, moment.now);
            node.engine_id = EngineId::new(&format!("ENGINE:{id}:{index}"));
            node.labels = vec!["region=eu".to_owned(), format!("az={}", index % 3)];
            node.report = report(index);
            tx.apply(id, Change::NodeCreated(Box::new(node)))?;
        }
        Ok(())
    });
    filled.await?;
    let kept = means.store.read(move |conn| nodes::of_grid(conn, id)).await?;
    anyhow::ensure!(kept.len() == usize::try_from(count)?, "nodes are missing");
    Ok(())
}

fn report(index: u32) -> NodeReport {
    NodeReport {
        docker_version: Some("20.10.24".to_owned()),
        os: Some("Debian GNU/Linux 12 (bookworm)".to_owned()),
        kernel_version: Some("6.1.0-18-amd64".to_owned()),
        driver: Some("overlay2".to_owned()),
        docker_root_dir: Some("/var/lib/docker".to_owned()),
        cpus: Some(4),
        mem_total: Some(8_000_000_000),
        public_ip: Some(format!("203.0.{}.{}", index / 250, index % 250 + 1)),
        private_ip: Some(format!("10.0.{}.{}", index / 250, index % 250 + 1)),
        ..NodeReport::default()
    }
}

/// Processor time of this process, which is the master's and whoever calls it here, one call at a time.
fn cost_of_a_large_list(list: &Call, change: &Call) -> anyhow::Result<()> {
    const TIMES: u32 = 50;
    let cost = |calls: &[&Call]| -> anyhow::Result<f64> {
        let begun = client::processor_time()?;
        for _ in 0..TIMES {
            for call in calls {
                call.once()?;
            }
        }
        Ok((client::processor_time()? - begun).as_secs_f64() * 1000.0 / f64::from(TIMES))
    };
    let bytes = list.once()?.len();
    println!("list of 1000 nodes, {bytes} bytes, nothing changed: {:.2} ms", cost(&[list])?);
    let (changed, both) = (cost(&[change])?, cost(&[change, list])?);
    println!("the same, made afresh after each change: {:.2} ms", both - changed);
    Ok(())
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.0} calls/s, p99 {}, errors {}", self.per_second, self.p99, self.errors)
    }
}

/// How long a call may take before the measurement is given up.
const LIMIT: Duration = Duration::from_secs(10);
