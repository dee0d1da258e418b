//! What agents report of their machines and containers.

use chrono::TimeDelta;
use kontena_core::domain::{
    Change, Connection, ContainerDetails, ContainerHealth, ContainerId, ContainerRecord, Grid,
    GridId, InstanceId, MemoryStats, NodeFigures, NodeId, NodeSample, NodeTraffic, Time,
};
use kontena_store::{Store, StoreError, containers, hooks, nodes, samples};

use super::{apply, grid, node, now, service};

pub async fn run(store: &Store) {
    the_history_of_figures_is_a_ring(store).await;
    figures_of_many_nodes_are_written_together(store).await;
    containers_of_a_node_that_is_away_count_as_deleted(store).await;
    decisions_see_containers_without_their_details(store).await;
    containers_of_a_service_are_of_its_grid(store).await;
    a_node_that_is_offline_stays_offline_since_then(store).await;
    a_hook_is_marked_once_and_goes_with_its_instance(store).await;
}

fn container(grid: GridId, node: NodeId, name: &str, kind: &str) -> ContainerRecord {
    let mut bytes = [0xc0; 12];
    for (byte, letter) in bytes.iter_mut().zip(name.bytes().chain(grid.to_string().bytes())) {
        *byte = letter;
    }
    ContainerRecord {
        id: ContainerId::from_bytes(bytes),
        grid,
        node,
        container_id: format!("docker-{name}"),
        name: name.to_owned(),
        kind: kind.to_owned(),
        service: None,
        instance_number: Some(1),
        details: Box::new(ContainerDetails {
            image: Some("redis".to_owned()),
            ..ContainerDetails::default()
        }),
        health: None,
        created_at: now(),
        updated_at: now(),
        deleted_at: None,
    }
}

fn measured(node: NodeId, at: Time, used: i64) -> Change {
    let memory = Some(MemoryStats { total: 100, used, ..MemoryStats::default() });
    let figures = NodeFigures { memory, ..NodeFigures::default() };
    let sample = NodeSample { at, figures, network: NodeTraffic::default() };
    Change::NodeMeasured { node, sample: Box::new(sample), at }
}

/// For the story that applies every change to a picture.
pub fn history(grid: &Grid, node: NodeId, at: Time) -> Vec<Change> {
    let kept = container(grid.id, node, "kept", "container");
    let gone = container(grid.id, node, "gone", "container");
    let connection = Connection { opened: false, close_code: Some(4020), close_reason: None };
    let later = at + TimeDelta::milliseconds(5);
    vec![
        measured(node, at, 7),
        Change::ContainerSaved(Box::new(kept.clone())),
        Change::ContainerSaved(Box::new(gone.clone())),
        Change::ContainerSaved(Box::new(container(grid.id, node, "data", "volume"))),
        Change::ContainerChecked {
            container: kept.id,
            health: ContainerHealth { healthy: true, at },
        },
        Change::ContainerRemoved(gone.id),
        Change::NodeSwept { node, connected_at: at, at },
        Change::NodeRejected { node, connected_at: later, connection, at: later },
    ]
}

async fn the_history_of_figures_is_a_ring(store: &Store) {
    let grid = grid(store, "ring").await;
    let node = node(store, &grid, 1).await.id;
    for minute in 0..100 {
        let at = now() + TimeDelta::minutes(minute);
        store.change(grid.id, measured(node, at, minute)).await.expect("kept");
    }
    let end = now() + TimeDelta::minutes(99);
    let read = move |from| store.read(move |conn| samples::of_node(conn, node, from, end));
    let all = read(now()).await.expect("reads");
    assert_eq!(all.len(), 90, "what is older has been overwritten");
    let used = |sample: &NodeSample| sample.figures.memory.map(|memory| memory.used);
    assert_eq!((used(&all[0]), used(&all[89])), (Some(10), Some(99)));
    let hour = read(end - TimeDelta::hours(1)).await.expect("reads");
    assert_eq!(hour.len(), 61);
    let found = store.read(move |conn| nodes::by_id(conn, node)).await.expect("reads");
    assert_eq!(found.and_then(|node| node.memory()).map(|memory| memory.used), Some(99));
}

async fn figures_of_many_nodes_are_written_together(store: &Store) {
    let grid = grid(store, "figures").await;
    let mut all = Vec::new();
    for number in 1..=30 {
        all.push(node(store, &grid, number).await.id);
    }
    let nobody = NodeId::from_bytes([0xff; 12]);
    let everybody = all.iter().chain([&nobody]);
    let written = everybody.map(|node| store.change(grid.id, measured(*node, now(), 1)));
    let written = futures_util::future::join_all(written).await;
    assert!(written.iter().take(30).all(Result::is_ok), "{written:?}");
    assert!(matches!(written.last(), Some(Err(StoreError::Conflict(_)))), "{written:?}");
    let last = all[29];
    let kept = store.read(move |conn| samples::of_node(conn, last, now(), now())).await;
    assert_eq!(kept.expect("reads").len(), 1);
}

async fn containers_of_a_node_that_is_away_count_as_deleted(store: &Store) {
    let grid = grid(store, "containers").await;
    let first = node(store, &grid, 1).await.id;
    let second = node(store, &grid, 2).await.id;
    let saved = |node, name: &str, kind: &str| {
        Change::ContainerSaved(Box::new(container(grid.id, node, name, kind)))
    };
    let plugged = |node| Change::NodePlugged { node, connected_at: now(), at: now() };
    let changes = vec![
        plugged(first),
        plugged(second),
        saved(first, "one", "container"),
        saved(first, "two", "volume"),
        saved(second, "three", "container"),
    ];
    apply(store, grid.id, changes).await.expect("saved");
    let at = now() + TimeDelta::seconds(9);
    let end = |node, connected_at| Change::NodeUnplugged {
        node,
        connected_at,
        at,
        close_code: 1006,
        close_reason: String::new(),
    };
    // In one crowd: of an end that does not count, nothing is marked.
    let (counts, late) = tokio::join!(
        store.change(grid.id, end(first, now())),
        store.change(grid.id, end(second, now() - TimeDelta::seconds(1))),
    );
    assert!(counts.is_ok() && late.is_err(), "{counts:?} {late:?}");
    let id = grid.id;
    let one = container(grid.id, first, "one", "container").id;
    let deleted = store.read(move |conn| containers::deleted_on(conn, first, 9)).await;
    assert_eq!(deleted.expect("reads"), [(one, at)]);
    let read = || store.read(move |conn| containers::first_deleted(conn, id));
    assert_eq!(read().await.expect("reads"), [(first, at)]);
    apply(store, id, vec![saved(second, "one", "container")]).await.expect("moves");
    assert!(read().await.expect("reads").is_empty(), "whoever saves it has it");
    apply(store, id, vec![Change::NodeRemoved(second)]).await.expect("removed");
    let left = store.read(move |conn| containers::of_grid(conn, id)).await.expect("reads");
    assert_eq!(left.len(), 1, "a node takes its containers with it");
}

async fn decisions_see_containers_without_their_details(store: &Store) {
    let grid = grid(store, "visible").await;
    let node = node(store, &grid, 1).await.id;
    let labels = |labels: &[(&str, &str)]| {
        let labels = labels.iter();
        labels.map(|(name, value)| (format!("io.kontena.{name}"), (*value).to_owned())).collect()
    };
    let mut web = container(grid.id, node, "web", "container");
    web.details.labels = labels(&[("stack.name", "shop"), ("service.name", "web")]);
    let plain = container(grid.id, node, "plain", "container");
    let data = container(grid.id, node, "data", "volume");
    let saved = |record: &ContainerRecord| Change::ContainerSaved(Box::new(record.clone()));
    let changes = [&web, &plain, &data].map(saved).to_vec();
    apply(store, grid.id, changes).await.expect("saved");
    // A label that is said anew is seen anew.
    web.details.labels = labels(&[("stack.name", "shop"), ("service.name", "front")]);
    apply(store, grid.id, vec![saved(&web)]).await.expect("saved");
    let id = grid.id;
    let mut seen = store.read(move |conn| containers::visible(conn, id)).await.expect("reads");
    seen.sort_by(|one, other| other.name.cmp(&one.name));
    assert_eq!(seen, [web.visible(), plain.visible()].map(|visible| visible.expect("visible")));
    assert_eq!(seen[0].service_name.as_deref(), Some("front"));
}

async fn containers_of_a_service_are_of_its_grid(store: &Store) {
    let (own, other) = (grid(store, "own").await, grid(store, "other").await);
    let web = service(store, &own, "web").await.id;
    for grid in [&own, &other] {
        let node = node(store, grid, 1).await.id;
        let mut record = container(grid.id, node, &grid.name, "container");
        record.service = Some(web);
        let saved = Change::ContainerSaved(Box::new(record));
        apply(store, grid.id, vec![saved]).await.expect("saved");
    }
    let id = own.id;
    let found = store.read(move |conn| containers::of_service(conn, id, web)).await;
    let names: Vec<_> = found.expect("reads").into_iter().map(|found| found.name).collect();
    assert_eq!(names, ["own"]);
}

async fn a_node_that_is_offline_stays_offline_since_then(store: &Store) {
    let grid = grid(store, "since").await;
    let id = node(store, &grid, 1).await.id;
    let at = |seconds| now() + TimeDelta::seconds(seconds);
    let token_changed = |seconds| Change::NodeTokenChanged {
        node: id,
        has_token: true,
        disconnect: true,
        at: at(seconds),
    };
    let plugged = Change::NodePlugged { node: id, connected_at: at(0), at: at(0) };
    apply(store, grid.id, vec![plugged, token_changed(10)]).await.expect("disconnected");
    apply(store, grid.id, vec![token_changed(20)]).await.expect("again");
    let found = store.read(move |conn| nodes::by_id(conn, id)).await.expect("reads");
    let found = found.expect("there");
    assert_eq!((found.connected, found.marked_offline_at), (false, Some(at(10))));
}

async fn a_hook_is_marked_once_and_goes_with_its_instance(store: &Store) {
    let grid = grid(store, "hooks").await;
    let node = node(store, &grid, 1).await.id;
    let web = service(store, &grid, "web").await;
    let id = InstanceId::from_bytes([0xf1; 12]);
    let instance = kontena_core::domain::Instance::new(id, &web, 1, Some(node), now());
    let created = Change::InstanceCreated(Box::new(instance));
    apply(store, grid.id, vec![created]).await.expect("created");
    let service = web.id;
    for _ in 0..2 {
        let marked = store.write(move |tx| hooks::mark(tx.conn(), service, 1, "hook"));
        marked.await.expect("marked");
    }
    let read = || store.read(move |conn| hooks::marks_on(conn, node));
    assert_eq!(read().await.expect("reads").len(), 1);
    let nobody = store.write(move |tx| hooks::mark(tx.conn(), service, 2, "hook")).await;
    assert!(nobody.is_err(), "there is no such instance");
    let removed = Change::InstanceRemoved { service, number: 1 };
    apply(store, grid.id, vec![removed]).await.expect("removed");
    assert!(read().await.expect("reads").is_empty());
}
