//! The bodies inside calls. Field names are the wire's; a missing or null list reads as empty.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

/// Methods that this product sends or answers.
pub mod method {
    /// Master to agent, notification: the master's version; the connection is established.
    pub const MASTER_INFO: &str = "/agent/master_info";
    /// Master to agent, notification: the node as the master knows it.
    pub const NODE_INFO: &str = "/agent/node_info";
    /// Master to agent: fetch the pod list again.
    pub const NOTIFY_UPDATE: &str = "/service_pods/notify_update";
    /// Master to agent, notification: restart one instance.
    pub const RESTART_POD: &str = "/service_pods/restart";
    /// Master to agent: fetch the volume list again.
    pub const VOLUMES_NOTIFY_UPDATE: &str = "/volumes/notify_update";
    /// Master to agent: `{"health": bool}`.
    pub const ETCD_HEALTH: &str = "/etcd/health";
    /// Agent to master: the engine's description of the node.
    pub const NODES_UPDATE: &str = "/nodes/update";
    /// Agent to master: the node as the master knows it, for old agents.
    pub const NODES_GET: &str = "/nodes/get";
    /// Agent to master, notification: load, memory, file systems.
    pub const NODES_STATS: &str = "/nodes/stats";
    /// Agent to master: what shall run here.
    pub const PODS_LIST: &str = "/node_service_pods/list";
    /// Agent to master: what became of an instance.
    pub const PODS_SET_STATE: &str = "/node_service_pods/set_state";
    /// Agent to master, notification: something happened to an instance.
    pub const PODS_EVENT: &str = "/node_service_pods/event";
    /// Agent to master: a hook that runs once is about to run.
    pub const MARK_ONESHOT_HOOK: &str = "/node_service_pods/mark_oneshot_hook";
    /// Agent to master: a container as the engine describes it.
    pub const CONTAINERS_SAVE: &str = "/containers/save";
    /// Agent to master: something happened to a container.
    pub const CONTAINERS_EVENT: &str = "/containers/event";
    /// Agent to master: containers that are gone.
    pub const CONTAINERS_CLEANUP: &str = "/containers/cleanup";
    /// Agent to master: the result of a container's health check.
    pub const CONTAINERS_HEALTH: &str = "/containers/health";
    /// Agent to master, notification: lines of containers' logs.
    pub const CONTAINERS_LOG_BATCH: &str = "/containers/log_batch";
    /// Agent to master, notification: a container's figures.
    pub const CONTAINERS_STAT: &str = "/containers/stat";
    /// Master to agent: the engine's description of a container.
    pub const CONTAINERS_INSPECT: &str = "/containers/inspect";
    /// Master to agent: the processes of a container.
    pub const CONTAINERS_TOP: &str = "/containers/top";
    /// Master to agent: run a command in a container to its end.
    pub const CONTAINERS_EXEC: &str = "/containers/exec";
    /// Master to agent: begin an exec session in a container; answered with its id.
    pub const CREATE_EXEC: &str = "/containers/create_exec";
    /// Master to agent, notification: run a command in an exec session.
    pub const RUN_EXEC: &str = "/containers/run_exec";
    /// Master to agent, notification: input of an exec session; nil ends it.
    pub const TTY_INPUT: &str = "/containers/tty_input";
    /// Master to agent, notification: the size of an exec session's terminal.
    pub const TTY_RESIZE: &str = "/containers/tty_resize";
    /// Master to agent, notification: end an exec session.
    pub const TERMINATE_EXEC: &str = "/containers/terminate_exec";
    /// Agent to master, notification: output of an exec session.
    pub const EXEC_OUTPUT: &str = "/container_exec/output";
    /// Agent to master, notification: an exec session's command has ended.
    pub const EXEC_EXIT: &str = "/container_exec/exit";
    /// Agent to master, notification: an exec session has failed.
    pub const EXEC_ERROR: &str = "/container_exec/error";
    /// Agent to master: which volumes shall exist here.
    pub const VOLUMES_LIST: &str = "/node_volumes/list";
    /// Agent to master: a volume of the engine that belongs to one of the master's.
    pub const VOLUMES_SET_STATE: &str = "/node_volumes/set_state";
}

fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// `/agent/master_info`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterInfo {
    /// The compatibility version.
    pub version: Option<String>,
}

/// `/agent/node_info`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeInfo {
    /// The Docker engine id.
    pub id: String,
    /// UTC-text.
    pub created_at: String,
    /// UTC-text.
    pub updated_at: String,
    /// The node's name in its grid.
    pub name: String,
    /// `name` or `name=value`.
    #[serde(default, deserialize_with = "or_default")]
    pub labels: Vec<String>,
    /// The node's address in the overlay network, without prefix length.
    pub overlay_ip: String,
    /// Addresses of the other nodes.
    #[serde(default, deserialize_with = "or_default")]
    pub peer_ips: Vec<String>,
    /// From 1; unique in the grid.
    pub node_number: u32,
    /// Whether the number is within the grid's initial size.
    pub initial_member: bool,
    /// The node's grid.
    pub grid: GridInfo,
}

/// The grid inside [`NodeInfo`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GridInfo {
    /// The grid's name.
    pub id: String,
    /// The grid's name.
    pub name: String,
    /// 1 to 7.
    pub initial_size: u32,
    /// CIDRs; always an array, since stock agents fail on null.
    #[serde(default, deserialize_with = "or_default")]
    pub trusted_subnets: Vec<String>,
    /// CIDR.
    pub subnet: String,
    /// CIDR.
    pub supernet: String,
    /// `{"statsd": null}` or `{"statsd": {"server", "port"}}`.
    #[serde(default)]
    pub stats: serde_json::Value,
    /// Null or `{"forwarder", "opts"}`.
    #[serde(default)]
    pub logs: serde_json::Value,
}

/// A volume that shall exist on a node, in `/node_volumes/list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeVolume {
    /// The volume, which may exist on several nodes.
    pub volume_id: String,
    /// The volume on this node.
    pub volume_instance_id: String,
    /// The engine's name for it.
    pub name: String,
    /// `driver`, or `driver:version`.
    pub driver: String,
    /// Driver options.
    #[serde(default, deserialize_with = "or_default")]
    pub driver_opts: BTreeMap<String, String>,
}

/// A volume of an engine that carries the master's labels, in `/node_volumes/set_state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeState {
    /// The engine's name for it.
    pub name: String,
    /// From its label.
    #[serde(default)]
    pub volume_instance_id: Option<String>,
    /// From its label.
    #[serde(default)]
    pub volume_id: Option<String>,
}

/// Names an instance, in `/node_service_pods/mark_oneshot_hook`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodRef {
    /// 24 hexadecimal digits.
    pub service_id: String,
    /// From 1.
    pub instance_number: u32,
}

/// `/containers/save`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainerSave {
    /// The Docker engine id of the node.
    #[serde(default, deserialize_with = "or_default")]
    pub node: String,
    /// The engine's description, whole.
    #[serde(default)]
    pub container: serde_json::Value,
}

/// `/containers/event`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerEvent {
    /// The engine's id of the container.
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
    /// Such as `start`, `die`, `destroy`.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// The image.
    #[serde(default)]
    pub from: Option<String>,
    /// Seconds since 1970.
    #[serde(default)]
    pub time: Option<i64>,
}

/// `/containers/health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerCheck {
    /// The engine's id of the container.
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
    /// `healthy` or `unhealthy`.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// A number or a text, by the kind of check.
    #[serde(default)]
    pub status_code: serde_json::Value,
}

/// One instance as its node is told to run it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ServicePod {
    /// `{service_id}/{instance_number}`.
    pub id: String,
    /// `initialized`, `running` or `stopped`; anything else means hands off.
    pub desired_state: String,
    /// 24 hexadecimal digits.
    pub service_id: String,
    /// `{service}` in the default stack, else `{stack}.{service}`.
    pub service_name: String,
    /// The container is made anew when this is greater than its label.
    pub service_revision: i64,
    /// UTC-text.
    #[serde(default)]
    pub updated_at: String,
    /// From 1.
    pub instance_number: u32,
    /// As the service names it.
    pub image_name: String,
    /// For a private registry.
    #[serde(default)]
    pub image_credentials: Option<RegistryCredentials>,
    /// Compared as text; grows with every deploy.
    #[serde(default)]
    pub deploy_rev: Option<String>,
    /// Whether data outlives the container.
    #[serde(default, deserialize_with = "or_default")]
    pub stateful: bool,
    /// User inside the container.
    #[serde(default)]
    pub user: Option<String>,
    /// Arguments; null: the image's own.
    #[serde(default)]
    pub cmd: Option<Vec<String>>,
    /// Program; null: the image's own.
    #[serde(default)]
    pub entrypoint: Option<String>,
    /// Bytes.
    #[serde(default)]
    pub memory: Option<i64>,
    /// Bytes.
    #[serde(default)]
    pub memory_swap: Option<i64>,
    /// Bytes.
    #[serde(default)]
    pub shm_size: Option<i64>,
    /// Relative weight.
    #[serde(default)]
    pub cpu_shares: Option<i64>,
    /// Processors, in fractions.
    #[serde(default)]
    pub cpus: Option<f64>,
    /// Whether the container gets all capabilities and devices.
    #[serde(default, deserialize_with = "or_default")]
    pub privileged: bool,
    /// Capabilities added.
    #[serde(default, deserialize_with = "or_default")]
    pub cap_add: Vec<String>,
    /// Capabilities removed.
    #[serde(default, deserialize_with = "or_default")]
    pub cap_drop: Vec<String>,
    /// `host[:container[:permissions]]`.
    #[serde(default, deserialize_with = "or_default")]
    pub devices: Vec<String>,
    /// Published ports; applied when `net` is `bridge`.
    #[serde(default, deserialize_with = "or_default")]
    pub ports: Vec<ContainerPort>,
    /// Named volumes, bind mounts and anonymous volumes.
    #[serde(default, deserialize_with = "or_default")]
    pub volumes: Vec<Mount>,
    /// Containers whose volumes are mounted; `%s` is the instance number.
    #[serde(default, deserialize_with = "or_default")]
    pub volumes_from: Vec<String>,
    /// `bridge`, `host` or `container:{name}`; null: `bridge`.
    #[serde(default)]
    pub net: Option<String>,
    /// `{service}-{instance_number}`.
    #[serde(default)]
    pub hostname: String,
    /// `{stack}.{grid}.kontena.local`; never null on the wire.
    #[serde(default)]
    pub domainname: String,
    /// Whether the stack exposes this service.
    #[serde(default, deserialize_with = "or_default")]
    pub exposed: bool,
    /// Docker log driver.
    #[serde(default)]
    pub log_driver: Option<String>,
    /// Docker log options.
    #[serde(default, deserialize_with = "or_default")]
    pub log_opts: BTreeMap<String, String>,
    /// `host` or null.
    #[serde(default)]
    pub pid: Option<String>,
    /// A port that must answer before the instance counts as running.
    #[serde(default)]
    pub wait_for_port: Option<u16>,
    /// `SIG…` or a number.
    #[serde(default)]
    pub stop_signal: Option<String>,
    /// Seconds; never null on the wire, since stock agents read null as 0.
    #[serde(default)]
    pub stop_grace_period: i64,
    /// `K=V`.
    #[serde(default, deserialize_with = "or_default")]
    pub env: Vec<String>,
    /// Values handed over as environment.
    #[serde(default, deserialize_with = "or_default")]
    pub secrets: Vec<PodSecret>,
    /// Labels the master puts on the container.
    #[serde(default, deserialize_with = "or_default")]
    pub labels: BTreeMap<String, String>,
    /// Commands around the container's life.
    #[serde(default, deserialize_with = "or_default")]
    pub hooks: Vec<HookSpec>,
    /// Networks, for information.
    #[serde(default, deserialize_with = "or_default")]
    pub networks: Vec<NetworkInfo>,
    /// Whether the root file system is read-only.
    #[serde(default, deserialize_with = "or_default")]
    pub read_only: bool,
}

/// A published port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerPort {
    /// Host address.
    pub ip: String,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Port on the node.
    pub node_port: u16,
    /// Port in the container.
    pub container_port: u16,
}

/// A volume of a pod: named (`name`), bound (`bind_mount`) or anonymous (neither).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Docker volume name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Host path.
    #[serde(default)]
    pub bind_mount: Option<String>,
    /// Path in the container.
    pub path: String,
    /// Such as `ro`.
    #[serde(default)]
    pub flags: Option<String>,
    /// Driver of a named volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Options of a named volume.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub driver_opts: BTreeMap<String, String>,
}

/// A secret handed to a container.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodSecret {
    /// Environment name.
    pub name: String,
    /// Always `env`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value in clear.
    pub value: Option<String>,
}

impl std::fmt::Debug for PodSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PodSecret({}=…)", self.name)
    }
}

/// Credentials for an image registry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryCredentials {
    /// User name.
    pub username: String,
    /// Password in clear.
    pub password: String,
    /// E-mail address, where the registry wants one.
    pub email: Option<String>,
}

impl std::fmt::Debug for RegistryCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RegistryCredentials({})", self.username)
    }
}

/// A command around a container's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookSpec {
    /// 24 hexadecimal digits.
    pub id: String,
    /// `pre_start`, `post_start` or `pre_stop`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Run by `/bin/sh -c`.
    pub cmd: String,
    /// Whether it runs once per instance.
    #[serde(default, deserialize_with = "or_default")]
    pub oneshot: bool,
}

/// A network of the grid, for information.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInfo {
    /// `kontena`.
    pub name: String,
    /// CIDR.
    pub subnet: String,
    /// Whether multicast works in it.
    pub multicast: bool,
    /// Whether it is cut off from the outside.
    pub internal: bool,
}

/// `/node_service_pods/set_state`: what became of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodState {
    /// 24 hexadecimal digits.
    pub service_id: String,
    /// From 1.
    pub instance_number: u32,
    /// The deploy_rev the state belongs to; null before the first list.
    #[serde(default)]
    pub rev: Option<String>,
    /// `running`, `restarting`, `stopped` or `missing`.
    pub state: String,
    /// `{ExceptionClass}: {message}`.
    #[serde(default)]
    pub error: Option<String>,
}

/// `/node_service_pods/event`: something happened to an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PodEvent {
    /// 24 hexadecimal digits.
    pub service_id: Option<String>,
    /// From 1.
    pub instance_number: Option<u32>,
    /// 0 debug, 1 info, 2 warn, 3 error; missing: 1.
    pub severity: Option<i64>,
    /// Such as `service:create_instance`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// The sentence.
    #[serde(deserialize_with = "or_default")]
    pub data: String,
}

/// A volume or network driver of an engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Driver {
    /// Such as `local`.
    pub name: String,
    /// Of a plugin.
    #[serde(default)]
    pub version: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::json;

    #[test]
    fn a_pod_survives_the_wire_and_nulls_read_as_defaults() {
        let pod = ServicePod {
            id: "s/2".into(),
            desired_state: "running".into(),
            service_id: "s".into(),
            instance_number: 2,
            image_name: "redis:3.0".into(),
            volumes: vec![Mount { path: "/data".into(), ..Mount::default() }],
            ..ServicePod::default()
        };
        let back: ServicePod = json::decode(&json::encode(&pod)).expect("own encoding");
        assert_eq!(back, pod);
        let sparse = serde_json::json!({
            "id": "s/1", "desired_state": "running", "service_id": "s", "service_name": "web",
            "service_revision": 1, "instance_number": 1, "image_name": "x", "env": null,
            "cap_add": null, "privileged": null, "labels": null,
        });
        let pod: ServicePod = serde_json::from_value(sparse).expect("nulls are fine");
        assert!(pod.env.is_empty() && !pod.privileged);
    }
}
