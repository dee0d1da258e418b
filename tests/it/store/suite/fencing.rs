//! Two masters on one database: the lease has one holder, and the other one writes nothing.

use chrono::TimeDelta;
use kontena_core::{
    domain::{Change, Grid, Node},
    presence,
};
use kontena_store::{Options, Store, StoreError, events, nodes, settings};

use super::{grid, jobs::event, node, now};

pub async fn run(store: &Store) {
    a_lease_that_was_claimed_by_another_writes_nothing(store).await;
    tools_beside_a_master_are_not_fenced(store).await;
}

/// As a master on the same database opens it.
fn open(store: &Store) -> Store {
    Store::open(store.url(), Options::default()).expect("opens")
}

async fn nodes_of(store: &Store, grid: &Grid) -> Vec<Node> {
    let id = grid.id;
    store.read(move |conn| nodes::of_grid(conn, id)).await.expect("reads")
}

fn is_fenced_by<T: std::fmt::Debug>(outcome: &Result<T, StoreError>, by: &str) -> bool {
    matches!(outcome, Err(StoreError::Fenced(holder)) if holder == by)
}

/// Whatever form a write has: a job, a single change, many of one kind at once (sets on Postgres).
async fn a_lease_that_was_claimed_by_another_writes_nothing(store: &Store) {
    let (first, second) = (open(store), open(store));
    let before = first.claim("the first").await.expect("claims");
    assert_eq!(first.claim("the first").await.expect("has it"), before, "it keeps what it has");
    let grid = grid(&first, "fencing").await;
    let mut here = Vec::new();
    for number in 1..=20 {
        here.push(node(&first, &grid, number).await);
    }
    let followed = first.follow(grid.id).await.expect("follows");
    let (_, mut follower) = followed.expect("the grid exists");

    // So that on Postgres the second need not wait: the first goes on as if it had not given it back.
    first.release().await.expect("gives it back");
    let plugged = presence::plug(here[0].id, now(), now());
    first.change(grid.id, plugged).await.expect("nobody else has it");
    assert_eq!(follower.try_next().expect("is told").changes.len(), 1);
    assert!(second.claim("the second").await.expect("claims") > before);
    let is_there = nodes_of(store, &grid).await;
    assert!(!first.is_fenced(), "it has not noticed");
    let later = now() + TimeDelta::seconds(1);
    let plug = |node: &Node| first.change(grid.id, presence::plug(node.id, later, later));
    for outcome in futures_util::future::join_all(here.iter().map(plug)).await {
        assert!(is_fenced_by(&outcome, "the second"), "{outcome:?}");
    }
    assert!(first.is_fenced());
    assert_eq!(first.fenced().await, "the second");
    let logged = event(&grid, "from the past");
    let job = first.write(move |tx| {
        settings::set(tx.conn(), "fencing", "written")?;
        tx.apply(grid.id, Change::EventLogged(Box::new(logged.clone())))
    });
    assert!(is_fenced_by(&job.await, "the second"));
    assert!(is_fenced_by(&first.renew().await, "the second"));
    assert!(is_fenced_by(&first.release().await, "the second"), "it is not its own to give");
    assert!(follower.try_next().is_none(), "what was not written is not told");

    let id = grid.id;
    assert_eq!(nodes_of(store, &grid).await, is_there);
    let log = store.read(move |conn| events::newest(conn, id, None, 10)).await.expect("reads");
    assert_eq!(log, vec![]);
    let set = store.read(|conn| settings::get(conn, "fencing")).await.expect("reads");
    assert_eq!(set, None);
    second.change(id, presence::plug(here[0].id, later, later)).await.expect("is the active one's");
    second.renew().await.expect("still has it");
    second.release().await.expect("gives it back");
}

async fn tools_beside_a_master_are_not_fenced(store: &Store) {
    let master = open(store);
    master.claim("a master").await.expect("claims");
    store
        .write(|tx| settings::set(tx.conn(), "tool", "written"))
        .await
        .expect("no lease, no epoch");
    master.renew().await.expect("still has it");
    assert!(!master.is_fenced());
    master.release().await.expect("gives it back");
}
