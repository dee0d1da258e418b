//! Small grids for tests: a few lines say what there is.

mod properties;
mod world;

pub(crate) use world::World;

use std::sync::Arc;

use crate::{
    domain::{
        Change, Cidr, DesiredState, EngineId, Grid, GridId, Instance, InstanceId, Node, NodeId,
        ObservedState, Port, Service, ServiceId, ServiceSpec, ServiceState, ServiceVolume, StackId,
        Strategy, Time, Volume, VolumeId, VolumeScope,
    },
    snapshot::{Contents, Snapshot},
};

/// A deploy revision older than any that a test makes.
pub(crate) const OLD_REV: &str = "1970-01-01 00:00:00.000000 UTC";

/// A second of the tests' calendar, which begins in 2026.
pub(crate) fn at(second: i64) -> Time {
    Time::from_timestamp(1_767_225_600 + second, 0).expect("a time")
}

fn bytes(kind: u8, number: u32) -> [u8; 12] {
    let mut bytes = [kind; 12];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// A grid in the making.
pub(crate) struct GridBuilder {
    contents: Contents,
    listening_since: Time,
}

/// The node made last.
pub(crate) struct NodeBuilder<'a>(&'a mut Node);

/// The service made last.
pub(crate) struct ServiceBuilder<'a> {
    grid: &'a mut GridBuilder,
    id: ServiceId,
}

impl GridBuilder {
    pub(crate) fn new() -> Self {
        let grid = Grid {
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
        Self { contents: Contents::empty(grid), listening_since: at(-1_000_000) }
    }

    pub(crate) fn listening_since(mut self, since: Time) -> Self {
        self.listening_since = since;
        self
    }

    pub(crate) fn node(&mut self, name: &str) -> NodeBuilder<'_> {
        let number = u32::try_from(self.contents.nodes.len()).expect("few nodes") + 1;
        let id = NodeId::from_bytes(bytes(2, number));
        let mut node = Node::new(id, self.contents.grid.id, number, name.into(), at(0));
        node.engine_id = EngineId::new(&format!("ENGINE:{number}"));
        node.connected = true;
        node.updated = true;
        node.last_seen_at = Some(at(0));
        node.report.mem_total = Some(4 << 30);
        node.report.cpus = Some(2);
        self.contents.nodes.push(node);
        NodeBuilder(self.contents.nodes.last_mut().expect("just pushed"))
    }

    pub(crate) fn nodes(&mut self, count: usize) -> Vec<NodeId> {
        let names = (1..=count).map(|number| format!("n{number}"));
        names.map(|name| self.node(&name).id()).collect()
    }

    pub(crate) fn service(&mut self, name: &str, strategy: Strategy) -> ServiceBuilder<'_> {
        let number = u32::try_from(self.contents.services.len()).expect("few services") + 1;
        let id = ServiceId::from_bytes(bytes(3, number));
        let spec =
            ServiceSpec { image: "busybox:latest".into(), strategy, ..ServiceSpec::default() };
        self.contents.services.push(Service {
            id,
            grid: self.contents.grid.id,
            stack: StackId::from_bytes(bytes(4, 1)),
            stack_name: "app".into(),
            name: name.into(),
            spec: Arc::new(spec),
            instances: 1,
            state: ServiceState::Running,
            revision: 1,
            stack_revision: None,
            deploy_requested_at: None,
            deployed_at: Some(at(0)),
            created_at: at(0),
            updated_at: at(0),
        });
        ServiceBuilder { grid: self, id }
    }

    pub(crate) fn build(self) -> Snapshot {
        Snapshot::new(self.contents, self.listening_since)
    }
}

impl NodeBuilder<'_> {
    pub(crate) fn id(&self) -> NodeId {
        self.0.id
    }

    pub(crate) fn labels(self, labels: &[&str]) -> Self {
        self.0.labels = labels.iter().map(|label| (*label).to_owned()).collect();
        self
    }

    pub(crate) fn drained(self) -> Self {
        self.0.availability = crate::domain::Availability::Drain;
        self
    }

    pub(crate) fn offline_since(self, at: Time) -> Self {
        self.0.connected = false;
        self.0.updated = false;
        self.0.last_seen_at = Some(at);
        self.0.disconnected_at = Some(at);
        self
    }

    pub(crate) fn never_seen(self) -> Self {
        self.0.connected = false;
        self.0.updated = false;
        self.0.last_seen_at = None;
        self
    }
}

impl ServiceBuilder<'_> {
    pub(crate) fn id(&self) -> ServiceId {
        self.id
    }

    fn service(&mut self) -> &mut Service {
        let services = &mut self.grid.contents.services;
        services.last_mut().expect("the service made last")
    }

    pub(crate) fn spec(mut self, edit: impl FnOnce(&mut ServiceSpec)) -> Self {
        edit(Arc::make_mut(&mut self.service().spec));
        self
    }

    pub(crate) fn instances(mut self, count: i64) -> Self {
        self.service().instances = count;
        self
    }

    pub(crate) fn stateful(self) -> Self {
        self.spec(|spec| spec.stateful = true)
    }

    pub(crate) fn port(self, node_port: u16) -> Self {
        self.spec(|spec| {
            spec.ports.push(Port {
                ip: "0.0.0.0".into(),
                protocol: "tcp".into(),
                node_port,
                container_port: node_port,
            });
        })
    }

    /// A named volume, which the grid has from then on.
    pub(crate) fn volume(self, name: &str, scope: VolumeScope) -> Self {
        let contents = &mut self.grid.contents;
        let number = u32::try_from(contents.volumes.len()).expect("few volumes");
        let volume = Volume {
            id: VolumeId::from_bytes(bytes(6, number)),
            grid: contents.grid.id,
            name: name.into(),
            scope,
            driver: "local".into(),
            driver_opts: std::collections::BTreeMap::new(),
            created_at: at(0),
            updated_at: at(0),
        };
        let used = volume.as_used();
        contents.volumes.push(volume);
        self.spec(|spec| {
            spec.volumes.push(ServiceVolume {
                volume: Some(used),
                path: format!("/{name}"),
                ..ServiceVolume::default()
            });
        })
    }

    pub(crate) fn affinity(self, expressions: &[&str]) -> Self {
        let expressions = expressions.iter().map(|text| (*text).to_owned()).collect();
        self.spec(|spec| spec.affinity = expressions)
    }

    /// An instance that runs as the service's present revision wants it.
    pub(crate) fn row(mut self, number: u32, node: Option<NodeId>) -> Self {
        let service = self.service().clone();
        let seed = u32::try_from(self.grid.contents.instances.len()).expect("few instances");
        let id = InstanceId::from_bytes(bytes(5, seed));
        let mut row = Instance::new(id, &service, number, node, at(0));
        row.desired_state = DesiredState::Running;
        row.state = ObservedState::Running;
        row.deploy_rev = Some(OLD_REV.into());
        row.rev = Some(OLD_REV.into());
        row.service_revision = Some(service.revision);
        self.grid.contents.instances.push(row);
        self
    }
}

/// What a master does at its start with a node that the store still has as connected.
pub(crate) fn mark_offline(snapshot: &mut Snapshot, node: NodeId, now: Time) {
    snapshot.apply(&Change::NodeUnplugged {
        node,
        connected_at: now,
        at: now,
        close_code: 1006,
        close_reason: String::new(),
    });
}
