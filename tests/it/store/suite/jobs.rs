//! Jobs of the writer: whole or not at all, and none at another's cost.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use kontena_core::domain::{Change, Event, Grid, NodeId, Severity};
use kontena_store::{Store, StoreError, events, nodes};

use super::{apply, grid, node, now};

pub async fn run(store: &Store) {
    a_conflict_writes_nothing_of_its_job(store).await;
    a_panic_in_a_job_harms_no_other(store).await;
    a_taken_name_is_told_apart_from_a_failure(store).await;
    many_writers_are_all_acknowledged(store).await;
}

async fn a_conflict_writes_nothing_of_its_job(store: &Store) {
    let grid = grid(store, "conflict").await;
    let node = node(store, &grid, 1).await;
    let changes = vec![
        Change::NodeEdited {
            node: node.id,
            labels: vec!["changed".to_owned()],
            availability: node.availability,
            at: now(),
        },
        // Nobody is connected: the presupposition does not hold.
        Change::NodeSeen { node: node.id, connected_at: now(), at: now() },
    ];
    let outcome = apply(store, grid.id, changes).await;
    assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
    let id = node.id;
    let found = store.read(move |conn| nodes::by_id(conn, id)).await.expect("reads");
    assert_eq!(found, Some(node));
}

async fn a_panic_in_a_job_harms_no_other(store: &Store) {
    let grid = grid(store, "panic").await;
    let panics = store.write(|_| -> Result<(), StoreError> { panic!("planned") });
    let works =
        apply(store, grid.id, vec![Change::EventLogged(Box::new(event(&grid, "after the panic")))]);
    let (panicked, worked) = tokio::join!(panics, works);
    assert!(matches!(panicked, Err(StoreError::Panicked(text)) if text.contains("planned")));
    worked.expect("its neighbour is written");
    let id = grid.id;
    let found = store.read(move |conn| events::newest(conn, id, None, 10)).await.expect("reads");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1, event(&grid, "after the panic"));
}

pub fn event(grid: &Grid, message: &str) -> Event {
    Event {
        grid: grid.id,
        at: now(),
        severity: Severity::Warn,
        kind: "scheduler".to_owned(),
        message: message.to_owned(),
        service: None,
        node: None,
        instance_number: Some(2),
    }
}

async fn a_taken_name_is_told_apart_from_a_failure(store: &Store) {
    let grid = grid(store, "taken").await;
    let node = node(store, &grid, 1).await;
    let mut twin = node.clone();
    twin.id = NodeId::from_bytes([9; 12]);
    let outcome = apply(store, grid.id, vec![Change::NodeCreated(Box::new(twin))]).await;
    assert!(matches!(outcome, Err(StoreError::Taken(_))), "{outcome:?}");
}

async fn many_writers_are_all_acknowledged(store: &Store) {
    let grid = grid(store, "many").await;
    let tries = Arc::new(AtomicU32::new(0));
    let writes = (0..200).map(|number: u32| {
        let (tries, grid) = (Arc::clone(&tries), grid.clone());
        store.write(move |tx| {
            tries.fetch_add(1, Ordering::Relaxed);
            let message = format!("event {number}");
            tx.apply(grid.id, Change::EventLogged(Box::new(event(&grid, &message))))?;
            // Some fail, and must take nobody along.
            if number % 50 == 7 { Err(StoreError::Conflict("the test")) } else { Ok(number) }
        })
    });
    let outcomes = futures_util::future::join_all(writes).await;
    let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    assert_eq!(failed, 4);
    let id = grid.id;
    let found = store.read(move |conn| events::newest(conn, id, None, 1000)).await.expect("reads");
    assert_eq!(found.len(), 196);
    assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0), "numbered in order");
    assert!(tries.load(Ordering::Relaxed) >= 200);
}
