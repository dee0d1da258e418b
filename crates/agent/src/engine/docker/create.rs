//! From what a container shall be to the body of Docker's create call.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, DeviceMapping, HostConfig, HostConfigLogConfig, PortBinding, PortMap,
};
use kontena_protocol::agent::ContainerPort;

use crate::engine::ContainerSpec;

/// Length of the scheduler period that [`ContainerSpec::cpu_quota`] refers to.
const CPU_PERIOD_MICROSECONDS: i64 = 100_000;

/// Builds the create call's body. No Docker restart policy: the agent restarts.
pub(super) fn body(spec: &ContainerSpec) -> ContainerCreateBody {
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        hostname: spec.hostname.clone(),
        domainname: spec.domainname.clone(),
        user: spec.user.clone(),
        cmd: spec.cmd.clone(),
        entrypoint: spec.entrypoint.clone(),
        env: Some(spec.env.clone()),
        labels: Some(spec.labels.clone().into_iter().collect()),
        volumes: some(&spec.volumes),
        exposed_ports: some(&spec.ports.iter().map(port_name).collect::<Vec<_>>()),
        stop_signal: spec.stop_signal.clone(),
        host_config: Some(host_config(spec)),
        ..ContainerCreateBody::default()
    }
}

fn host_config(spec: &ContainerSpec) -> HostConfig {
    HostConfig {
        network_mode: Some(spec.network.clone()).filter(|network| !network.is_empty()),
        binds: some(&spec.binds),
        volumes_from: some(&spec.volumes_from),
        port_bindings: (!spec.ports.is_empty()).then(|| port_map(&spec.ports)),
        dns_search: some(&spec.dns_search),
        memory: spec.memory,
        memory_swap: spec.memory_swap,
        shm_size: spec.shm_size,
        cpu_shares: spec.cpu_shares,
        cpu_period: spec.cpu_quota.map(|_| CPU_PERIOD_MICROSECONDS),
        cpu_quota: spec.cpu_quota,
        privileged: Some(spec.privileged),
        cap_add: some(&spec.cap_add),
        cap_drop: some(&spec.cap_drop),
        devices: devices(spec),
        pid_mode: spec.pid_mode.clone(),
        readonly_rootfs: Some(spec.read_only),
        log_config: log_config(spec),
        ..HostConfig::default()
    }
}

fn devices(spec: &ContainerSpec) -> Option<Vec<DeviceMapping>> {
    let devices = spec.devices.iter().map(|device| DeviceMapping {
        path_on_host: Some(device.host.clone()),
        path_in_container: Some(device.container.clone()),
        cgroup_permissions: Some(device.permissions.clone()),
    });
    Some(devices.collect::<Vec<_>>()).filter(|devices| !devices.is_empty())
}

fn log_config(spec: &ContainerSpec) -> Option<HostConfigLogConfig> {
    let options: HashMap<_, _> = spec.log_opts.clone().into_iter().collect();
    if spec.log_driver.is_none() && options.is_empty() {
        return None;
    }
    Some(HostConfigLogConfig { typ: spec.log_driver.clone(), config: Some(options) })
}

fn port_name(port: &ContainerPort) -> String {
    format!("{}/{}", port.container_port, port.protocol)
}

fn port_map(ports: &[ContainerPort]) -> PortMap {
    let mut map = PortMap::new();
    for port in ports {
        let bindings = map.entry(port_name(port)).or_default();
        bindings.get_or_insert_default().push(PortBinding {
            host_ip: Some(port.ip.clone()),
            host_port: Some(port.node_port.to_string()),
        });
    }
    map
}

fn some(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}

/// Adds `:latest` where an image name has neither tag nor digest: without it Docker pulls every tag.
pub(super) fn with_tag(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    if last.contains(':') || last.contains('@') {
        name.to_owned()
    } else {
        format!("{name}:latest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_tag_means_latest() {
        assert_eq!(with_tag("redis"), "redis:latest");
        assert_eq!(with_tag("host:5000/redis"), "host:5000/redis:latest");
        assert_eq!(with_tag("host:5000/redis:3"), "host:5000/redis:3");
        assert_eq!(with_tag("redis@sha256:abc"), "redis@sha256:abc");
    }

    #[test]
    fn ports_limits_and_devices_reach_the_body() {
        let port = |ip: &str, node_port| ContainerPort {
            ip: ip.into(),
            protocol: "tcp".into(),
            node_port,
            container_port: 80,
        };
        let spec = ContainerSpec {
            image: "nginx".into(),
            ports: vec![port("0.0.0.0", 8080), port("127.0.0.1", 8081)],
            cpu_quota: Some(50_000),
            log_driver: Some("syslog".into()),
            ..ContainerSpec::default()
        };
        let body = body(&spec);
        let host = body.host_config.expect("always there");
        let map = host.port_bindings.expect("ports");
        let bound = map.get("80/tcp").cloned().flatten().expect("bindings");
        assert_eq!(bound.len(), 2);
        assert_eq!(host.cpu_period, Some(100_000));
        assert_eq!(host.restart_policy, None);
        assert_eq!(host.log_config.and_then(|log| log.typ).as_deref(), Some("syslog"));
        assert_eq!(host.devices, None);
    }
}
