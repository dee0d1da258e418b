//! The picture of one grid that decisions are made on.
//!
//! Loaded once from the store, then kept true by [`Snapshot::apply`], which takes the very changes that
//! were committed. Applying the changes equals loading afresh. Ordered maps only, so that the same
//! picture is always walked in the same order; indexes are kept beside the facts they are made of.

mod apply;
mod containers;
mod follow;
mod memory;
pub(crate) mod roster;
mod volumes;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    attendance::Absences,
    domain::{
        Container, Deploy, DeployId, Grid, Instance, MemoryPeak, Node, NodeId, Service, ServiceId,
        StackId, Time, Volume, VolumeInstance,
    },
};
use containers::Containers;
use roster::Roster;

/// The key of an instance: its service and its number.
pub type InstanceKey = (ServiceId, u32);

/// All that a decision about a grid may look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The grid.
    pub grid: Grid,
    /// Since when a master listens: grace never counts from before.
    pub listening_since: Time,
    /// When the master was not there since: deadlines are put off by it.
    pub absences: Arc<Absences>,
    roster: Roster,
    services: BTreeMap<ServiceId, Service>,
    instances: BTreeMap<InstanceKey, Instance>,
    instances_on: BTreeMap<NodeId, BTreeSet<InstanceKey>>,
    deploys: BTreeMap<DeployId, Deploy>,
    deploys_of: BTreeMap<ServiceId, BTreeSet<DeployId>>,
    containers: Containers,
    volumes: volumes::Volumes,
    publishers: BTreeMap<u16, BTreeSet<ServiceId>>,
    stack_deploys: BTreeMap<StackId, Time>,
    memory: memory::Peaks,
}

/// Everything of one grid, as it is loaded; deploys are the unfinished ones.
#[derive(Debug, Clone)]
pub struct Contents {
    /// The grid.
    pub grid: Grid,
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// Its services.
    pub services: Vec<Service>,
    /// Its instances.
    pub instances: Vec<Instance>,
    /// Its unfinished deploys.
    pub deploys: Vec<Deploy>,
    /// Its visible containers.
    pub containers: Vec<Container>,
    /// Its volumes.
    pub volumes: Vec<Volume>,
    /// Its volumes on their nodes.
    pub volume_instances: Vec<VolumeInstance>,
    /// How much memory its services took, whatever the age.
    pub memory_peaks: Vec<MemoryPeak>,
}

impl Contents {
    /// A grid with nothing in it.
    #[must_use]
    pub fn empty(grid: Grid) -> Self {
        Self {
            grid,
            nodes: Vec::new(),
            services: Vec::new(),
            instances: Vec::new(),
            deploys: Vec::new(),
            containers: Vec::new(),
            volumes: Vec::new(),
            volume_instances: Vec::new(),
            memory_peaks: Vec::new(),
        }
    }
}

impl Snapshot {
    /// Makes a picture of what was loaded.
    #[must_use]
    pub fn new(contents: Contents, listening_since: Time) -> Self {
        let mut snapshot = Self {
            grid: contents.grid,
            listening_since,
            absences: Arc::default(),
            roster: Roster::default(),
            services: BTreeMap::new(),
            instances: BTreeMap::new(),
            instances_on: BTreeMap::new(),
            deploys: BTreeMap::new(),
            deploys_of: BTreeMap::new(),
            containers: Containers::default(),
            volumes: volumes::Volumes::new(contents.volumes, contents.volume_instances),
            publishers: BTreeMap::new(),
            stack_deploys: BTreeMap::new(),
            memory: memory::Peaks::new(contents.memory_peaks, listening_since),
        };
        for node in contents.nodes {
            snapshot.roster.put(node);
        }
        for service in contents.services {
            snapshot.put_service(service);
        }
        for instance in contents.instances {
            snapshot.put_instance(instance);
        }
        for deploy in contents.deploys {
            snapshot.put_deploy(deploy);
        }
        for container in contents.containers {
            snapshot.put_container(container);
        }
        snapshot
    }

    /// The nodes, by identity.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.roster.nodes()
    }

    /// A node.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.roster.node(id)
    }

    /// Whether any node's agent is connected.
    #[must_use]
    pub fn any_connected(&self) -> bool {
        !self.roster.sets().connected.is_empty()
    }

    /// Changes with all of the nodes that decides where instances may go, except memory in use.
    #[must_use]
    pub fn placement_fingerprint(&self) -> u64 {
        self.roster.sets().fingerprint()
    }

    /// Nodes as filters and strategies look at them.
    pub(crate) fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The services, by identity.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }

    /// A service.
    #[must_use]
    pub fn service(&self, id: ServiceId) -> Option<&Service> {
        self.services.get(&id)
    }

    /// `grid/stack/service`, as texts name a service.
    #[must_use]
    pub fn path(&self, service: &Service) -> String {
        format!("{}/{}/{}", self.grid.name, service.stack_name, service.name)
    }

    /// The instances of a service, by number.
    pub fn instances(&self, service: ServiceId) -> impl Iterator<Item = &Instance> {
        self.instances.range((service, 0)..=(service, u32::MAX)).map(|(_, instance)| instance)
    }

    /// An instance.
    #[must_use]
    pub fn instance(&self, service: ServiceId, number: u32) -> Option<&Instance> {
        self.instances.get(&(service, number))
    }

    /// The instances that shall be on a node.
    pub fn instances_on(&self, node: NodeId) -> impl Iterator<Item = &Instance> {
        let keys = self.instances_on.get(&node);
        keys.into_iter().flatten().filter_map(|key| self.instances.get(key))
    }

    /// The unfinished deploys of a service, oldest first (ties by identity).
    #[must_use]
    pub fn deploys_of(&self, service: ServiceId) -> Vec<&Deploy> {
        let ids = self.deploys_of.get(&service);
        let mut deploys: Vec<_> =
            ids.into_iter().flatten().filter_map(|id| self.deploys.get(id)).collect();
        deploys.sort_by_key(|deploy| (deploy.created_at, deploy.id));
        deploys
    }

    /// The nodes that instances of a service are on their way to, by its unfinished deploys.
    pub fn targets_of(&self, service: ServiceId) -> impl Iterator<Item = NodeId> {
        let deploys = self.deploys_of.get(&service).into_iter().flatten();
        let instances = deploys
            .filter_map(|deploy| self.deploys.get(deploy))
            .flat_map(|deploy| &deploy.instances);
        instances.filter(|instance| !instance.state.is_final()).filter_map(|instance| instance.node)
    }

    /// The unfinished deploys, by identity.
    pub fn deploys(&self) -> impl Iterator<Item = &Deploy> {
        self.deploys.values()
    }

    /// An unfinished deploy.
    #[must_use]
    pub fn deploy(&self, id: DeployId) -> Option<&Deploy> {
        self.deploys.get(&id)
    }

    /// The visible containers.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter()
    }

    /// The names that visible containers have.
    pub fn container_names(&self) -> impl Iterator<Item = &str> {
        self.containers.names()
    }

    /// The visible containers of a name.
    pub fn containers_named(&self, name: &str) -> impl Iterator<Item = &Container> {
        self.containers.named(name)
    }

    /// The visible containers of a service, by its stack and its plain name.
    pub fn containers_of(&self, stack: &str, service: &str) -> impl Iterator<Item = &Container> {
        self.containers.of_service(stack, service)
    }

    /// Adds or replaces a visible container.
    pub fn put_container(&mut self, container: Container) {
        self.containers.put(container);
    }

    /// The services that publish a port on their nodes, by identity; whatever their state.
    pub fn publishers(&self, node_port: u16) -> impl Iterator<Item = ServiceId> {
        let services = self.publishers.get(&node_port);
        services.into_iter().flatten().copied()
    }

    /// Since when a deploy of the whole stack has been going on; none: there is none.
    #[must_use]
    pub fn stack_deploy_since(&self, stack: StackId) -> Option<Time> {
        self.stack_deploys.get(&stack).copied()
    }

    /// A deploy of the whole stack was asked for; the latest counts.
    pub fn begin_stack_deploy(&mut self, stack: StackId, created_at: Time) {
        let since = self.stack_deploys.entry(stack).or_insert(created_at);
        *since = created_at.max(*since);
    }

    /// No deploy of the whole stack goes on any more.
    pub fn end_stack_deploy(&mut self, stack: StackId) {
        self.stack_deploys.remove(&stack);
    }

    fn put_service(&mut self, service: Service) {
        self.forget_ports(service.id);
        for port in &service.spec.ports {
            let services = self.publishers.entry(port.node_port).or_default();
            services.insert(service.id);
        }
        self.services.insert(service.id, service);
    }

    fn forget_ports(&mut self, service: ServiceId) {
        let Some(before) = self.services.get(&service) else {
            return;
        };
        for port in &before.spec.ports {
            if let Some(services) = self.publishers.get_mut(&port.node_port) {
                services.remove(&service);
                if services.is_empty() {
                    self.publishers.remove(&port.node_port);
                }
            }
        }
    }

    fn put_instance(&mut self, instance: Instance) {
        let key = (instance.service, instance.number);
        if let Some(node) = instance.node {
            self.instances_on.entry(node).or_default().insert(key);
        }
        self.instances.insert(key, instance);
    }

    fn take_instance(&mut self, key: InstanceKey) -> Option<Instance> {
        let instance = self.instances.remove(&key)?;
        if let Some(node) = instance.node
            && let Some(keys) = self.instances_on.get_mut(&node)
        {
            keys.remove(&key);
            if keys.is_empty() {
                self.instances_on.remove(&node);
            }
        }
        Some(instance)
    }

    fn put_deploy(&mut self, deploy: Deploy) {
        self.deploys_of.entry(deploy.service).or_default().insert(deploy.id);
        self.deploys.insert(deploy.id, deploy);
    }

    fn take_deploy(&mut self, id: DeployId) {
        let Some(deploy) = self.deploys.remove(&id) else {
            return;
        };
        if let Some(ids) = self.deploys_of.get_mut(&deploy.service) {
            ids.remove(&id);
            if ids.is_empty() {
                self.deploys_of.remove(&deploy.service);
            }
        }
    }

    fn remove_node(&mut self, node: NodeId) {
        self.roster.take(node);
        self.volumes.forget_node(node);
        self.containers.remove_of(node);
        for key in self.instances_on.remove(&node).unwrap_or_default() {
            if let Some(instance) = self.instances.get_mut(&key) {
                instance.node = None;
            }
        }
        for deploy in self.deploys.values_mut() {
            for instance in &mut deploy.instances {
                if instance.node == Some(node) {
                    instance.node = None;
                }
            }
        }
    }

    fn remove_service(&mut self, service: ServiceId) {
        self.forget_ports(service);
        self.services.remove(&service);
        self.memory.forget_service(service);
        let numbers: Vec<_> = self.instances(service).map(|instance| instance.number).collect();
        for number in numbers {
            self.take_instance((service, number));
        }
        for deploy in self.deploys_of.get(&service).cloned().unwrap_or_default() {
            self.take_deploy(deploy);
        }
    }
}
