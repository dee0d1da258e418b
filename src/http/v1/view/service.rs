//! A service, its instances and deploys.

use kontena_core::domain::{
    DEFAULT_STACK, Deploy, Grid, Instance, Node, ObservedState, Service, ServiceSpec, ServiceVolume,
};
use kontena_protocol::api::{self, timestamp};
use kontena_store::containers::Health;

use super::{node_path, time_opt};
use crate::wire;

pub(super) fn path(grid: &Grid, service: &Service) -> String {
    format!("{}/{}", grid.name, service.stack_path())
}

/// Shows a service; without an affinity of its own it has the grid's.
pub(in crate::http::v1) fn service(
    grid: &Grid,
    service: &Service,
    instances: &[Instance],
    health: Health,
) -> api::Service {
    let spec = &service.spec;
    let domain = wire::domainname(&grid.name, &service.stack_name);
    let affinity = if spec.affinity.is_empty() { &grid.default_affinity } else { &spec.affinity };
    api::Service {
        id: path(grid, service),
        name: service.name.clone(),
        grid: api::GridRef { id: grid.name.clone() },
        stack: api::StackRef {
            id: format!("{}/{}", grid.name, service.stack_name),
            name: service.stack_name.clone(),
        },
        created_at: timestamp(service.created_at),
        updated_at: timestamp(service.updated_at),
        image: spec.image.clone(),
        stateful: spec.stateful,
        read_only: spec.read_only,
        state: service.state.as_str().to_owned(),
        instances: service.instances,
        instance_counts: counts(instances),
        strategy: spec.strategy.as_str().to_owned(),
        deploy_opts: api::DeployOpts {
            wait_for_port: spec.deploy_opts.wait_for_port.map(i64::from),
            min_health: spec.deploy_opts.min_health,
            interval: spec.deploy_opts.interval,
        },
        dns: format!("{}.{domain}", service.name),
        net: Some(spec.net.clone().unwrap_or_else(|| "bridge".to_owned())),
        ports: ports(spec),
        env: spec.env.clone(),
        secrets: secrets(spec),
        certificates: Vec::new(),
        links: links(grid, spec),
        affinity: affinity.clone(),
        cmd: spec.cmd.clone(),
        entrypoint: spec.entrypoint.clone(),
        user: spec.user.clone(),
        pid: spec.pid.clone(),
        log_driver: spec.log_driver.clone(),
        log_opts: spec.log_opts.clone(),
        stop_signal: spec.stop_signal.clone(),
        memory: spec.memory,
        memory_swap: spec.memory_swap,
        shm_size: spec.shm_size,
        cpus: spec.cpus,
        cpu_shares: spec.cpu_shares,
        volumes: spec.volumes.iter().map(volume).collect(),
        volumes_from: spec.volumes_from.clone(),
        cap_add: spec.cap_add.clone(),
        cap_drop: spec.cap_drop.clone(),
        hooks: hooks(spec),
        health_check: health_check(spec),
        health_status: health_check(spec).map(|_| api::HealthStatus {
            healthy: health.healthy,
            unhealthy: health.unhealthy,
            total: health.total,
        }),
        revision: service.revision,
        stack_revision: service.stack_revision,
        stop_grace_period: spec.stop_grace_period.unwrap_or(10),
    }
}

/// What exists is what agents say exists; an instance without a node has none to say so.
fn counts(instances: &[Instance]) -> api::InstanceCounts {
    let count = |is: &dyn Fn(&Instance) -> bool| {
        i64::try_from(instances.iter().filter(|instance| is(instance)).count()).unwrap_or(i64::MAX)
    };
    api::InstanceCounts {
        total: count(&|instance| {
            !matches!(instance.known_state(), ObservedState::Initialized | ObservedState::Missing)
        }),
        running: count(&|instance| instance.known_state() == ObservedState::Running),
    }
}

fn ports(spec: &ServiceSpec) -> Vec<api::Port> {
    let view = |port: &kontena_core::domain::Port| api::Port {
        ip: port.ip.clone(),
        protocol: port.protocol.clone(),
        node_port: port.node_port,
        container_port: port.container_port,
    };
    spec.ports.iter().map(view).collect()
}

fn secrets(spec: &ServiceSpec) -> Vec<api::ServiceSecret> {
    let view = |secret: &kontena_core::domain::SecretRef| api::ServiceSecret {
        secret: secret.secret.clone(),
        name: secret.name.clone(),
        kind: "env".to_owned(),
    };
    spec.secrets.iter().map(view).collect()
}

fn links(grid: &Grid, spec: &ServiceSpec) -> Vec<api::Link> {
    let view = |link: &kontena_core::domain::Link| api::Link {
        id: format!("{}/{}/{}", grid.name, link.stack, link.service),
        alias: link.alias.clone(),
        name: if link.stack == DEFAULT_STACK {
            link.service.clone()
        } else {
            format!("{}/{}", link.stack, link.service)
        },
    };
    spec.links.iter().map(view).collect()
}

fn hooks(spec: &ServiceSpec) -> Vec<api::HookView> {
    let view = |hook: &kontena_core::domain::Hook| api::HookView {
        name: hook.name.clone(),
        kind: hook.kind.as_str().to_owned(),
        cmd: hook.cmd.clone(),
        oneshot: hook.oneshot,
    };
    spec.hooks.iter().map(view).collect()
}

fn health_check(spec: &ServiceSpec) -> Option<api::HealthCheck> {
    let check = spec.health_check.as_ref().filter(|check| check.protocol.is_some())?;
    Some(api::HealthCheck {
        protocol: check.protocol.clone(),
        uri: Some(check.uri.clone()),
        port: check.port.map(i64::from),
        timeout: check.timeout,
        initial_delay: check.initial_delay,
        interval: check.interval,
    })
}

/// `name:/path[:flags]`, `/host:/path[:flags]` or `/path`.
fn volume(volume: &ServiceVolume) -> String {
    let named = volume.volume.as_ref().map(|named| named.name.as_str());
    let mut text = match named.or(volume.bind_mount.as_deref()) {
        Some(source) => format!("{source}:{}", volume.path),
        None => volume.path.clone(),
    };
    if let Some(flags) = &volume.flags {
        text.push(':');
        text.push_str(flags);
    }
    text
}

/// Shows an instance and where it is.
pub(in crate::http::v1) fn instance(
    grid: &Grid,
    instance: &Instance,
    nodes: &[Node],
) -> api::Instance {
    let node = nodes.iter().find(|node| Some(node.id) == instance.node);
    api::Instance {
        id: instance.id.to_string(),
        created_at: timestamp(instance.created_at),
        updated_at: timestamp(instance.updated_at),
        instance_number: instance.number,
        desired_state: instance.desired_state.as_str().to_owned(),
        state: instance.known_state().as_str().to_owned(),
        deploy_rev: instance.deploy_rev.clone(),
        rev: instance.rev.clone(),
        error: instance.error.clone(),
        node: node.map(|node| api::NodeOfInstance {
            id: node_path(grid, node),
            name: node.name.clone(),
            public_ip: node.report.public_ip.clone(),
        }),
    }
}

/// The contract's text, and behind it what stands behind it.
fn reason(deploy: &Deploy) -> Option<String> {
    let reason = deploy.reason.as_ref()?;
    Some(match &deploy.explanation {
        Some(explanation) => format!("{reason} ({explanation})"),
        None => reason.clone(),
    })
}

/// Shows a deploy with its instances.
pub(in crate::http::v1) fn deploy(
    grid: &Grid,
    service: &Service,
    deploy: &Deploy,
) -> api::ServiceDeploy {
    api::ServiceDeploy {
        id: deploy.id.to_string(),
        created_at: timestamp(deploy.created_at),
        queued_at: time_opt(deploy.queued_at),
        started_at: time_opt(deploy.started_at),
        finished_at: time_opt(deploy.finished_at),
        service_id: path(grid, service),
        state: deploy.state.as_str().to_owned(),
        reason: reason(deploy),
        instance_count: service.instances,
        instance_deploys: deploy
            .instances
            .iter()
            .map(|instance| api::InstanceDeploy {
                instance_number: instance.number,
                node: Some(instance.node_name.clone()),
                state: instance.state.as_str().to_owned(),
                error: instance.error.clone(),
            })
            .collect(),
    }
}
