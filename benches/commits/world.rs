//! A grid in a database, and the turns of its scheduler without the actor around them.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use kontena_core::{
    Moment, Snapshot,
    domain::{
        Change, Cidr, Deploy, DeployId, DeployOrigin, EngineId, Grid, GridId, Node, NodeId,
        Service, ServiceId, ServiceSpec, ServiceState, StackId, Time,
    },
    grace::Graces,
    rollout,
};
use kontena_master::clock;
use kontena_store::{DatabaseUrl, Options, Store, grids};

/// Nodes, and services that wait to be deployed.
pub(crate) struct World {
    runtime: tokio::runtime::Runtime,
    store: Store,
    snapshot: Snapshot,
    moment: Moment,
    _folder: tempfile::TempDir,
}

fn bytes(kind: u8, number: u32) -> [u8; 12] {
    let mut bytes = [kind; 12];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn now() -> Time {
    Time::from_timestamp(1_767_225_600, 0).expect("a time")
}

impl World {
    pub(crate) fn new(nodes: u32, services: u32, instances: u32, seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kontena.db").to_string_lossy().into_owned();
        let store = Store::open(&DatabaseUrl::Sqlite(file), Options::default()).expect("opens");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (grid, stack) = (grid(), StackId::from_bytes(bytes(4, 1)));
        let mut changes = Vec::new();
        for number in 1..=nodes {
            changes.push(Change::NodeCreated(Box::new(node(&grid, number))));
        }
        for number in 1..=services {
            let service = service(&grid, stack, number, instances);
            let id = DeployId::from_bytes(bytes(7, number));
            let deploy = Deploy::new(id, &service, DeployOrigin::User, now());
            changes.push(Change::ServiceCreated(Box::new(service)));
            changes.push(Change::DeployCreated(Box::new(deploy)));
        }
        let id = grid.id;
        let made = store.write(move |tx| {
            tx.apply(id, Change::GridCreated(Box::new(grid.clone())))?;
            grids::furnish(tx.conn(), &grid, stack, "hash", "sealed")?;
            tx.apply_all(id, changes.clone())
        });
        runtime.block_on(made).expect("writes");
        let loaded = store.read(move |conn| kontena_store::snapshots::load(conn, id));
        let contents = runtime.block_on(loaded).expect("reads").expect("the grid");
        let snapshot = Snapshot::new(contents, now());
        Self { runtime, store, snapshot, moment: Moment::new(now(), seed), _folder: folder }
    }

    /// Takes turns until nothing is left to be decided without an agent; how many instances were placed,
    /// and how long it took.
    pub(crate) fn deploy_all(&mut self) -> (usize, Duration) {
        let began = clock::instant();
        let mut placed = 0;
        loop {
            let (graces, grid) = (Graces::default(), self.snapshot.grid.id);
            let (snapshot, moment) = (&self.snapshot, &mut self.moment);
            let deploys = snapshot.deploys().map(|deploy| deploy.id);
            let steps = deploys.map(|deploy| rollout::step(snapshot, deploy, &graces, moment));
            let mut jobs = steps.map(|step| step.changes).collect::<Vec<_>>();
            jobs.retain(|changes| !changes.is_empty());
            if jobs.is_empty() {
                return (placed, began.elapsed());
            }
            let written = jobs
                .iter()
                .cloned()
                .map(|changes| self.store.write(move |tx| tx.apply_all(grid, changes.clone())));
            for outcome in self.runtime.block_on(join_all(written)) {
                outcome.expect("writes");
            }
            for change in jobs.iter().flatten() {
                placed += usize::from(matches!(change, Change::InstancePlaced { .. }));
                self.snapshot.apply(change);
            }
        }
    }
}

fn grid() -> Grid {
    Grid {
        id: GridId::from_bytes(bytes(1, 1)),
        name: "grid".into(),
        initial_size: 1,
        default_affinity: Vec::new(),
        subnet: Cidr::DEFAULT_SUBNET,
        supernet: Cidr::DEFAULT_SUPERNET,
        trusted_subnets: Vec::new(),
        statsd: None,
        logs: None,
        created_at: now(),
    }
}

fn node(grid: &Grid, number: u32) -> Node {
    let id = NodeId::from_bytes(bytes(2, number));
    let mut node = Node::new(id, grid.id, number, format!("node-{number}"), now());
    node.engine_id = EngineId::new(&format!("ENGINE:{number}"));
    (node.connected, node.updated) = (true, true);
    node.labels = vec![format!("az=z{}", number % 10), "ssd".into()];
    node
}

fn service(grid: &Grid, stack: StackId, number: u32, instances: u32) -> Service {
    let mut spec = ServiceSpec {
        image: "busybox:latest".into(),
        affinity: vec!["label==ssd".into()],
        ..ServiceSpec::default()
    };
    spec.deploy_opts.min_health = Some(0.0);
    Service {
        id: ServiceId::from_bytes(bytes(3, number)),
        grid: grid.id,
        stack,
        stack_name: "null".into(),
        name: format!("service-{number}"),
        spec: Arc::new(spec),
        instances: i64::from(instances),
        state: ServiceState::Running,
        revision: 1,
        stack_revision: None,
        deploy_requested_at: Some(now()),
        deployed_at: None,
        created_at: now(),
        updated_at: now(),
    }
}
