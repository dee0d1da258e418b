//! Grids of any size for measuring.

use std::sync::Arc;

use kontena_core::{
    Moment, Snapshot,
    domain::{
        Change, Cidr, DesiredState, EngineId, GridId, Instance, InstanceId, MemoryStats, Node,
        NodeFigures, NodeId, ObservedState, Service, ServiceId, ServiceSpec, ServiceState, StackId,
        Strategy, Time,
    },
    placement::Run,
    snapshot::Contents,
};

/// Seconds after which no grace is left.
pub(crate) const LATER: i64 = 100_000;
const ZONES: u32 = 10;

pub(crate) fn at(second: i64) -> Time {
    Time::from_timestamp(1_767_225_600 + second, 0).expect("a time")
}

fn bytes(kind: u8, number: u32) -> [u8; 12] {
    // Ids are made at random in a master: neighbours in the table are not neighbours by id.
    let mut bytes = [kind; 12];
    bytes[0..4].copy_from_slice(&number.wrapping_mul(2_654_435_769).to_be_bytes());
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// A grid in the making: ten zones, every other node with an `ssd`.
pub(crate) struct Grid {
    contents: Contents,
}

impl Grid {
    /// So many nodes; `measured`: each with another share of its memory in use.
    pub(crate) fn new(nodes: u32, measured: bool) -> Self {
        let grid = kontena_core::domain::Grid {
            id: GridId::from_bytes(bytes(1, 1)),
            name: "grid".into(),
            initial_size: 1,
            default_affinity: Vec::new(),
            subnet: Cidr::DEFAULT_SUBNET,
            supernet: Cidr::DEFAULT_SUPERNET,
            trusted_subnets: Vec::new(),
            statsd: None,
            logs: None,
            created_at: at(0),
        };
        let mut moment = Moment::new(at(0), 7);
        let nodes = (1..=nodes).map(|number| node(&grid, number, measured, &mut moment));
        let nodes = nodes.collect();
        let contents = Contents { nodes, ..Contents::empty(grid) };
        Self { contents }
    }

    /// A grid full of services that run where they shall: nine tenths of them `ha`, the others `random`,
    /// and two `daemon` services on every tenth node; about 100 instances each.
    pub(crate) fn crowded(nodes: u32, services: u32) -> Self {
        let mut grid = Self::new(nodes, true);
        for number in 1..=services {
            match number % 10 {
                _ if number <= 2 => grid.service(Strategy::Daemon, 1, &["label==tenth"]),
                0 => grid.service(Strategy::Random, 100, &[]),
                1 | 2 => grid.service(Strategy::Ha, 99, &["label==ssd"]),
                _ => grid.service(Strategy::Ha, 98, &[]),
            };
        }
        let snapshot = Snapshot::new(grid.contents.clone(), at(0));
        let placed: Vec<_> =
            snapshot.services().flat_map(|service| rows(&snapshot, service)).collect();
        grid.contents.instances = placed;
        grid
    }

    pub(crate) fn ha(&mut self, instances: i64, affinity: &[&str]) -> ServiceId {
        self.service(Strategy::Ha, instances, affinity)
    }

    fn service(&mut self, strategy: Strategy, instances: i64, affinity: &[&str]) -> ServiceId {
        let number = u32::try_from(self.contents.services.len()).expect("few") + 1;
        let id = ServiceId::from_bytes(bytes(3, number));
        let spec = ServiceSpec {
            image: "busybox:latest".into(),
            strategy,
            affinity: affinity.iter().map(|text| (*text).to_owned()).collect(),
            ..ServiceSpec::default()
        };
        self.contents.services.push(Service {
            id,
            grid: self.contents.grid.id,
            stack: StackId::from_bytes(bytes(4, 1)),
            stack_name: "null".into(),
            name: format!("service-{number}"),
            spec: Arc::new(spec),
            instances,
            state: ServiceState::Running,
            revision: 1,
            stack_revision: None,
            deploy_requested_at: None,
            deployed_at: Some(at(0)),
            created_at: at(0),
            updated_at: at(0),
        });
        id
    }

    pub(crate) fn build(self) -> Snapshot {
        Snapshot::new(self.contents, at(0))
    }
}

fn node(
    grid: &kontena_core::domain::Grid,
    number: u32,
    measured: bool,
    moment: &mut Moment,
) -> Node {
    let id = NodeId::from_bytes(bytes(2, number));
    let mut node = Node::new(id, grid.id, number, format!("node-{number}"), at(0));
    node.engine_id = EngineId::new(&format!("ENGINE:{number}"));
    node.connected = true;
    node.updated = true;
    node.connected_at = Some(at(0));
    node.last_seen_at = Some(at(0));
    node.labels = vec![format!("az=z{}", number % ZONES), "provider=test".into()];
    if number.is_multiple_of(2) {
        node.labels.push("ssd".into());
    }
    if number % 100 == 7 {
        node.labels.push("tenth".into());
    }
    node.report.mem_total = Some(64 << 30);
    node.report.cpus = Some(16);
    if measured {
        let used = i64::try_from(moment.below(64 << 30)).expect("fits");
        let memory = MemoryStats {
            total: 64 << 30,
            used,
            free: (64 << 30) - used,
            ..MemoryStats::default()
        };
        node.figures = Some(NodeFigures { memory: Some(memory), ..NodeFigures::default() });
    }
    node
}

/// The instances of a service where a deploy puts them.
fn rows(snapshot: &Snapshot, service: &Service) -> Vec<Instance> {
    let mut run = Run::connected(snapshot, service);
    let total = run.total().expect("a total");
    let mut moment = Moment::new(at(0), u64::from(total));
    let rows = (1..=total).map(|number| {
        let node = run.select(number, &mut moment).expect("a node");
        run.place(number, node);
        let id = InstanceId::from_bytes(moment.id());
        let mut row = Instance::new(id, service, number, Some(node), at(0));
        row.desired_state = DesiredState::Running;
        row.state = ObservedState::Running;
        row.deploy_rev = Some("2026-01-01 00:00:00.000000 UTC".into());
        row.rev.clone_from(&row.deploy_rev);
        row.service_revision = Some(service.revision);
        row
    });
    rows.collect()
}

/// Every so many-th node loses its connection.
pub(crate) fn lose(snapshot: &mut Snapshot, every: usize) {
    let lost: Vec<_> = snapshot.nodes().step_by(every).map(|node| node.id).collect();
    for node in lost {
        snapshot.apply(&Change::NodeUnplugged {
            node,
            connected_at: at(0),
            at: at(1),
            close_code: 1006,
            close_reason: String::new(),
        });
    }
}
