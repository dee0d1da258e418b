//! What every backend must do, as one story per promise. Each story has a grid of its own, so that one
//! database serves them all.

mod connections;
mod fencing;
mod jobs;
mod logs;
mod pruning;
mod reports;
mod sealed;
mod volumes;

use std::sync::Arc;

use chrono::TimeDelta;
use kontena_core::{
    Moment, Snapshot,
    domain::{
        Change, Cidr, Deploy, DeployId, DeployOrigin, DeployState, DesiredState, Grid, GridId,
        Instance, InstanceDeploy, InstanceId, Node, NodeId, NodeReport, ObservedState, Phase,
        Service, ServiceId, ServiceSpec, ServiceState, StackId, Time, UserId,
    },
    presence,
};
use kontena_store::{
    Store, StoreError, deploys, grids, instances, services, settings, snapshots, tokens, users,
};

pub async fn run(store: &Store) {
    jobs::run(store).await;
    applying_the_feed_equals_loading_afresh(store).await;
    a_removed_node_leaves_its_instances_behind(store).await;
    codes_are_taken_once(store).await;
    settings_are_kept(store).await;
    a_stop_or_a_scale_in_between_is_not_undone(store).await;
    connections::run(store).await;
    reports::run(store).await;
    pruning::run(store).await;
    logs::run(store).await;
    sealed::run(store).await;
    volumes::run(store).await;
    fencing::run(store).await;
}

fn now() -> Time {
    Time::from_timestamp(1_700_000_000, 123_456_000).expect("a time")
}

fn moment(name: &str) -> Moment {
    // Ids must differ between stories and be the same in every run.
    let seed = name.bytes().fold(7_u64, |seed, byte| seed.wrapping_mul(31) ^ u64::from(byte));
    Moment::new(now(), seed)
}

pub async fn grid(store: &Store, name: &str) -> Grid {
    let mut moment = moment(name);
    let grid = Grid {
        id: GridId::from_bytes(moment.id()),
        name: name.to_owned(),
        initial_size: 1,
        default_affinity: vec!["label==x".to_owned()],
        subnet: Cidr::DEFAULT_SUBNET,
        supernet: Cidr::DEFAULT_SUPERNET,
        trusted_subnets: vec!["10.0.0.0/8".parse().expect("a network")],
        statsd: None,
        logs: None,
        created_at: now(),
    };
    let stack = StackId::from_bytes(moment.id());
    let made = grid.clone();
    store
        .write(move |tx| {
            tx.apply(made.id, Change::GridCreated(Box::new(made.clone())))?;
            grids::furnish(tx.conn(), &made, stack, &format!("hash-{}", made.name), "sealed")
        })
        .await
        .expect("creates a grid");
    grid
}

async fn apply(store: &Store, grid: GridId, changes: Vec<Change>) -> Result<(), StoreError> {
    store.write(move |tx| tx.apply_all(grid, changes.clone())).await
}

async fn node(store: &Store, grid: &Grid, number: u32) -> Node {
    let mut moment = moment(&format!("{}-{number}", grid.name));
    let id = NodeId::from_bytes(moment.id());
    let mut node = Node::new(id, grid.id, number, format!("node-{number}"), now());
    node.labels = vec!["az=a".to_owned()];
    let created = Change::NodeCreated(Box::new(node.clone()));
    apply(store, grid.id, vec![created]).await.expect("creates a node");
    node
}

async fn service(store: &Store, grid: &Grid, name: &str) -> Service {
    let stack = store
        .read({
            let id = grid.id;
            move |conn| grids::stack(conn, id, "null")
        })
        .await
        .expect("reads")
        .expect("the default stack");
    let mut moment = moment(&format!("{}-{name}", grid.name));
    let service = Service {
        id: ServiceId::from_bytes(moment.id()),
        grid: grid.id,
        stack,
        stack_name: "null".to_owned(),
        name: name.to_owned(),
        spec: Arc::new(ServiceSpec { image: "busybox".to_owned(), ..ServiceSpec::default() }),
        instances: 2,
        state: ServiceState::Running,
        revision: 1,
        stack_revision: None,
        deploy_requested_at: None,
        deployed_at: None,
        created_at: now(),
        updated_at: now(),
    };
    let created = Change::ServiceCreated(Box::new(service.clone()));
    apply(store, grid.id, vec![created]).await.expect("creates a service");
    service
}

async fn applying_the_feed_equals_loading_afresh(store: &Store) {
    let grid = grid(store, "feed").await;
    let first = node(store, &grid, 1).await;
    let (contents, mut follower) =
        store.follow(grid.id).await.expect("follows").expect("the grid exists");
    let mut picture = Snapshot::new(contents, now());
    let second = node(store, &grid, 2).await;
    let web = service(store, &grid, "web").await;
    for changes in history(&grid, &first, &second, &web) {
        apply(store, grid.id, changes).await.expect("a legal history");
    }
    while let Some(committed) = follower.try_next() {
        committed.changes.iter().for_each(|change| picture.apply(change));
    }
    let id = grid.id;
    let loaded = store.read(move |conn| snapshots::load(conn, id)).await.expect("reads");
    assert_eq!(picture, Snapshot::new(loaded.expect("the grid exists"), now()));
    assert_eq!(picture.instances(web.id).count(), 1);
}

/// One change of nearly every kind, in an order in which each presupposition holds.
fn history(grid: &Grid, first: &Node, second: &Node, web: &Service) -> Vec<Vec<Change>> {
    let at = now();
    let (service, node) = (web.id, first.id);
    let instance = |number: u32, byte: u8| {
        let id = InstanceId::from_bytes([byte; 12]);
        Change::InstanceCreated(Box::new(Instance::new(id, web, number, None, at)))
    };
    let deploy = Deploy::new(DeployId::from_bytes([0xde; 12]), web, DeployOrigin::User, at);
    let progress = |state| Change::DeployProgressed {
        deploy: deploy.id,
        instance: InstanceDeploy {
            number: 1,
            node: Some(node),
            node_name: "node-1".to_owned(),
            state,
            error: None,
            phase: Phase::Starting,
            phase_at: at,
        },
    };
    let mut changed = web.clone();
    changed.revision = 2;
    changed.spec = Arc::new(ServiceSpec { image: "nginx".to_owned(), ..ServiceSpec::default() });
    vec![
        vec![presence::plug(node, at, at)],
        vec![Change::NodeReported {
            node,
            report: Box::new(NodeReport { cpus: Some(4), ..NodeReport::default() }),
            agent_version: Some("1.5.4".to_owned()),
            labels: None,
            at,
        }],
        reports::history(grid, node, at),
        volumes::history(grid.id, node, second.id, service),
        vec![Change::DeployCreated(Box::new(deploy.clone()))],
        vec![
            Change::DeployStarted {
                deploy: deploy.id,
                deploy_rev: "2017-08-01 12:34:56.000000 UTC".to_owned(),
                total: 2,
                at,
            },
            Change::ServiceDeployed { service, at },
        ],
        vec![instance(1, 0xa1), instance(2, 0xa2), progress(DeployState::Ongoing)],
        vec![Change::InstancePlaced {
            service,
            number: 1,
            node,
            desired_state: DesiredState::Running,
            deploy_rev: "2017-08-01 12:34:56.000000 UTC".to_owned(),
            service_revision: 1,
            at,
        }],
        vec![Change::InstanceReported {
            service,
            number: 1,
            node,
            rev: Some("2017-08-01 12:34:56.000000 UTC".to_owned()),
            state: ObservedState::Running,
            error: None,
            at,
        }],
        vec![progress(DeployState::Success), Change::InstanceRemoved { service, number: 2 }],
        vec![Change::ServiceUpdated { service: Box::new(changed), from: web.version() }],
        vec![Change::DeployWaiting { deploy: deploy.id, reason: Some("waits".to_owned()), at }],
        vec![Change::NodeRemoved(second.id)],
    ]
}

async fn a_removed_node_leaves_its_instances_behind(store: &Store) {
    let grid = grid(store, "removal").await;
    let node = node(store, &grid, 1).await;
    let web = service(store, &grid, "web").await;
    let id = InstanceId::from_bytes([0xb1; 12]);
    let instance = Instance::new(id, &web, 1, Some(node.id), now());
    apply(store, grid.id, vec![Change::InstanceCreated(Box::new(instance))])
        .await
        .expect("creates");
    apply(store, grid.id, vec![Change::NodeRemoved(node.id)]).await.expect("removes");
    let service = web.id;
    let left = store.read(move |conn| instances::of_service(conn, service)).await.expect("reads");
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].node, None);
    apply(store, grid.id, vec![Change::ServiceRemoved(service)]).await.expect("removes");
    let left = store.read(move |conn| instances::of_service(conn, service)).await.expect("reads");
    assert!(left.is_empty());
    let gone = store.read(move |conn| services::by_id(conn, service)).await.expect("reads");
    assert_eq!(gone, None);
    let deploy = DeployId::from_bytes([0xff; 12]);
    assert_eq!(store.read(move |conn| deploys::by_id(conn, deploy)).await.expect("reads"), None);
}

async fn codes_are_taken_once(store: &Store) {
    let user = users::User {
        id: UserId::from_bytes([0xc1; 12]),
        email: "code@example.com".to_owned(),
        name: "C".to_owned(),
        roles: vec!["grid_admin".to_owned(), "user_admin".to_owned()],
    };
    let made = user.clone();
    store
        .write(move |tx| {
            users::create(tx.conn(), &made, now())?;
            tokens::create(
                tx.conn(),
                &tokens::Token {
                    id: kontena_core::domain::TokenId::from_bytes([0xc2; 12]),
                    user: made.id,
                    kind: tokens::Kind::Code,
                    token_hash: "code-hash".to_owned(),
                    refresh_hash: None,
                    last_four: None,
                    refresh_last_four: None,
                    scopes: "user".to_owned(),
                    description: None,
                    expires_at: None,
                    created_at: now(),
                },
            )
        })
        .await
        .expect("creates");
    let found = store.read(|conn| users::by_email(conn, "code@example.com")).await;
    assert_eq!(found.expect("reads"), Some(user));
    let take = || store.write(|tx| tokens::take_code(tx.conn(), "code-hash"));
    let (one, two) = tokio::join!(take(), take());
    let taken = [one.expect("works"), two.expect("works")];
    assert_eq!(taken.iter().flatten().count(), 1);
    let bearer = store.read(|conn| tokens::bearer(conn, "code-hash")).await.expect("reads");
    assert_eq!(bearer, None, "a code is no bearer token");
}

async fn settings_are_kept(store: &Store) {
    for value in ["one", "two"] {
        store.write(move |tx| settings::set(tx.conn(), "suite", value)).await.expect("sets");
        let found = store.read(|conn| settings::get(conn, "suite")).await.expect("reads");
        assert_eq!(found.as_deref(), Some(value));
    }
    store.ping().await.expect("answers");
}

async fn a_stop_or_a_scale_in_between_is_not_undone(store: &Store) {
    let grid = grid(store, "between").await;
    let web = service(store, &grid, "web").await;
    let deploy =
        |byte: u8, origin| Deploy::new(DeployId::from_bytes([byte; 12]), &web, origin, now());
    // What a scheduler decided on the service as it was.
    let decided = |byte| {
        let mut wanted = web.clone();
        wanted.updated_at = now() + TimeDelta::seconds(9);
        vec![
            Change::ServiceUpdated { service: Box::new(wanted), from: web.version() },
            Change::DeployCreated(Box::new(deploy(byte, DeployOrigin::Scheduler))),
        ]
    };
    let mut scaled = web.clone();
    (scaled.instances, scaled.updated_at) = (7, now() + TimeDelta::seconds(1));
    let mut stopped = scaled.clone();
    stopped.state = ServiceState::Stopped;
    for (changed, from) in [(scaled.clone(), web.version()), (stopped, scaled.version())] {
        let service = Box::new(changed.clone());
        apply(store, grid.id, vec![Change::ServiceUpdated { service, from }])
            .await
            .expect("asked for");
        let outcome = apply(store, grid.id, decided(0xd1)).await;
        assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
        let id = web.id;
        let found = store.read(move |conn| services::by_id(conn, id)).await.expect("reads");
        assert_eq!(found, Some(changed));
    }
    let asked = Change::DeployCreated(Box::new(deploy(0xd2, DeployOrigin::User)));
    apply(store, grid.id, vec![asked]).await.expect("accepted");
    let needless = Change::DeployCreated(Box::new(deploy(0xd3, DeployOrigin::Scheduler)));
    let outcome = apply(store, grid.id, vec![needless]).await;
    assert!(matches!(outcome, Err(StoreError::Conflict(_))), "{outcome:?}");
}
