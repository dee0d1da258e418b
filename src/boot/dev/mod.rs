//! `kontena-master dev`: from nothing to a working platform on one machine.
//!
//! A master with an SQLite file in `./.kontena-dev/`, a grid `dev`, an administrator's login where the
//! `kontena` command finds it, and one local node: a real agent on the Docker engine where one answers,
//! otherwise on the simulated engine. A second start finds all of it again.

mod login;
mod node;

use std::{path::Path, time::Duration};

use actix::prelude::*;
use kontena_core::{
    domain::{Cidr, Grid, NodeStatus},
    validate::grid::GridDraft,
};
use kontena_store::{grids, nodes, users};

use super::{BootError, Master};
use crate::{
    auth::Caller,
    commands::{self, Means, setup::ADMIN},
    config::{Config, File, NAMES_OF_LISTEN_AND_DATABASE, setting::Flags},
    http::App,
};

/// Where everything of a `dev` platform is kept, below the working directory.
const FOLDER: &str = ".kontena-dev";
const GRID: &str = "dev";
/// How long the local node may take to come online.
const ONLINE_LIMIT: Duration = Duration::from_secs(30);

/// Loopback and a file of its own, unless something else was asked for.
#[must_use]
pub fn with_defaults(
    mut flags: Flags,
    environment: &dyn Fn(&str) -> Option<String>,
    file: &File,
) -> Flags {
    let is_set = |flag: &str| {
        let variables = NAMES_OF_LISTEN_AND_DATABASE.iter().filter(|(known, _)| *known == flag);
        let in_environment = variables
            .flat_map(|(_, variables)| variables.iter())
            .any(|variable| environment(variable).is_some_and(|value| !value.is_empty()));
        in_environment || file.get(flag).is_some()
    };
    if flags.listen.is_none() && !is_set("listen") {
        flags.listen = Some("127.0.0.1:9292".to_owned());
    }
    if flags.database_url.is_none() && !is_set("database-url") {
        flags.database_url = Some(format!("sqlite://{FOLDER}/kontena.db"));
    }
    if flags.log.is_none() && !is_set("log") {
        // What a newcomer is told goes to standard output; the log speaks up when something is wrong.
        flags.log = Some("warn".to_owned());
    }
    flags
}

/// Runs a `dev` platform until SIGTERM or SIGINT.
///
/// # Errors
/// Where it does not start, or another master takes over.
pub fn run(config: Config) -> Result<(), BootError> {
    std::fs::create_dir_all(FOLDER)?;
    System::new().block_on(async move {
        let mut config = config;
        // The login is written to a file: nobody has to type a code.
        if config.initial_admin_code.is_none() {
            config.initial_admin_code = Some(crate::vault::fresh_access_token());
        }
        let master = Master::start(config).await?;
        println!("kontena-master listening on http://{}", master.addr());
        let node = set_up(&master).await?;
        let ended = master.run_until_signal().await;
        node.stop();
        ended
    })
}

async fn set_up(master: &Master) -> Result<node::Running, BootError> {
    let app = master.app();
    let url = format!("http://{}", reachable(master.addr()));
    let (grid, token) = grid(app).await?;
    let login = login::write(&app.means, &url, GRID, Path::new(FOLDER)).await?;
    let node = node::start(&url, token).await?;
    let online = wait_until_online(app, &grid).await?;
    print!("{}", summary(&url, &login, &node, online.as_deref()));
    Ok(node)
}

/// An address somebody on this machine can dial.
fn reachable(addr: std::net::SocketAddr) -> std::net::SocketAddr {
    let mut addr = addr;
    if addr.ip().is_unspecified() {
        addr.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    addr
}

/// The grid, made where there is none, and its token.
async fn grid(app: &App) -> Result<(Grid, String), BootError> {
    let means = &app.means;
    let found = means.store.read(|conn| grids::by_name(conn, GRID)).await;
    let grid = match found.map_err(BootError::Store)? {
        Some(grid) => grid,
        None => {
            let draft = GridDraft {
                name: Some(GRID.to_owned()),
                token: None,
                initial_size: 1,
                subnet: Cidr::DEFAULT_SUBNET,
                supernet: Cidr::DEFAULT_SUPERNET,
                default_affinity: Vec::new(),
                trusted_subnets: Vec::new(),
                statsd: None,
                logs: None,
            };
            let caller = administrator(means).await?;
            commands::grids::create(means, &caller, draft).await.map_err(failed)?
        }
    };
    drop(app.registry.grid(grid.id));
    let token = commands::grids::tokens(means, vec![grid.id]).await.map_err(failed)?;
    Ok((grid.clone(), token.get(&grid.id).cloned().unwrap_or_default()))
}

async fn administrator(means: &Means) -> Result<Caller, BootError> {
    let user = means
        .store
        .read(|conn| users::by_email(conn, ADMIN))
        .await
        .map_err(BootError::Store)?
        .ok_or_else(|| BootError::Dev("there is no administrator".to_owned()))?;
    let user_agent = "kontena-master dev".to_owned();
    Ok(Caller { user, source_ip: "127.0.0.1".to_owned(), user_agent, token: String::new() })
}

fn failed(error: impl std::fmt::Display) -> BootError {
    BootError::Dev(error.to_string())
}

/// The name of a node of the grid that is online; none where none is in time.
async fn wait_until_online(app: &App, grid: &Grid) -> Result<Option<String>, BootError> {
    let started = crate::clock::instant();
    while started.elapsed() < ONLINE_LIMIT {
        let id = grid.id;
        let nodes = app.means.store.read(move |conn| nodes::of_grid(conn, id)).await;
        let nodes = nodes.map_err(BootError::Store)?;
        if let Some(node) = nodes.iter().find(|node| node.status() == NodeStatus::Online) {
            return Ok(Some(node.name.clone()));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(None)
}

fn summary(
    url: &str,
    login: &login::Written,
    node: &node::Running,
    online: Option<&str>,
) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    line(String::new());
    line(format!("  master   {url}"));
    line(format!("  data     {FOLDER}/"));
    line(format!("  grid     {GRID}"));
    line(format!("  login    master {} in {}", login.name, login.file.display()));
    match online {
        Some(name) => line(format!("  node     {name} is online, {}", node.engine)),
        None => line(format!("  node     not online yet, {}", node.engine)),
    }
    line(String::new());
    line("Try next:".to_owned());
    line(String::new());
    let kontena = if std::env::var_os("CARGO").is_some() {
        "cargo run -qr -p kontena-cli --"
    } else {
        "kontena"
    };
    let master = if login.is_current { String::new() } else { format!(" --master {}", login.name) };
    for command in [
        "node list",
        "service create --instances 2 web busybox:latest --cmd 'sleep 3600'",
        "service deploy web",
    ] {
        line(format!("    {kontena} {command}{master}"));
    }
    line(String::new());
    line("Ctrl-C stops it; the next start finds everything again.".to_owned());
    text
}
