//! Volumes, the nodes they exist on, and how much memory services take.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use kontena_core::domain::{
    Change, GridId, MemoryPeak, NodeId, ServiceId, Volume, VolumeId, VolumeInstance,
    VolumeInstanceId, VolumeScope,
};
use kontena_store::{Store, StoreError, memory, volumes};

use super::{apply, grid, node, now, service};

pub async fn run(store: &Store) {
    a_volume_is_kept_whole_and_its_name_is_taken(store).await;
    a_name_is_taken_on_its_node_only(store).await;
    what_exists_on_a_node_goes_with_node_and_volume(store).await;
    peaks_are_a_ring(store).await;
}

fn volume(grid: GridId, byte: u8, name: &str) -> Volume {
    Volume {
        id: VolumeId::from_bytes([byte; 12]),
        grid,
        name: name.to_owned(),
        scope: VolumeScope::Stack,
        driver: "local".to_owned(),
        driver_opts: BTreeMap::from([("a.b".to_owned(), "c".to_owned())]),
        created_at: now(),
        updated_at: now() + TimeDelta::seconds(1),
    }
}

fn existing(byte: u8, volume: &Volume, node: NodeId, name: &str) -> VolumeInstance {
    let id = VolumeInstanceId::from_bytes([byte; 12]);
    VolumeInstance { id, volume: volume.id, node, name: name.to_owned() }
}

/// For the story that applies every change to a picture: on a node that stays and on one that goes.
pub fn history(grid: GridId, stays: NodeId, goes: NodeId, service: ServiceId) -> Vec<Change> {
    let (kept, removed) = (volume(grid, 0x11, "kept"), volume(grid, 0x12, "removed"));
    let peak = |minute, bytes| {
        let measured = MemoryPeak::new(service, now() + TimeDelta::minutes(minute), bytes);
        Change::MemoryMeasured(measured)
    };
    vec![
        Change::VolumeCreated(Box::new(kept.clone())),
        Change::VolumeCreated(Box::new(removed.clone())),
        Change::VolumeInstanceCreated(existing(0x21, &kept, stays, "null.kept")),
        Change::VolumeInstanceCreated(existing(0x22, &kept, goes, "null.kept")),
        Change::VolumeInstanceCreated(existing(0x23, &removed, stays, "null.removed")),
        Change::VolumeInstanceCreated(existing(0x24, &kept, stays, "null.other")),
        Change::VolumeInstanceRemoved(VolumeInstanceId::from_bytes([0x24; 12])),
        Change::VolumeRemoved(removed.id),
        peak(0, 7),
        peak(1, 5),
        peak(65, 3),
        peak(70, 4),
    ]
}

async fn a_volume_is_kept_whole_and_its_name_is_taken(store: &Store) {
    let (one, two) = (grid(store, "volumes").await, grid(store, "volumes-too").await);
    let made = volume(one.id, 0x31, "data");
    let created = Change::VolumeCreated(Box::new(made.clone()));
    apply(store, one.id, vec![created]).await.expect("creates");
    let same_name = Change::VolumeCreated(Box::new(volume(one.id, 0x32, "data")));
    let taken = apply(store, one.id, vec![same_name]).await;
    assert!(matches!(taken, Err(StoreError::Taken(_))), "{taken:?}");
    let elsewhere = Change::VolumeCreated(Box::new(volume(two.id, 0x33, "data")));
    apply(store, two.id, vec![elsewhere]).await.expect("names are of a grid");

    let (of_grid, id) = (one.id, made.id);
    let read = store.read(move |conn| {
        let by_name = volumes::by_name(conn, of_grid, "data")?;
        Ok((volumes::of_grid(conn, of_grid)?, by_name, volumes::by_id(conn, id)?))
    });
    let (all, by_name, by_id) = read.await.expect("reads");
    assert_eq!((by_name, by_id), (Some(made.clone()), Some(made.clone())));
    assert_eq!(all, [made]);
    apply(store, one.id, vec![Change::VolumeRemoved(id)]).await.expect("removes");
    let again = apply(store, one.id, vec![Change::VolumeRemoved(id)]).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
}

async fn a_name_is_taken_on_its_node_only(store: &Store) {
    let grid = grid(store, "placed").await;
    let (a, b) = (node(store, &grid, 1).await.id, node(store, &grid, 2).await.id);
    let data = volume(grid.id, 0x41, "data");
    let created = Change::VolumeCreated(Box::new(data.clone()));
    apply(store, grid.id, vec![created]).await.expect("creates");
    let make = |instance| apply(store, grid.id, vec![Change::VolumeInstanceCreated(instance)]);
    make(existing(0x51, &data, a, "null.data")).await.expect("creates");
    make(existing(0x52, &data, b, "null.data")).await.expect("another node");
    for taken in [existing(0x53, &data, a, "null.data"), existing(0x51, &data, a, "other")] {
        let outcome = make(taken).await;
        assert!(matches!(outcome, Err(StoreError::Taken(_))), "{outcome:?}");
    }
    let unknown = volume(grid.id, 0x42, "unknown");
    for missing in [
        existing(0x54, &unknown, a, "null.unknown"),
        existing(0x55, &data, NodeId::from_bytes([0xee; 12]), "null.data"),
    ] {
        let outcome = make(missing).await;
        assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
    }
    let read = store.read(move |conn| {
        let known = volumes::instance(conn, VolumeInstanceId::from_bytes([0x51; 12]))?;
        Ok((volumes::on_node(conn, a)?, known, volumes::instance_by_name(conn, b, "null.data")?))
    });
    let (on_a, known, on_b) = read.await.expect("reads");
    assert_eq!(on_a, [(existing(0x51, &data, a, "null.data"), data.clone())]);
    assert_eq!(known, Some(existing(0x51, &data, a, "null.data")));
    assert_eq!(on_b, Some(existing(0x52, &data, b, "null.data")));
}

async fn what_exists_on_a_node_goes_with_node_and_volume(store: &Store) {
    let grid = grid(store, "leaving").await;
    let (a, b) = (node(store, &grid, 1).await.id, node(store, &grid, 2).await.id);
    let data = volume(grid.id, 0x61, "data");
    apply(
        store,
        grid.id,
        vec![
            Change::VolumeCreated(Box::new(data.clone())),
            Change::VolumeInstanceCreated(existing(0x71, &data, a, "null.data")),
            Change::VolumeInstanceCreated(existing(0x72, &data, b, "null.data")),
        ],
    )
    .await
    .expect("creates");
    let of_grid = grid.id;
    let left = || store.read(move |conn| volumes::instances_of_grid(conn, of_grid));
    assert_eq!(left().await.expect("reads").len(), 2);
    apply(store, grid.id, vec![Change::NodeRemoved(a)]).await.expect("removes");
    assert_eq!(left().await.expect("reads"), [existing(0x72, &data, b, "null.data")]);
    apply(store, grid.id, vec![Change::VolumeRemoved(data.id)]).await.expect("removes");
    assert_eq!(left().await.expect("reads"), []);
}

async fn peaks_are_a_ring(store: &Store) {
    let grid = grid(store, "peaks").await;
    let web = service(store, &grid, "web").await.id;
    for minute in 0..200 {
        let measured = MemoryPeak::new(web, now() + TimeDelta::minutes(minute), 1000 - minute);
        apply(store, grid.id, vec![Change::MemoryMeasured(measured)]).await.expect("kept");
    }
    let of_grid = grid.id;
    let found = store.read(move |conn| memory::of_grid(conn, of_grid)).await.expect("reads");
    assert_eq!(found.len(), 13, "{found:?}");
    let last = now() + TimeDelta::minutes(199);
    assert!(found.iter().all(|peak| last - peak.at < TimeDelta::minutes(66)), "{found:?}");
    // The first minute of each five measured the most.
    assert!(found.iter().all(|peak| {
        let of_start = 1000 - (peak.at - now()).num_minutes();
        (of_start - 1..=of_start + 1).contains(&peak.bytes)
    }));
    let gone = MemoryPeak::new(ServiceId::from_bytes([0xee; 12]), now(), 1);
    let outcome = apply(store, grid.id, vec![Change::MemoryMeasured(gone)]).await;
    assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
}
