//! The nodes of a grid as they were last read, good until something in the grid is committed.
//!
//! Dashboards and provider plugins ask for the nodes of a grid every second, and reading them costs far more
//! than sending them. What is kept is never older than the last commit that was acknowledged.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use actix_web::web::Bytes;
use kontena_core::domain::{Grid, GridId, Node};
use kontena_protocol::api;
use kontena_store::{Version, grids as grids_table, nodes as table};

use crate::{
    commands::grids,
    http::{App, error::ApiError, v1::view},
};

/// Grids whose nodes are kept.
const MOST_GRIDS: usize = 64;
/// Nodes of a grid whose list names every node's peers. That is as many addresses as nodes times nodes, and
/// grids of Kontena 1.5 had no more; one node by itself always names them.
const MOST_WITH_PEERS: usize = 254;

/// A grid, its token and its nodes, by name.
#[derive(Debug)]
pub(super) struct Roster {
    grid: Grid,
    token: String,
    nodes: Vec<Node>,
    list: OnceLock<Bytes>,
}

impl Roster {
    /// The nodes of a grid, as of now.
    pub(super) async fn of(app: &App, grid: GridId) -> Result<Arc<Self>, ApiError> {
        // Everything is read after this.
        let version = app.means.store.version(grid);
        if let Some(known) = app.rosters.get(grid, version) {
            return Ok(known);
        }
        let read = app
            .means
            .store
            .read(move |conn| Ok((grids_table::by_id(conn, grid)?, table::of_grid(conn, grid)?)));
        let (found, nodes) = read.await?;
        let found = found.ok_or(ApiError::NOT_FOUND)?;
        let token = grids::tokens(&app.means, vec![grid]).await?.remove(&grid).unwrap_or_default();
        let roster = Arc::new(Self { grid: found, token, nodes, list: OnceLock::new() });
        app.rosters.keep(grid, version, &roster);
        Ok(roster)
    }

    /// Every node, as a body.
    pub(super) fn list(&self) -> Result<Bytes, ApiError> {
        if let Some(known) = self.list.get() {
            return Ok(known.clone());
        }
        let peers = if self.nodes.len() > MOST_WITH_PEERS { &[] } else { &self.nodes[..] };
        let shown = |node| view::node(&self.grid, &self.token, node, peers);
        let nodes = self.nodes.iter().map(shown).collect();
        let bytes = serde_json::to_vec(&api::Nodes { nodes }).map_err(|error| {
            log::error!("the nodes of {} cannot be shown: {error}", self.grid.name);
            ApiError::Internal
        })?;
        Ok(self.list.get_or_init(|| bytes.into()).clone())
    }

    /// One node with its surroundings.
    pub(super) fn show(&self, node: &Node) -> api::Node {
        view::node(&self.grid, &self.token, node, &self.nodes)
    }
}

/// The rosters that are kept.
#[derive(Debug, Default)]
pub struct Rosters {
    by_grid: Mutex<HashMap<GridId, (Version, Arc<Roster>)>>,
}

impl Rosters {
    fn get(&self, grid: GridId, version: Version) -> Option<Arc<Roster>> {
        let rosters = self.by_grid.lock().unwrap_or_else(PoisonError::into_inner);
        rosters.get(&grid).filter(|(known, _)| *known == version).map(|(_, it)| Arc::clone(it))
    }

    /// Keeps what was read after the version was taken.
    fn keep(&self, grid: GridId, version: Version, roster: &Arc<Roster>) {
        let mut rosters = self.by_grid.lock().unwrap_or_else(PoisonError::into_inner);
        if rosters.len() >= MOST_GRIDS {
            rosters.clear();
        }
        rosters.insert(grid, (version, Arc::clone(roster)));
    }
}
