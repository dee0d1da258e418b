//! The picture that a case describes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use kontena_core::{
    Snapshot,
    domain::{
        Change, Cidr, Container, ContainerId, Deploy, DeployId, DeployOrigin, DeployState,
        DesiredState, Driver, EngineId, Grid, GridId, Instance, InstanceId, MemoryPeak,
        MemoryStats, Node, NodeFigures, NodeId, Service, ServiceId, ServiceSpec, ServiceVolume,
        StackId, Time, Volume, VolumeId, VolumeInstance, VolumeInstanceId, VolumeRef, VolumeScope,
    },
    snapshot::Contents,
};

use super::given::{
    Given, GivenContainer, GivenDeploy, GivenInstance, GivenNode, GivenService, GivenVolume,
};

/// A deploy revision older than any that a case makes.
const OLD_REV: &str = "2017-01-01 00:00:00 UTC";

/// The moment at which every case plays.
pub(super) fn now() -> Time {
    ago(0)
}

fn ago(seconds: i64) -> Time {
    Time::from_timestamp(1_893_456_000 - seconds, 0).unwrap_or_default()
}

fn bytes(kind: u8, number: usize) -> [u8; 12] {
    let number = u64::try_from(number).unwrap_or(0).to_be_bytes();
    let mut bytes = [kind; 12];
    for (byte, value) in bytes.iter_mut().rev().zip(number.into_iter().rev()) {
        *byte = value;
    }
    bytes
}

/// The service of the case.
pub(super) fn the_service() -> ServiceId {
    ServiceId::from_bytes(bytes(3, 0))
}

/// Builds the picture of a case.
pub(super) struct Builder<'a> {
    given: &'a Given,
    stacks: BTreeMap<String, StackId>,
}

impl<'a> Builder<'a> {
    /// Prepares a case.
    pub(super) fn new(given: &'a Given) -> Self {
        let services = given.service.iter().chain(&given.other_services);
        let names: BTreeSet<_> = services.map(|service| service.stack.clone()).collect();
        let stacks = names
            .into_iter()
            .enumerate()
            .map(|(number, name)| (name, StackId::from_bytes(bytes(4, number))))
            .collect();
        Self { given, stacks }
    }

    /// The node of a name.
    pub(super) fn node(&self, name: &str) -> Option<NodeId> {
        let mut nodes = self.given.nodes.iter();
        let place = nodes.position(|node| node.name == name)?;
        Some(NodeId::from_bytes(bytes(2, place)))
    }

    /// The picture.
    pub(super) fn snapshot(&self) -> Snapshot {
        let given = self.given;
        let services: Vec<_> = given.service.iter().chain(&given.other_services).collect();
        let mut contents =
            Contents { volume_instances: self.volume_instances(), ..Contents::empty(self.grid()) };
        for (place, node) in given.nodes.iter().enumerate() {
            contents.nodes.push(self.to_node(place, node));
        }
        // Without a service of its own the case still leaves the first identity to it.
        let offset = usize::from(given.service.is_none());
        for (place, service) in services.into_iter().enumerate() {
            let is_own = given.service.is_some() && place == 0;
            let made = self.to_service(place + offset, service);
            let rows: Vec<GivenInstance> = if is_own {
                given.instances.clone()
            } else {
                serde_json::from_value(service.instances.clone()).unwrap_or_default()
            };
            for row in rows {
                let number = contents.instances.len();
                contents.instances.push(self.to_instance(number, &made, &row));
            }
            if is_own {
                contents.deploys = deploys(&made, &service.deploys);
            }
            contents.volumes.extend(volumes_of(&made, contents.volumes.len()));
            contents.services.push(made);
        }
        let mut snapshot = Snapshot::new(contents, ago(100_000_000));
        self.add_facts(&mut snapshot);
        snapshot
    }

    fn grid(&self) -> Grid {
        Grid {
            id: GridId::from_bytes(bytes(1, 0)),
            name: "grid".into(),
            initial_size: self.given.grid.initial_size,
            default_affinity: self.given.grid.default_affinity.clone(),
            subnet: Cidr::DEFAULT_SUBNET,
            supernet: Cidr::DEFAULT_SUPERNET,
            trusted_subnets: Vec::new(),
            statsd: None,
            logs: None,
            created_at: ago(1_000_000),
        }
    }

    fn to_node(&self, place: usize, given: &GivenNode) -> Node {
        let id = NodeId::from_bytes(bytes(2, place));
        let grid = GridId::from_bytes(bytes(1, 0));
        let mut node = Node::new(id, grid, given.number, given.name.clone(), ago(1_000_000));
        node.engine_id = EngineId::new(&format!("ENGINE:{place}"));
        node.connected = given.connected;
        node.updated = given.updated;
        node.last_seen_at = given.last_seen_s_ago.map(ago);
        // The moment the node was marked offline, as the contract's README says.
        node.disconnected_at = node.last_seen_at.filter(|_| !given.connected);
        node.labels.clone_from(&given.labels);
        node.availability = given.availability;
        node.report.mem_total = given.mem_total;
        node.report.cpus = given.cpus;
        let drivers = given.volume_drivers.clone();
        let drivers = drivers.unwrap_or_else(|| vec!["local".into()]);
        node.report.volume_drivers =
            drivers.into_iter().map(|name| Driver { name, version: None }).collect();
        let total = given.mem_total.unwrap_or(0);
        let used = given.mem_used.map(|used| MemoryStats {
            total,
            used,
            free: total - used,
            ..MemoryStats::default()
        });
        let memory = given.mem_stats.or(used);
        node.figures =
            memory.map(|memory| NodeFigures { memory: Some(memory), ..NodeFigures::default() });
        node
    }

    fn to_service(&self, place: usize, given: &GivenService) -> Service {
        let stack = self.stacks.get(&given.stack).copied();
        let deployed_at = given.deployed_s_ago.map(ago);
        let before = given.deployed_s_ago.map(|seconds| seconds + 1);
        let spec = ServiceSpec {
            image: "app:latest".into(),
            stateful: given.stateful,
            strategy: given.strategy,
            affinity: given.affinity.clone(),
            ports: given.ports.clone(),
            cpus: given.cpus,
            memory: given.memory,
            memory_swap: given.memory_swap,
            volumes: given.volumes.iter().map(to_volume).collect(),
            volumes_from: given.volumes_from.clone(),
            net: given.net.clone(),
            deploy_opts: given.deploy_opts.clone(),
            ..ServiceSpec::default()
        };
        Service {
            id: ServiceId::from_bytes(bytes(3, place)),
            grid: GridId::from_bytes(bytes(1, 0)),
            stack: stack.unwrap_or_else(|| StackId::from_bytes(bytes(4, 0))),
            stack_name: given.stack.clone(),
            name: given.name.clone(),
            spec: Arc::new(spec),
            instances: given.instances.as_i64().unwrap_or(1),
            state: given.state,
            revision: 1,
            stack_revision: None,
            deploy_requested_at: None,
            deployed_at,
            created_at: ago(1_000_000),
            updated_at: ago(given.updated_s_ago.or(before).unwrap_or(1)),
        }
    }

    fn to_instance(&self, number: usize, service: &Service, given: &GivenInstance) -> Instance {
        let id = InstanceId::from_bytes(bytes(5, number));
        let node = given.node.as_deref().and_then(|name| self.node(name));
        let mut row = Instance::new(id, service, given.number, node, ago(1_000_000));
        row.desired_state = given.desired_state;
        row.state = given.state;
        if given.desired_state != DesiredState::Initialized {
            row.deploy_rev = Some(OLD_REV.into());
            row.rev = Some(OLD_REV.into());
            row.service_revision = Some(service.revision);
        }
        row
    }

    /// A case says on which node a volume is, and by what name, and not which volume it is.
    fn volume_instances(&self) -> Vec<VolumeInstance> {
        let mut instances = Vec::new();
        for (place, given) in self.given.nodes.iter().enumerate() {
            let node = NodeId::from_bytes(bytes(2, place));
            for name in &given.volume_instances {
                let id = VolumeInstanceId::from_bytes(bytes(8, instances.len()));
                let volume = VolumeId::from_bytes(bytes(9, 0));
                instances.push(VolumeInstance { id, volume, node, name: name.clone() });
            }
        }
        instances
    }

    fn add_facts(&self, snapshot: &mut Snapshot) {
        let services: Vec<_> = snapshot.services().cloned().collect();
        let mut number = 0;
        for (place, given) in self.given.nodes.iter().enumerate() {
            let node = NodeId::from_bytes(bytes(2, place));
            for container in &given.containers {
                // What an offline node had counts as known at the disconnect (8.2 #15).
                if container.deleted && given.connected {
                    continue;
                }
                number += 1;
                snapshot.put_container(to_container(number, node, container, &services));
            }
        }
        if let Some(given) = &self.given.service {
            if let Some(peak) = given.memory_peak_1h {
                let peak = MemoryPeak::new(the_service(), now(), peak);
                snapshot.apply(&Change::MemoryMeasured(peak));
            }
            let stack = self.stacks.get(&given.stack).copied();
            for deploy in &given.stack_deploys {
                if let Some(stack) = stack.filter(|_| !deploy.state.is_final()) {
                    snapshot.begin_stack_deploy(stack, ago(deploy.created_s_ago));
                }
            }
        }
    }
}

/// The volumes that a service names exist.
fn volumes_of(service: &Service, known: usize) -> Vec<Volume> {
    let named = service.spec.volumes.iter().filter_map(|volume| volume.volume.as_ref());
    let volumes = named.enumerate().map(|(place, named)| Volume {
        id: VolumeId::from_bytes(bytes(10, known + place)),
        grid: service.grid,
        name: named.name.clone(),
        scope: named.scope,
        driver: named.driver.clone(),
        driver_opts: named.driver_opts.clone(),
        created_at: service.created_at,
        updated_at: service.created_at,
    });
    volumes.collect()
}

fn to_volume(given: &GivenVolume) -> ServiceVolume {
    ServiceVolume {
        volume: given.volume.as_ref().map(|name| VolumeRef {
            name: name.clone(),
            scope: given.scope.unwrap_or(VolumeScope::Instance),
            driver: given.driver.clone().unwrap_or_else(|| "local".into()),
            driver_opts: BTreeMap::new(),
        }),
        bind_mount: given.bind_mount.clone(),
        path: given.path.clone(),
        flags: None,
    }
}

fn to_container(
    number: usize,
    node: NodeId,
    given: &GivenContainer,
    services: &[Service],
) -> Container {
    let path = given.service.clone().unwrap_or_default();
    let (stack, name) = path.split_once('/').unwrap_or(("null", &path));
    let mut known = services.iter();
    let service = known.find(|service| service.stack_name == stack && service.name == name);
    Container {
        id: ContainerId::from_bytes(bytes(6, number)),
        node,
        name: given.name.clone(),
        service: service.map(|service| service.id),
        stack_name: stack.to_owned(),
        service_name: (!name.is_empty()).then(|| name.to_owned()),
        instance_number: given.instance_number,
    }
}

fn deploys(service: &Service, given: &[GivenDeploy]) -> Vec<Deploy> {
    let unfinished = given.iter().enumerate().filter(|(_, deploy)| !deploy.finished);
    unfinished
        .map(|(number, deploy)| {
            let started_at = deploy.started_s_ago.map(ago);
            Deploy {
                id: DeployId::from_bytes(bytes(7, number)),
                started_at,
                queued_at: started_at,
                created_at: started_at.unwrap_or(ago(1)),
                state: match started_at {
                    Some(_) => DeployState::Ongoing,
                    None => DeployState::Created,
                },
                ..pending(service, number)
            }
        })
        .collect()
}

/// A deploy as an administrator asks for it.
pub(super) fn pending(service: &Service, number: usize) -> Deploy {
    Deploy::new(DeployId::from_bytes(bytes(8, number)), service, DeployOrigin::User, now())
}
