//! A whole master in this process, set up as `serve` sets it up, and somebody who follows its feed.

use std::{net::SocketAddr, sync::mpsc, thread};

use anyhow::{Context, anyhow};
use kontena_core::{
    domain::{Change, GridId, NodeId},
    validate,
};
use kontena_master::{
    auth::Caller,
    boot::Master,
    clock,
    commands::grids,
    config::{Config, File, Settings, setting::Flags},
    http::App,
};
use kontena_store::{Store, users};
use serde_json::json;
use tokio::{sync::oneshot, time::Instant};

/// A running master; stops when dropped.
pub struct Host {
    pub addr: SocketAddr,
    pub app: App,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// The grid that the agents belong to.
pub struct Grid {
    pub id: GridId,
    pub name: String,
    pub token: String,
}

/// A node's end is committed.
pub struct Recorded {
    pub node: NodeId,
    /// When the feed said so.
    pub at: Instant,
}

impl Host {
    /// Starts a master on a free port and this database, with defaults for everything else.
    pub fn start(database_url: &str) -> anyhow::Result<Self> {
        let given = [
            ("LISTEN", "127.0.0.1:0"),
            ("DATABASE_URL", database_url),
            ("INITIAL_ADMIN_CODE", "not used"),
            ("VAULT_KEY", "the key of a measurement"),
        ];
        let environment = |name: &str| {
            given.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let settings = Settings::resolve(&Flags::default(), &environment, &File::default());
        let config = Config::check(&settings)?;
        let (started, master) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            actix::System::new().block_on(async move {
                match Master::start(config).await {
                    Ok(master) => {
                        started.send(Ok((master.addr(), master.app().clone()))).ok();
                        stopped.await.ok();
                        master.stop().await;
                    }
                    Err(error) => drop(started.send(Err(error))),
                }
            });
        });
        let (addr, app) = master.recv()??;
        Ok(Self { addr, app, stop: Some(stop), thread: Some(thread) })
    }

    /// Makes a grid of this name, as the administrator.
    pub async fn grid(&self, name: &str) -> anyhow::Result<Grid> {
        let means = &self.app.means;
        let user = means.store.read(|conn| users::by_email(conn, "admin")).await?;
        let user = user.context("no administrator")?;
        let caller = Caller {
            user,
            source_ip: String::new(),
            user_agent: "measurement".to_owned(),
            token: String::new(),
        };
        let draft = validate::grid::create(&json!({ "name": name }))
            .map_err(|errors| anyhow!("{errors}"))?;
        let grid = grids::create(means, &caller, draft).await?;
        drop(self.app.registry.grid(grid.id));
        let mut tokens = grids::tokens(means, vec![grid.id]).await?;
        let token = tokens.remove(&grid.id).context("no token")?;
        Ok(Grid { id: grid.id, name: grid.name, token })
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Follows a grid on a thread of its own, so that nobody's work delays the reading of the clock. Ends with
/// whoever receives.
pub fn follow(store: &Store, grid: GridId) -> anyhow::Result<mpsc::Receiver<Recorded>> {
    let (sender, receiver) = mpsc::channel();
    let (ready, begun) = mpsc::channel();
    let store = store.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || {
        runtime.block_on(async move {
            let Ok(Some((_, mut feed))) = store.follow(grid).await else { return };
            ready.send(()).ok();
            while let Some(committed) = feed.next().await {
                let at = clock::instant();
                for change in committed.changes.iter() {
                    if let Change::NodeUnplugged { node, .. } = change
                        && sender.send(Recorded { node: *node, at }).is_err()
                    {
                        return;
                    }
                }
            }
        });
    });
    begun.recv().context("the grid cannot be followed")?;
    Ok(receiver)
}
