//! One instance as its node is told to run it (`agent-protocol.md` 4.4).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use kontena_core::domain::{
    DEFAULT_STACK, Grid, Instance, Node, SecretRef, Service, ServiceSpec, ServiceVolume,
};
use kontena_protocol::agent::{
    ContainerPort, HookSpec, Mount, NetworkInfo, PodSecret, RegistryCredentials, ServicePod,
    utc_text,
};

const DEFAULT_STOP_GRACE_SECONDS: i64 = 10;

/// What a pod is made of.
#[derive(Debug, Clone)]
pub struct PodSource {
    /// The instance.
    pub instance: Instance,
    /// Its service.
    pub service: Service,
    /// The specification of the revision the instance was deployed at; none: the service's present one.
    pub spec: Option<Arc<ServiceSpec>>,
    /// Hooks that run once, and have run for this instance.
    pub done_hooks: BTreeSet<String>,
}

/// What of a grid is secret and a node must know, in clear. Never printed.
#[derive(Default)]
pub struct Confidential {
    /// Values of secrets by name.
    pub secrets: BTreeMap<String, String>,
    /// Credentials by the name of the registry.
    pub registries: BTreeMap<String, RegistryCredentials>,
}

/// The registry of images that name none.
const DEFAULT_REGISTRY: &str = "index.docker.io";

impl PodSource {
    /// What the instance was deployed with.
    #[must_use]
    pub fn spec(&self) -> &ServiceSpec {
        self.spec.as_ref().unwrap_or(&self.service.spec)
    }
}

/// The registry that an image comes from. Its name stands before the first slash, and is known by its dot
/// or port.
#[must_use]
pub fn registry_of(image: &str) -> &str {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) => first,
        _ => DEFAULT_REGISTRY,
    }
}

/// The DNS domain of a stack's services.
#[must_use]
pub fn domainname(grid: &str, stack: &str) -> String {
    if stack == DEFAULT_STACK {
        format!("{grid}.kontena.local")
    } else {
        format!("{stack}.{grid}.kontena.local")
    }
}

/// Describes an instance to its node.
#[must_use]
pub fn pod(
    grid: &Grid,
    node: &Node,
    source: &PodSource,
    confidential: &Confidential,
) -> ServicePod {
    let PodSource { instance, service, done_hooks, .. } = source;
    let spec = source.spec();
    let number = instance.number;
    ServicePod {
        id: format!("{}/{number}", service.id),
        desired_state: instance.desired_state.as_str().to_owned(),
        service_id: service.id.to_string(),
        service_name: service.qualified_name(),
        service_revision: instance.service_revision.unwrap_or(service.revision),
        updated_at: utc_text(service.updated_at),
        instance_number: number,
        image_name: spec.image.clone(),
        image_credentials: confidential.registries.get(registry_of(&spec.image)).cloned(),
        deploy_rev: instance.deploy_rev.clone(),
        stateful: spec.stateful,
        user: spec.user.clone(),
        cmd: spec.cmd.clone(),
        entrypoint: spec.entrypoint.clone(),
        memory: spec.memory,
        memory_swap: spec.memory_swap,
        shm_size: spec.shm_size,
        cpu_shares: spec.cpu_shares,
        cpus: spec.cpus,
        privileged: spec.privileged,
        cap_add: spec.cap_add.clone(),
        cap_drop: spec.cap_drop.clone(),
        devices: spec.devices.clone(),
        ports: ports(spec),
        volumes: spec.volumes.iter().map(|volume| mount(service, number, volume)).collect(),
        volumes_from: spec.volumes_from.clone(),
        net: Some(spec.net.clone().unwrap_or_else(|| "bridge".to_owned())),
        hostname: format!("{}-{number}", service.name),
        domainname: domainname(&grid.name, &service.stack_name),
        exposed: false,
        log_driver: spec.log_driver.clone(),
        log_opts: spec.log_opts.clone(),
        pid: spec.pid.clone(),
        wait_for_port: spec.deploy_opts.wait_for_port,
        stop_signal: spec.stop_signal.clone(),
        stop_grace_period: spec.stop_grace_period.unwrap_or(DEFAULT_STOP_GRACE_SECONDS),
        env: env(grid, node, service, spec, number),
        secrets: secrets(spec, confidential),
        labels: labels(grid, service, spec),
        hooks: hooks(spec, number, done_hooks),
        networks: vec![NetworkInfo {
            name: "kontena".to_owned(),
            subnet: grid.subnet.to_string(),
            multicast: true,
            internal: false,
        }],
        read_only: spec.read_only,
    }
}

/// One that was removed from the vault has no value.
fn secrets(spec: &ServiceSpec, confidential: &Confidential) -> Vec<PodSecret> {
    let secret = |used: &SecretRef| PodSecret {
        name: used.name.clone(),
        kind: "env".to_owned(),
        value: confidential.secrets.get(&used.secret).cloned(),
    };
    spec.secrets.iter().map(secret).collect()
}

fn ports(spec: &ServiceSpec) -> Vec<ContainerPort> {
    let port = |port: &kontena_core::domain::Port| ContainerPort {
        ip: port.ip.clone(),
        protocol: port.protocol.clone(),
        node_port: port.node_port,
        container_port: port.container_port,
    };
    spec.ports.iter().map(port).collect()
}

fn mount(service: &Service, number: u32, volume: &ServiceVolume) -> Mount {
    Mount {
        name: volume.volume.as_ref().map(|named| named.instance_name(service, number)),
        bind_mount: volume.bind_mount.clone(),
        path: volume.path.clone(),
        flags: volume.flags.clone(),
        driver: volume.volume.as_ref().map(|named| named.driver.clone()),
        driver_opts: volume
            .volume
            .as_ref()
            .map(|named| named.driver_opts.clone())
            .unwrap_or_default(),
    }
}

fn env(
    grid: &Grid,
    node: &Node,
    service: &Service,
    spec: &ServiceSpec,
    number: u32,
) -> Vec<String> {
    let mut env = spec.env.clone();
    env.extend([
        format!("KONTENA_SERVICE_ID={}", service.id),
        format!("KONTENA_SERVICE_NAME={}", service.name),
        format!("KONTENA_GRID_NAME={}", grid.name),
        format!("KONTENA_PLATFORM_NAME={}", grid.name),
        format!("KONTENA_STACK_NAME={}", service.stack_name),
        format!("KONTENA_NODE_NAME={}", node.name),
        format!("KONTENA_SERVICE_INSTANCE_NUMBER={number}"),
    ]);
    env
}

fn labels(grid: &Grid, service: &Service, spec: &ServiceSpec) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    let mut put = |name: &str, value: String| {
        labels.insert(format!("io.kontena.{name}"), value);
    };
    put("service.id", service.id.to_string());
    put("service.name", service.name.clone());
    put("stack.name", service.stack_name.clone());
    put("grid.name", grid.name.clone());
    put("platform.name", grid.name.clone());
    if let Some(check) = &spec.health_check
        && let (Some(protocol), Some(port)) = (&check.protocol, check.port)
    {
        put("health_check.protocol", protocol.clone());
        if protocol == "http" {
            put("health_check.uri", check.uri.clone());
        }
        put("health_check.port", port.to_string());
        put("health_check.interval", check.interval.to_string());
        put("health_check.timeout", check.timeout.to_string());
        put("health_check.initial_delay", check.initial_delay.to_string());
    }
    labels
}

/// Hooks selected for this instance, `*` or its number in the list, except those that run once and
/// have.
fn hooks(spec: &ServiceSpec, number: u32, done: &BTreeSet<String>) -> Vec<HookSpec> {
    let number = number.to_string();
    spec.hooks
        .iter()
        .filter(|hook| !(hook.oneshot && done.contains(&hook.id)))
        .filter(|hook| {
            hook.instances.split(',').map(str::trim).any(|one| one == "*" || one == number)
        })
        .map(|hook| HookSpec {
            id: hook.id.clone(),
            kind: hook.kind.as_str().to_owned(),
            cmd: hook.cmd.clone(),
            oneshot: hook.oneshot,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::registry_of;

    #[test]
    fn an_image_comes_from_the_registry_it_names() {
        for (image, registry) in [
            ("redis", "index.docker.io"),
            ("redis:3.0", "index.docker.io"),
            ("kontena/agent:1.5", "index.docker.io"),
            ("r.example/a", "r.example"),
            ("r.example:5000/a/b:1", "r.example:5000"),
            ("registry:5000/a", "registry:5000"),
        ] {
            assert_eq!(registry_of(image), registry, "{image}");
        }
    }
}
