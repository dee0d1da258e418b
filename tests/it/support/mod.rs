//! A whole master in one process on a paused clock, and agents that reach it without sockets.
//!
//! Everybody runs on one arbiter, the store's writer on the blocking pool, and the wall clock follows the
//! runtime's: a story lives through hours in milliseconds. The agents are the real ones on the simulated
//! engine.

mod agent;
pub mod raw;

use std::{future::Future, time::Duration};

use actix::System;
use kontena_core::{
    domain::{Cidr, Deploy, Grid, Instance, Node, NodeStatus, ObservedState, Service, Time},
    validate,
};
use kontena_master::{
    actors::{Placement, Registry},
    auth::Caller,
    boot,
    clock::Clock,
    commands::{self, Means, setup},
    config::{Config, File, Settings, setting::Flags},
    http::App,
    vault::Vault,
};
use kontena_store::{
    DatabaseUrl, Execution, Options, Store, deploys, events, grids, instances, nodes, users,
};
use serde_json::json;

pub use agent::StoryAgent;
pub use raw::RawAgent;

/// Runs a story on a runtime of its own whose clock is paused.
pub fn story<F: Future<Output = ()> + 'static>(story: F) {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("a runtime")
    };
    System::with_tokio_rt(runtime).block_on(story);
}

pub fn epoch() -> Time {
    Time::from_timestamp(1_700_000_000, 0).expect("a time")
}

/// A master and its database; the database outlives the master.
pub struct TestMaster {
    pub app: App,
    pub clock: Clock,
    pub folder: std::rc::Rc<tempfile::TempDir>,
    pub config: Config,
    execution: Execution,
}

/// A master that was killed, and the database it has left behind.
pub struct Stopped {
    pub remains: App,
    clock: Clock,
    folder: std::rc::Rc<tempfile::TempDir>,
    config: Config,
    execution: Execution,
}

impl Stopped {
    /// Starts another master on the database.
    pub async fn start(self) -> TestMaster {
        TestMaster::open(self.folder, self.clock, self.config, self.execution).await
    }
}

fn folder_in_memory() -> std::rc::Rc<tempfile::TempDir> {
    let made = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    std::rc::Rc::new(made.expect("a folder"))
}

pub fn config(pairs: &[(&str, &str)]) -> Config {
    let environment =
        |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned());
    let settings = Settings::resolve(&Flags::default(), &environment, &File::default());
    Config::check(&settings).expect("a valid configuration")
}

impl TestMaster {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = std::rc::Rc::new(tempfile::tempdir().expect("a folder"));
        let clock = Clock::virtual_from(epoch(), 1);
        Self::open(folder, clock, config(settings), Execution::BlockingPool).await
    }

    /// A master whose store runs in the caller, so that a seed decides everything; in memory where that
    /// can be had.
    pub async fn simulated(seed: u64, settings: &[(&str, &str)]) -> Self {
        let clock = Clock::virtual_from(epoch(), seed);
        Self::open(folder_in_memory(), clock, config(settings), Execution::Caller).await
    }

    /// The master is killed: no goodbye, nothing is recorded any more, and its database is what was
    /// committed. `agents` see their connections end. What is left of it in this process is put to rest.
    pub async fn kill(self, agents: impl Iterator<Item = &StoryAgent>) -> Stopped {
        agents.for_each(StoryAgent::master_dies);
        let Self { app, clock, folder, config, execution } = self;
        let copy = folder_in_memory();
        let (from, to) = (folder.path().to_owned(), copy.path().to_owned());
        let copied = app.means.store.write(move |_| {
            // Nobody else writes while this job does, and what it does not commit is not in the copy.
            for name in ["kontena.db", "kontena.db-wal"] {
                std::fs::copy(from.join(name), to.join(name)).expect("copies");
            }
            Ok(())
        });
        copied.await.expect("writes");
        drop(folder);
        Stopped { remains: app, clock, folder: copy, config, execution }
    }

    async fn open(
        folder: std::rc::Rc<tempfile::TempDir>,
        clock: Clock,
        config: Config,
        execution: Execution,
    ) -> Self {
        let file = folder.path().join("kontena.db").to_string_lossy().into_owned();
        let options = Options { readers: 2, execution };
        let url = match &config.database_url {
            DatabaseUrl::Postgres(_) => config.database_url.clone(),
            DatabaseUrl::Sqlite(_) => DatabaseUrl::Sqlite(file),
        };
        let store = Store::open(&url, options).expect("opens");
        let means = Means { store, vault: Vault::new("test"), clock: clock.clone() };
        setup::first_administrator(&means, Some("code".to_owned()))
            .await
            .expect("an administrator");
        let app = boot::wire(&config, means, Placement::Here).await.expect("starts");
        Self { app, clock, folder, config, execution }
    }

    /// Stops the master and starts another on the same database, after an outage of this length. What its
    /// actors would have done about agents they lose sight of, they do not: the master is gone first.
    pub async fn restart(self, agents: &[StoryAgent], outage: Duration) -> Self {
        let Self { app, clock, folder, config, execution } = self;
        for (_, grid) in app.registry.grids() {
            grid.send(kontena_master::actors::grid::Drain).await.expect("lives");
        }
        drop(app);
        agents.iter().for_each(StoryAgent::lose_master);
        tokio::time::sleep(outage).await;
        Self::open(folder, clock, config, execution).await
    }

    pub fn registry(&self) -> &Registry {
        &self.app.registry
    }

    pub fn means(&self) -> &Means {
        &self.app.means
    }

    pub async fn caller(&self) -> Caller {
        let user = self.means().store.read(|conn| users::by_email(conn, "admin")).await;
        let user = user.expect("reads").expect("the administrator");
        Caller {
            user,
            source_ip: "127.0.0.1".to_owned(),
            user_agent: "test".to_owned(),
            token: String::new(),
        }
    }

    pub async fn grid(&self, name: &str) -> (Grid, String) {
        let draft = validate::grid::GridDraft {
            name: Some(name.to_owned()),
            token: None,
            initial_size: 1,
            subnet: Cidr::DEFAULT_SUBNET,
            supernet: Cidr::DEFAULT_SUPERNET,
            default_affinity: vec![],
            trusted_subnets: vec![],
            statsd: None,
            logs: None,
        };
        let caller = self.caller().await;
        let grid = commands::grids::create(self.means(), &caller, draft).await.expect("creates");
        drop(self.registry().grid(grid.id));
        let tokens = commands::grids::tokens(self.means(), vec![grid.id]).await.expect("reads");
        let token = tokens[&grid.id].clone();
        (grid, token)
    }

    pub async fn node_token(&self, grid: &Grid, name: &str) -> String {
        let draft =
            validate::node::create(&json!({ "name": name, "labels": [] })).expect("a valid node");
        let caller = self.caller().await;
        let node =
            commands::nodes::create(self.means(), &caller, grid, draft).await.expect("creates");
        let token = commands::nodes::show_token(self.means(), &node).await.expect("reads");
        token.expect("a node token")
    }

    /// Creates a service from the body an administrator would send.
    pub async fn service(&self, grid: &Grid, body: serde_json::Value) -> Service {
        let draft = validate::service::create(&body).expect("a valid service");
        let caller = self.caller().await;
        commands::services::create(self.means(), &caller, grid, draft).await.expect("creates")
    }

    /// Asks for a deploy and waits for its end; returns its state and reason.
    pub async fn deploy(&self, grid: &Grid, service: &Service) -> (String, Option<String>) {
        let deploy = self.deploy_record(grid, service).await;
        (deploy.state.as_str().to_owned(), deploy.reason)
    }

    /// Asks for a deploy and waits for its end.
    pub async fn deploy_record(&self, grid: &Grid, service: &Service) -> Deploy {
        let caller = self.caller().await;
        let (_, deploy) =
            commands::services::deploy(self.means(), &caller, grid, service.id, false)
                .await
                .expect("accepted");
        let id = deploy.id;
        let mut found = None;
        self.until("the deploy ends", Duration::from_secs(1800), async || {
            let read = self.means().store.read(move |conn| deploys::by_id(conn, id)).await;
            found = read.expect("reads").filter(|deploy| deploy.is_finished());
            found.is_some()
        })
        .await;
        found.expect("finished")
    }

    pub async fn nodes(&self, grid: &Grid) -> Vec<Node> {
        let id = grid.id;
        self.means().store.read(move |conn| nodes::of_grid(conn, id)).await.expect("reads")
    }

    pub async fn node(&self, grid: &Grid, name: &str) -> Node {
        let nodes = self.nodes(grid).await;
        nodes.into_iter().find(|node| node.name == name).expect("a node of that name")
    }

    pub async fn instances(&self, service: &Service) -> Vec<Instance> {
        let id = service.id;
        self.means().store.read(move |conn| instances::of_service(conn, id)).await.expect("reads")
    }

    /// The names of the nodes a service's running instances are on, by instance number.
    pub async fn placement(&self, grid: &Grid, service: &Service) -> Vec<(u32, String)> {
        let nodes = self.nodes(grid).await;
        let name = |instance: &Instance| {
            let node = nodes.iter().find(|node| Some(node.id) == instance.node);
            node.map_or_else(|| "-".to_owned(), |node| node.name.clone())
        };
        self.instances(service)
            .await
            .iter()
            .filter(|instance| instance.state == ObservedState::Running)
            .map(|instance| (instance.number, name(instance)))
            .collect()
    }

    pub async fn events(&self, grid: &Grid) -> Vec<String> {
        let id = grid.id;
        let read = self.means().store.read(move |conn| events::newest(conn, id, None, 1000)).await;
        read.expect("reads").into_iter().map(|(_, event)| event.message).collect()
    }

    pub async fn deploys_started(&self, grid: &Grid) -> usize {
        let events = self.events(grid).await;
        events.iter().filter(|message| message.ends_with("deploy started")).count()
    }

    pub async fn until_status(&self, grid: &Grid, name: &str, status: NodeStatus) {
        let what = format!("node {name} is {}", status.as_str());
        self.until(&what, Duration::from_secs(120), async || {
            let nodes = self.nodes(grid).await;
            nodes.iter().any(|node| node.name == name && node.status() == status)
        })
        .await;
    }

    /// Waits for a condition, with a limit in the story's time.
    pub async fn until(&self, what: &str, limit: Duration, mut holds: impl AsyncFnMut() -> bool) {
        let started = kontena_master::clock::instant();
        while !holds().await {
            assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn grid_by_name(&self, name: &str) -> Grid {
        let name = name.to_owned();
        let read = self.means().store.read(move |conn| grids::by_name(conn, &name)).await;
        read.expect("reads").expect("the grid exists")
    }
}
