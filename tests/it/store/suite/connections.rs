//! Connections: which one counts, whoever comes first and in whatever crowd.

use chrono::TimeDelta;
use kontena_core::{
    Snapshot,
    domain::{Change, EngineId, Instance, InstanceId, Node, ObservedState},
    presence,
};
use kontena_store::{Store, StoreError, instances, nodes, snapshots};

use super::{apply, grid, node, now, service};

pub async fn run(store: &Store) {
    the_newest_connection_wins_whatever_the_order(store).await;
    of_two_agents_racing_for_a_token_one_wins(store).await;
    a_storm_of_connections_is_told_row_by_row(store).await;
}

async fn the_newest_connection_wins_whatever_the_order(store: &Store) {
    let grid = grid(store, "newest").await;
    let node = node(store, &grid, 1).await;
    let (first, second) = (now(), now() + TimeDelta::milliseconds(1));
    let plug = |at| presence::plug(node.id, at, now());
    let unplug = |connected_at| Change::NodeUnplugged {
        node: node.id,
        connected_at,
        at: now(),
        close_code: 1006,
        close_reason: String::new(),
    };
    apply(store, grid.id, vec![plug(first)]).await.expect("the first plugs");
    apply(store, grid.id, vec![plug(second)]).await.expect("a newer one plugs");
    for late in [plug(first), plug(second), unplug(first)] {
        let outcome = apply(store, grid.id, vec![late]).await;
        assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
    }
    let id = node.id;
    let read = || store.read(move |conn| nodes::by_id(conn, id));
    let found = read().await.expect("reads").expect("there");
    assert!(found.connected && found.connected_at == Some(second));
    apply(store, grid.id, vec![unplug(second)]).await.expect("its own end counts");
    let found = read().await.expect("reads").expect("there");
    assert!(!found.connected && found.disconnected_at == Some(now()));
    assert_eq!(found.connection.map(|connection| connection.opened), Some(true));
}

async fn of_two_agents_racing_for_a_token_one_wins(store: &Store) {
    let grid = grid(store, "race").await;
    let node = node(store, &grid, 1).await;
    let bind = |engine: &str| {
        let bound = Change::NodeBound {
            node: node.id,
            engine_id: EngineId::new(engine).expect("an id"),
            agent_version: "1.5.4".to_owned(),
            labels: vec![],
            at: now(),
        };
        apply(store, grid.id, vec![bound])
    };
    let (one, two) = tokio::join!(bind("race-1"), bind("race-2"));
    assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|won| **won).count(), 1);
}

async fn a_storm_of_connections_is_told_row_by_row(store: &Store) {
    let grid = grid(store, "storm").await;
    let mut all = Vec::new();
    for number in 1..=40 {
        all.push(node(store, &grid, number).await);
    }
    let (contents, mut follower) =
        store.follow(grid.id).await.expect("follows").expect("the grid exists");
    let mut picture = Snapshot::new(contents, now());
    let at =
        |node: &Node, millis: i64| now() + TimeDelta::milliseconds(millis + i64::from(node.number));
    let id = grid.id;
    // Every node connects twice at once, the second time with an older clock.
    let newer =
        all.iter().map(|node| store.change(id, presence::plug(node.id, at(node, 100), now())));
    let older =
        all.iter().map(|node| store.change(id, presence::plug(node.id, at(node, 0), now())));
    let seen = all.iter().map(|node| {
        let seen = Change::NodeSeen { node: node.id, connected_at: at(node, 100), at: now() };
        store.change(id, seen)
    });
    let late = all.iter().map(|node| {
        let unplugged = Change::NodeUnplugged {
            node: node.id,
            connected_at: at(node, 0),
            at: now(),
            close_code: 1006,
            close_reason: String::new(),
        };
        store.change(id, unplugged)
    });
    let (newer, older, seen, late) = tokio::join!(
        futures_util::future::join_all(newer),
        futures_util::future::join_all(older),
        futures_util::future::join_all(seen),
        futures_util::future::join_all(late),
    );
    assert!(newer.iter().chain(&seen).all(Result::is_ok), "{newer:?} {seen:?}");
    let conflicts =
        older.iter().chain(&late).filter(|outcome| matches!(outcome, Err(StoreError::Conflict(_))));
    assert_eq!(conflicts.count(), 80, "{older:?} {late:?}");
    while let Some(committed) = follower.try_next() {
        committed.changes.iter().for_each(|change| picture.apply(change));
    }
    let loaded = store.read(move |conn| snapshots::load(conn, id)).await.expect("reads");
    assert_eq!(picture, Snapshot::new(loaded.expect("the grid exists"), now()));
    assert!(picture.nodes().all(|node| node.connected));

    // Reports about instances, some of them about what is elsewhere.
    let web = service(store, &grid, "web").await;
    for number in 1..=20_u32 {
        let byte = u8::try_from(number).expect("small");
        let instance_id =
            InstanceId::from_bytes([0xe0 + byte / 16, byte, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        let node = Some(all[0].id);
        let instance = Instance::new(instance_id, &web, number, node, now());
        apply(store, id, vec![Change::InstanceCreated(Box::new(instance))]).await.expect("creates");
    }
    let reports = (1..=40_u32).map(|number| {
        let reported = Change::InstanceReported {
            service: web.id,
            number,
            node: if number % 2 == 0 { all[0].id } else { all[1].id },
            rev: (number % 4 == 0).then(|| "rev".to_owned()),
            state: ObservedState::Running,
            error: None,
            at: now(),
        };
        store.change(id, reported)
    });
    let reports = futures_util::future::join_all(reports).await;
    assert_eq!(reports.iter().filter(|outcome| outcome.is_ok()).count(), 10);
    let (web, read) = (web.id, store);
    let rows = read.read(move |conn| instances::of_service(conn, web)).await.expect("reads");
    let running = rows.iter().filter(|row| row.state == ObservedState::Running);
    assert_eq!(running.count(), 10);
    assert_eq!(rows.iter().filter(|row| row.rev.is_some()).count(), 5);
}
