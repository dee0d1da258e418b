//! Wiring: opens the store, starts the actors, listens, and shuts down in order. Nobody imports it.
//!
//! ```text
//!   vault key -> store (migrated) -> first administrator -> lease claimed -> left-over connections marked
//!            -> grid actors -> listen -> ... signal ... -> sessions closed (1001) -> lease released -> store
//! ```

mod alone;
pub mod dev;
mod key;
mod lease;
mod listener;

use std::{
    fs::File,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix::prelude::*;
use actix_web::dev::ServerHandle;
use chrono::TimeDelta;
use kontena_core::{cleanup, grace::Graces, keepalive, login};
use kontena_protocol::COMPAT_VERSION;
use kontena_store::{Options, Store, StoreError, grids};

use crate::{
    actors::{Attendance, Failpoints, Placement, Registry, Rules, Tools, Usage, grid::Drain},
    clock::Clock,
    commands::{
        Means,
        setup::{self, VaultCheck},
    },
    config::Config,
    http::{App, Throttle},
    telemetry::Metrics,
    vault::Vault,
};

/// How long sessions may take to say goodbye.
const DRAIN_LIMIT: Duration = Duration::from_secs(3);
/// How long the database may take to be given the lease back.
const RELEASE_LIMIT: Duration = Duration::from_secs(2);

/// Why a master does not start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The database is away, refuses, or was made by a newer program.
    #[error("DATABASE_URL")]
    Store(#[source] StoreError),
    /// Another master runs on the SQLite file.
    #[error("DATABASE_URL: another master runs on {file}")]
    InUse {
        /// The file.
        file: String,
    },
    /// The vault key does not open the database.
    #[error("VAULT_KEY: this key does not open the database: takes the key it was first used with")]
    WrongVaultKey,
    /// The key file beside the database was not there, and the database is sealed with what was in it.
    #[error(
        "VAULT_KEY: {file} is missing: takes the file this database was first used with, or its key"
    )]
    KeyFileGone {
        /// The file.
        file: String,
    },
    /// The database file, or its folder, cannot be used.
    #[error("DATABASE_URL: cannot use {file}: {error}")]
    Unusable {
        /// The file.
        file: String,
        /// Why not.
        error: std::io::Error,
    },
    /// The database file has several names.
    #[error("DATABASE_URL: {file} has several names (hard links): takes a file that has one")]
    Linked {
        /// The file.
        file: String,
    },
    /// The key file beside the database cannot be read or made.
    #[error("VAULT_KEY: cannot use {file}: {error}")]
    KeyFile {
        /// The file.
        file: String,
        /// Why not.
        error: std::io::Error,
    },
    /// The address cannot be listened on.
    #[error("LISTEN: cannot listen on {addr}: {error}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// Why not.
        error: std::io::Error,
    },
    /// Something else of the operating system's.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The local node of `dev`, or its login, cannot be set up.
    #[error("dev: {0}")]
    Dev(String),
}

impl BootError {
    /// Whether a setting is wrong, rather than the world around.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        matches!(
            self,
            Self::WrongVaultKey
                | Self::KeyFileGone { .. }
                | Self::Linked { .. }
                | Self::Store(StoreError::Newer(_))
        )
    }
}

/// Runs a master until SIGTERM or SIGINT.
///
/// # Errors
/// Where it does not start, or another master takes over.
pub fn serve(config: Config) -> Result<(), BootError> {
    System::new().block_on(async move {
        let master = Master::start(config).await?;
        println!("kontena-master listening on http://{}", master.addr());
        master.run_until_signal().await
    })
}

/// Applies pending migrations.
///
/// # Errors
/// Where one fails, or the database is away.
pub fn migrate(config: &Config) -> Result<(), BootError> {
    let options = Options { readers: 1, ..Options::default() };
    Store::open(&config.database_url, options).map(drop).map_err(BootError::Store)
}

/// Makes an access token, with or without a running master.
///
/// # Errors
/// Where the database is away or the vault key is another one's.
pub fn create_token(
    config: &Config,
    user: String,
    roles: Vec<String>,
    expires_in: Option<u32>,
) -> Result<String, BootError> {
    System::new().block_on(async move {
        let means = open(config).await?;
        let expires_in =
            expires_in.filter(|seconds| *seconds > 0).map(|s| TimeDelta::seconds(i64::from(s)));
        let issued = setup::create_token(&means, user, roles, expires_in).await;
        Ok(issued.map_err(BootError::Store)?.access_token)
    })
}

/// Opens vault and store, and ties them to one another.
async fn open(config: &Config) -> Result<Means, BootError> {
    let key = key::read_or_make(config)?;
    let vault = Vault::new(&key.text);
    let store = Store::open(&config.database_url, Options::default()).map_err(BootError::Store)?;
    match setup::check_vault(&store, &vault).await.map_err(BootError::Store)? {
        VaultCheck::Opens => Ok(Means { store, vault, clock: Clock::system() }),
        VaultCheck::Wrong => Err(key.refuse()),
    }
}

/// A running master.
pub struct Master {
    app: App,
    addr: SocketAddr,
    server: ServerHandle,
    arbiters: Vec<Arbiter>,
    /// Held for as long as the master runs.
    _alone: Option<File>,
}

impl Master {
    /// Starts a master; it listens when this returns. The initial admin code, where one was made up, is
    /// printed on standard error.
    ///
    /// # Errors
    /// Where it does not start.
    pub async fn start(config: Config) -> Result<Self, BootError> {
        // Before migrations, which are none of a second master's business.
        let alone = alone::lock(&config.database_url)?;
        let means = open(&config).await?;
        let listener = listener::bind(config.listen)?;
        let code = setup::first_administrator(&means, config.initial_admin_code.clone())
            .await
            .map_err(BootError::Store)?;
        if let Some(code) = code {
            eprintln!("initial admin code: {code}");
        }
        let (grid_arbiter, scheduler_arbiter) = (Arbiter::new(), Arbiter::new());
        let placement = Placement::Arbiters {
            grids: grid_arbiter.handle(),
            schedulers: scheduler_arbiter.handle(),
        };
        let app = wire(&config, means, placement).await?;
        drop(actix_rt::spawn(lease::keep(app.means.store.clone())));
        let addr = listener.local_addr()?;
        let server = listener::serve(listener, app.clone())?;
        log::info!("database {}", config.database_url);
        let arbiters = vec![grid_arbiter, scheduler_arbiter];
        Ok(Self { app, addr, server, arbiters, _alone: alone })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What its handlers work with.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Runs until SIGTERM or SIGINT, or until another master has taken over, then stops. A second signal
    /// ends the process at once.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] where another master has taken over: nothing here is true any more, and
    /// whoever starts this one again has it wait for the lease.
    pub async fn run_until_signal(self) -> Result<(), BootError> {
        let taken_by = tokio::select! {
            () = signal() => None,
            holder = self.app.means.store.fenced() => Some(holder),
        };
        match &taken_by {
            None => log::info!("stopping"),
            Some(holder) => log::error!("another master has taken over ({holder}): stopping"),
        }
        actix_rt::spawn(async {
            signal().await;
            std::process::exit(1);
        });
        self.stop().await;
        taken_by.map_or(Ok(()), |holder| Err(BootError::Store(StoreError::Fenced(holder))))
    }

    /// Stops: no more sessions, sessions closed with 1001, what was acknowledged is committed, the lease is
    /// the next master's.
    pub async fn stop(self) {
        self.app.ready.store(false, Ordering::Release);
        for (_, grid) in self.app.registry.grids() {
            // A grid actor that was lost this moment has no sessions to close.
            grid.send(Drain).await.ok();
        }
        let gone = async {
            while self.app.registry.sessions() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(DRAIN_LIMIT, gone).await.is_err() {
            log::warn!("{} sessions did not say goodbye", self.app.registry.sessions());
        }
        self.server.stop(false).await;
        for arbiter in self.arbiters {
            arbiter.stop();
        }
        let released = tokio::time::timeout(RELEASE_LIMIT, self.app.means.store.release()).await;
        match released {
            Ok(Ok(())) => {}
            Ok(Err(error)) if error.is_fenced() => {}
            _ => log::warn!("the lease was not given back: the next master waits for its end"),
        }
    }
}

/// Makes the store the active master's and starts the actors of every grid on it. The only way to actors,
/// so that none ever writes without a lease.
///
/// # Errors
/// Where the store fails, or another master is active.
pub async fn wire(config: &Config, means: Means, placement: Placement) -> Result<App, BootError> {
    means.store.claim(&lease::holder()).await.map_err(BootError::Store)?;
    let listening_since = means.clock.now();
    let left_over = setup::begin(&means.store, listening_since).await.map_err(BootError::Store)?;
    if left_over > 0 {
        log::info!("{left_over} nodes were connected to the previous master: their grace begins");
    }
    let tools = Tools {
        store: means.store.clone(),
        vault: means.vault.clone(),
        clock: means.clock.clone(),
        metrics: Arc::new(Metrics::default()),
        failpoints: Failpoints::default(),
        attendance: Attendance::begin(&means.clock, listening_since),
        usage: Usage::default(),
        rules: Arc::new(rules(config, listening_since)),
    };
    let registry = Registry::new(tools, placement);
    let all = means.store.read(grids::all).await.map_err(BootError::Store)?;
    for grid in &all {
        drop(registry.grid(grid.id));
    }
    Ok(App {
        registry,
        means,
        known: Arc::default(),
        rosters: Arc::default(),
        ready: Arc::new(AtomicBool::new(true)),
        throttle: Throttle::default(),
        beat: config.stream_beat,
    })
}

fn rules(config: &Config, listening_since: kontena_core::domain::Time) -> Rules {
    let span = |span| TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
    Rules {
        login: login::Rules {
            version: COMPAT_VERSION.to_owned(),
            websocket_timeout: span(config.websocket_timeout),
            clock_skew: span(config.clock_skew),
        },
        keepalive: keepalive::Settings {
            interval: config.keepalive_interval,
            timeout: config.websocket_timeout,
        },
        graces: Graces {
            daemon: span(config.grace_daemon),
            ha: span(config.grace_ha),
            random: span(config.grace_random),
        },
        limits: cleanup::Limits {
            stale: span(config.keepalive_interval * 2),
            ephemeral: span(config.ephemeral_ttl),
            listening_since,
            absences: Arc::default(),
        },
        max_agents: config.max_agents,
    }
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        // Without handlers the signals end the process by themselves.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
