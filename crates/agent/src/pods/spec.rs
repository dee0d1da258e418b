//! From a pod as the master lists it to the containers as the engine shall make them: names, labels,
//! environment, mounts. Nothing here asks anybody anything.

use std::collections::BTreeMap;

use kontena_protocol::agent::{HookSpec, ServicePod};

use crate::engine::{ContainerKind, ContainerSpec, Device, label};

/// Largest environment entry that a process can be started with, in bytes.
const LARGEST_ENV_BYTES: usize = 131_072;
/// Microseconds in the scheduler period that a quota refers to.
const CPU_PERIOD_MICROSECONDS: f64 = 100_000.0;
/// The shell of hooks and data containers.
const SHELL: &str = "/bin/sh";

/// An environment entry is too large; the text is the one Kontena 1.5 reports.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Env {name} is too large at {bytes} bytes")]
pub struct EnvTooLarge {
    /// The entry's name.
    pub name: String,
    /// The entry's size.
    pub bytes: usize,
}

/// Returns the name of a pod's service container: `redis-1`, `shop.redis-2`.
#[must_use]
pub fn container_name(pod: &ServicePod) -> String {
    format!("{}-{}", pod.service_name, pod.instance_number)
}

/// Returns the name of the container that holds the volumes of a stateful pod.
#[must_use]
pub fn data_container_name(container_name: &str) -> String {
    format!("{container_name}-volumes")
}

/// Returns the names under which the container behind an entry of `volumes_from` is looked for.
#[must_use]
pub fn volumes_from_candidates(pod: &ServicePod, entry: &str) -> Vec<String> {
    let name = entry.replace("%s", &pod.instance_number.to_string());
    let mut names = vec![name.clone()];
    if let Some(stack) = pod.labels.get(label::STACK_NAME) {
        names.push(format!("{stack}-{name}"));
        names.push(format!("{stack}.{name}"));
    }
    names
}

/// Builds the service container. `volumes_from` are the names of containers that exist.
///
/// # Errors
/// Where an environment entry is too large.
pub fn service_spec(
    pod: &ServicePod,
    volumes_from: Vec<String>,
) -> Result<ContainerSpec, EnvTooLarge> {
    let network = pod.net.as_deref().unwrap_or("bridge");
    let (hostname, domainname) = match network {
        "bridge" => (text(&pod.hostname), text(&pod.domainname)),
        _ => (None, None),
    };
    // A container in another's network has its resolver, too.
    let dns_search =
        if network.starts_with("container:") { Vec::new() } else { dns_search(&pod.domainname) };
    Ok(ContainerSpec {
        image: pod.image_name.clone(),
        hostname,
        domainname,
        dns_search,
        user: pod.user.clone(),
        cmd: pod.cmd.clone(),
        entrypoint: pod.entrypoint.clone().map(|program| vec![program]),
        env: env(pod)?,
        labels: service_labels(pod),
        binds: binds(pod),
        volumes: if pod.stateful { Vec::new() } else { anonymous_volumes(pod) },
        volumes_from,
        ports: if network == "bridge" { pod.ports.clone() } else { Vec::new() },
        network: network.to_owned(),
        memory: pod.memory,
        memory_swap: pod.memory_swap,
        shm_size: pod.shm_size,
        cpu_shares: pod.cpu_shares,
        cpu_quota: pod.cpus.map(quota),
        privileged: pod.privileged,
        cap_add: pod.cap_add.clone(),
        cap_drop: pod.cap_drop.clone(),
        devices: pod.devices.iter().map(|text| device(text)).collect(),
        pid_mode: pod.pid.clone(),
        read_only: pod.read_only,
        log_driver: pod.log_driver.clone(),
        log_opts: pod.log_opts.clone(),
        stop_signal: pod.stop_signal.clone(),
    })
}

/// Builds the container that holds the volumes of a stateful pod. It is never started.
#[must_use]
pub fn data_spec(pod: &ServicePod) -> ContainerSpec {
    let name = container_name(pod);
    let mut labels = pod.labels.clone();
    labels.extend(own_labels(pod, ContainerKind::Data));
    labels.insert(label::NAME.into(), data_container_name(&name));
    labels.insert(label::POD.into(), name);
    labels.insert(label::SKIP_LOGS.into(), "1".into());
    ContainerSpec {
        image: pod.image_name.clone(),
        entrypoint: Some(vec![SHELL.into()]),
        labels,
        volumes: anonymous_volumes(pod),
        network: "bridge".into(),
        ..ContainerSpec::default()
    }
}

/// Builds the container that runs a hook before the service starts: the service's own in all but its
/// command, its ports and its name.
#[must_use]
pub fn hook_spec(service: &ContainerSpec, hook: &HookSpec, name: &str) -> ContainerSpec {
    let mut spec = service.clone();
    spec.entrypoint = Some(vec![SHELL.into(), "-c".into()]);
    spec.cmd = Some(vec![hook.cmd.clone()]);
    spec.ports = Vec::new();
    spec.labels.extend([
        (label::TYPE.into(), ContainerKind::Hook.as_label().into()),
        (label::NAME.into(), name.into()),
        (label::SKIP_LOGS.into(), "1".into()),
    ]);
    spec
}

/// Returns the command by which a hook runs inside a container.
#[must_use]
pub fn hook_command(hook: &HookSpec) -> Vec<String> {
    vec![SHELL.into(), "-c".into(), hook.cmd.clone()]
}

fn service_labels(pod: &ServicePod) -> BTreeMap<String, String> {
    let name = container_name(pod);
    let mut labels = pod.labels.clone();
    labels.extend(own_labels(pod, ContainerKind::Service));
    labels.insert(label::NAME.into(), name.clone());
    labels.insert(label::POD.into(), name);
    labels.insert(label::STOP_GRACE_PERIOD.into(), pod.stop_grace_period.to_string());
    if pod.exposed {
        labels.insert(label::EXPOSED.into(), "1".into());
    }
    labels
}

/// The service's id is among the pod's labels; it is set again because the agent finds its containers
/// by it.
fn own_labels(pod: &ServicePod, kind: ContainerKind) -> [(String, String); 5] {
    [
        (label::TYPE.into(), kind.as_label().into()),
        (label::SERVICE_ID.into(), pod.service_id.clone()),
        (label::INSTANCE_NUMBER.into(), pod.instance_number.to_string()),
        (label::DEPLOY_REV.into(), pod.deploy_rev.clone().unwrap_or_default()),
        (label::SERVICE_REVISION.into(), pod.service_revision.to_string()),
    ]
}

/// The service's environment, then secrets; a secret replaces an entry of its name, and several of one
/// name are joined by newlines in their order.
fn env(pod: &ServicePod) -> Result<Vec<String>, EnvTooLarge> {
    let mut secrets: Vec<(&str, String)> = Vec::new();
    for secret in &pod.secrets {
        let Some(value) = &secret.value else { continue };
        match secrets.iter_mut().find(|(name, _)| *name == secret.name) {
            Some((_, joined)) => {
                joined.push('\n');
                joined.push_str(value);
            }
            None => secrets.push((&secret.name, value.clone())),
        }
    }
    let name_of = |entry: &str| entry.split('=').next().unwrap_or_default().to_owned();
    let replaced = |entry: &&String| secrets.iter().all(|(name, _)| *name != name_of(entry));
    let plain = pod.env.iter().filter(replaced).cloned();
    let secret = secrets.iter().map(|(name, value)| format!("{name}={value}"));
    let entries: Vec<String> = plain.chain(secret).collect();
    match entries.iter().find(|entry| entry.len() > LARGEST_ENV_BYTES) {
        Some(entry) => Err(EnvTooLarge { name: name_of(entry), bytes: entry.len() }),
        None => Ok(entries),
    }
}

fn binds(pod: &ServicePod) -> Vec<String> {
    let sources = pod.volumes.iter().filter_map(|volume| {
        let source = volume.bind_mount.as_ref().or(volume.name.as_ref())?;
        Some((source, volume))
    });
    sources
        .map(|(source, volume)| match &volume.flags {
            Some(flags) if !flags.is_empty() => format!("{source}:{}:{flags}", volume.path),
            _ => format!("{source}:{}", volume.path),
        })
        .collect()
}

fn anonymous_volumes(pod: &ServicePod) -> Vec<String> {
    pod.volumes
        .iter()
        .filter(|volume| volume.bind_mount.is_none() && volume.name.is_none())
        .map(|volume| volume.path.clone())
        .collect()
}

fn dns_search(domainname: &str) -> Vec<String> {
    let parent = domainname.split_once('.').map(|(_, parent)| parent);
    [Some(domainname), parent]
        .into_iter()
        .flatten()
        .filter(|domain| !domain.is_empty())
        .map(str::to_owned)
        .collect()
}

fn device(text: &str) -> Device {
    let mut parts = text.split(':');
    let host = parts.next().unwrap_or_default().to_owned();
    let container = parts.next().unwrap_or(&host).to_owned();
    Device { container, permissions: parts.next().unwrap_or("rwm").to_owned(), host }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "no machine has 2^40 processors; the cast saturates"
)]
fn quota(cpus: f64) -> i64 {
    (CPU_PERIOD_MICROSECONDS * cpus) as i64
}

fn text(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests;
