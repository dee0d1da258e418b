//! History that is of no use any more: what counts as surplus, and that only that goes.

use std::{collections::BTreeSet, sync::Arc};

use chrono::TimeDelta;
use kontena_core::domain::{
    Change, Deploy, DeployId, DeployOrigin, DeployState, DesiredState, Grid, Instance,
    InstanceDeploy, InstanceId, Phase, Service, ServiceSpec,
};
use kontena_store::{Store, deploys, events, services};

use super::{apply, grid, jobs::event, node, now, service};

pub async fn run(store: &Store) {
    the_oldest_finished_deploys_of_each_service_go(store).await;
    a_revision_that_is_needed_stays(store).await;
    the_oldest_events_of_a_grid_go_in_portions(store).await;
}

/// The deploy of a service that was asked for so many seconds after the first.
fn deploy(service: &Service, byte: u8, seconds: i64) -> Deploy {
    let mut id = [byte; 12];
    id[..8].copy_from_slice(&seconds.to_be_bytes());
    let at = now() + TimeDelta::seconds(seconds);
    Deploy::new(DeployId::from_bytes(id), service, DeployOrigin::User, at)
}

/// A deploy of one instance that has ended.
fn finished(deploy: &Deploy) -> Vec<Change> {
    let instance = InstanceDeploy {
        number: 1,
        node: None,
        node_name: "node-1".to_owned(),
        state: DeployState::Success,
        error: None,
        phase: Phase::Starting,
        phase_at: now(),
    };
    vec![
        Change::DeployCreated(Box::new(deploy.clone())),
        Change::DeployProgressed { deploy: deploy.id, instance },
        Change::DeployFinished {
            deploy: deploy.id,
            state: DeployState::Success,
            reason: None,
            explanation: None,
            at: deploy.created_at,
        },
    ]
}

async fn surplus(store: &Store, grid: &Grid, kept: i64, most: i64) -> Vec<DeployId> {
    let id = grid.id;
    store.read(move |conn| deploys::surplus(conn, id, kept, most)).await.expect("reads")
}

async fn the_oldest_finished_deploys_of_each_service_go(store: &Store) {
    let (grid, elsewhere) = (grid(store, "deploys").await, grid(store, "deploys-2").await);
    let (busy, quiet) = (service(store, &grid, "busy").await, service(store, &grid, "quiet").await);
    let other = service(store, &elsewhere, "busy").await;
    let pending = deploy(&busy, 1, 0);
    let created = vec![Change::DeployCreated(Box::new(pending.clone()))];
    apply(store, grid.id, created).await.expect("asked for");
    // Not in the order of their creation.
    let of_busy: Vec<Deploy> = [3, 1, 5, 2, 4].map(|seconds| deploy(&busy, 1, seconds)).into();
    let of_quiet: Vec<Deploy> = [1, 2, 3].map(|seconds| deploy(&quiet, 2, seconds)).into();
    for deploy in of_busy.iter().chain(&of_quiet) {
        apply(store, grid.id, finished(deploy)).await.expect("a legal history");
    }
    for seconds in 1..=5 {
        let changes = finished(&deploy(&other, 3, seconds));
        apply(store, elsewhere.id, changes).await.expect("a legal history");
    }

    assert_eq!(surplus(store, &grid, 3, 1).await.len(), 1, "at most a portion");
    let ids = surplus(store, &grid, 3, 10).await;
    let oldest = BTreeSet::from([deploy(&busy, 1, 1).id, deploy(&busy, 1, 2).id]);
    assert_eq!(ids.iter().copied().collect::<BTreeSet<_>>(), oldest);
    let given = [ids, vec![pending.id]].concat();
    store.write(move |tx| deploys::remove(tx.conn(), &given)).await.expect("removes");
    assert_eq!(surplus(store, &grid, 3, 10).await, vec![]);
    for deploy in of_busy.iter().chain(&of_quiet).chain([&pending]) {
        let id = deploy.id;
        let found = store.read(move |conn| deploys::by_id(conn, id)).await.expect("reads");
        assert_eq!(found.is_none(), oldest.contains(&id), "{deploy:?}");
    }
    assert_eq!(surplus(store, &elsewhere, 3, 10).await.len(), 2, "another grid's are its own");
}

async fn a_revision_that_is_needed_stays(store: &Store) {
    let grid = grid(store, "revisions").await;
    let node = node(store, &grid, 1).await;
    let mut web = service(store, &grid, "web").await;
    let id = web.id;
    let of = grid.id;
    let with_several = async || store.read(move |conn| services::with_revisions(conn, of)).await;
    assert_eq!(with_several().await.expect("reads"), vec![], "the present one is needed");
    for revision in 2..=4 {
        let from = web.version();
        web.revision = revision;
        let image = format!("busybox:{revision}");
        web.spec = Arc::new(ServiceSpec { image, ..ServiceSpec::default() });
        let service = Box::new(web.clone());
        apply(store, grid.id, vec![Change::ServiceUpdated { service, from }]).await.expect("edits");
    }
    let instance = Instance::new(InstanceId::from_bytes([0x9a; 12]), &web, 1, None, now());
    let asked = deploy(&web, 4, 0);
    let placed = vec![
        Change::InstanceCreated(Box::new(instance)),
        Change::InstancePlaced {
            service: id,
            number: 1,
            node: node.id,
            desired_state: DesiredState::Running,
            deploy_rev: "2017-08-01 12:34:56.000000 UTC".to_owned(),
            service_revision: 2,
            at: now(),
        },
        Change::DeployCreated(Box::new(asked.clone())),
    ];
    apply(store, grid.id, placed).await.expect("places");
    assert_eq!(with_several().await.expect("reads"), vec![id]);
    let found = async || store.read(move |conn| services::revisions(conn, id)).await;
    let mut expected = services::Revisions {
        present: 4,
        kept: vec![1, 2, 3, 4],
        of_instances: BTreeSet::from([2]),
        is_deploying: true,
    };
    assert_eq!(found().await.expect("reads"), Some(expected.clone()));
    let end = finished(&asked).pop().expect("ends");
    apply(store, grid.id, vec![end]).await.expect("ends");
    let removed = store.write(move |tx| services::remove_revisions(tx.conn(), id, &[1, 3]));
    removed.await.expect("removes");
    (expected.kept, expected.is_deploying) = (vec![2, 4], false);
    assert_eq!(found().await.expect("reads"), Some(expected));
    let spec = store.read(move |conn| services::spec_at(conn, id, 2)).await.expect("reads");
    assert_eq!(spec.map(|spec| spec.image).as_deref(), Some("busybox:2"));
}

async fn the_oldest_events_of_a_grid_go_in_portions(store: &Store) {
    let (grid, elsewhere) = (grid(store, "log").await, grid(store, "log-2").await);
    for number in 1..=10 {
        for of in [&grid, &elsewhere] {
            let event = event(of, &number.to_string());
            let logged = Change::EventLogged(Box::new(event));
            apply(store, of.id, vec![logged]).await.expect("logs");
        }
    }
    let id = grid.id;
    let mut portions = Vec::new();
    while let Some(last) =
        store.read(move |conn| events::surplus(conn, id, 3, 4)).await.expect("reads")
    {
        let gone = store.write(move |tx| events::remove_up_to(tx.conn(), id, last)).await;
        portions.push(gone.expect("removes"));
    }
    assert_eq!(portions, [4, 3]);
    let left = store.read(move |conn| events::newest(conn, id, None, 100)).await.expect("reads");
    let left: Vec<_> = left.into_iter().map(|(_, event)| event.message).collect();
    assert_eq!(left, ["8", "9", "10"]);
    let id = elsewhere.id;
    let other = store.read(move |conn| events::newest(conn, id, None, 100)).await.expect("reads");
    assert_eq!(other.len(), 10, "another grid's are its own");
}
