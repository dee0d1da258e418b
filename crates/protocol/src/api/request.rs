//! Bodies that administrators send, as they should be sent.
//!
//! The master takes more than these say (numbers as text, `null` for what is absent, unknown fields), since
//! the stock client sends it. Bodies that our own command line builds from a type stand beside what they
//! create.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DeployOpts, HealthCheck, Port};

/// `POST /oauth2/token`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenRequest {
    /// `authorization_code` or `refresh_token`.
    pub grant_type: String,
    /// With `authorization_code`: the code, which is good once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// With `refresh_token`: the token, which is good once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// `POST /oauth2/authorize`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthorizeRequest {
    /// `token`, `code` or `invite`.
    pub response_type: String,
    /// With `token` and `code`: `user`, `owner`, or both joined by a comma.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// With `token` and `code`: seconds; never ends where absent or 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<i64>,
    /// With `token` and `code`: free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// With `token` and `code`: address of the user it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// With `invite`: address of who is invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// With `invite`: who they are to a provider of identities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// With `invite`: their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// `POST /v1/users/:email/roles`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleRequest {
    /// `master_admin`, `grid_admin` or `user_admin`.
    pub role: String,
}

/// `POST /v1/grids/:grid/users`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GridUserRequest {
    /// Address of a user.
    pub email: String,
}

/// `PUT /v1/grids/:grid`: what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GridUpdate {
    /// `{"statsd": {"server", "port"}}`; `{"statsd": null}` clears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<serde_json::Value>,
    /// `{"forwarder", "opts"}`; the forwarder `none` clears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<serde_json::Value>,
    /// Affinity of services that have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_affinity: Option<Vec<String>>,
    /// CIDRs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_subnets: Option<Vec<String>>,
}

/// `POST /v1/grids/:grid/services`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceCreate {
    /// `A-Za-z0-9_-`, not starting with `-`; unique in its stack.
    pub name: String,
    /// Whether its data outlives containers and pins instances to nodes; cannot be changed.
    pub stateful: bool,
    /// Image, with tag.
    pub image: String,
    /// Program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<String>,
    /// `host`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<String>,
    /// What can be changed later.
    #[serde(flatten)]
    pub settings: ServiceSettings,
}

/// `PUT /v1/services/:grid/:stack/:service`: what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceUpdate {
    /// Image, with tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Whether there is a new revision though nothing changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
    /// What else can be changed.
    #[serde(flatten)]
    pub settings: ServiceSettings,
}

/// Settings of a service that can be changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ServiceSettings {
    /// Wanted number of instances (per node for `daemon`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instances: Option<i64>,
    /// `ha`, `daemon` or `random`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// How deploys go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deploy_opts: Option<DeployOpts>,
    /// Such as `node==core-*`, `label!=az=a`, `service==redis`; with `~` at the end a wish only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affinity: Option<Vec<String>>,
    /// Published ports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ports: Option<Vec<Port>>,
    /// `KEY=VALUE`; on an update `KEY=` keeps the value of `KEY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<Vec<String>>,
    /// `{"name", "alias"}` each; the name is `service` or `stack/service`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<LinkRequest>>,
    /// `{"secret", "name"}` each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<SecretRequest>>,
    /// `/host:/path[:flags]`, `name:/path[:flags]` or `/path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volumes: Option<Vec<String>>,
    /// Services whose volumes are mounted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volumes_from: Option<Vec<String>>,
    /// Arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    /// User in the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether containers may do everything on the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// Whether the root file system is read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// Capabilities added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap_add: Option<Vec<String>>,
    /// Capabilities removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap_drop: Option<Vec<String>>,
    /// Devices of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices: Option<Vec<String>>,
    /// Docker log driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_driver: Option<String>,
    /// Docker log options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_opts: Option<BTreeMap<String, String>>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<i64>,
    /// Bytes; -1: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_swap: Option<i64>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shm_size: Option<i64>,
    /// Processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    /// Relative weight, 0 to 1024.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_shares: Option<i64>,
    /// `bridge`, `host` or `container:…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net: Option<String>,
    /// `{"pre_start": […], "post_start": […], "pre_stop": […]}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hooks: Option<BTreeMap<String, Vec<HookRequest>>>,
    /// Port and protocol both null: no check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// `SIG…` or a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// Such as `1m30s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_grace_period: Option<String>,
}

/// `POST /v1/services/:grid/:stack/:service/envs`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnvRequest {
    /// `KEY=VALUE`; an entry of the same key is replaced.
    pub env: String,
}

/// `POST /v1/containers/:grid/:node/:container/exec`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExecRequest {
    /// Program and arguments.
    pub cmd: Vec<String>,
}

/// A link that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkRequest {
    /// As links are shown; where it is sent it counts, and not the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `service` or `stack/service`.
    pub name: String,
    /// Name inside the container.
    pub alias: String,
}

/// A secret that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretRequest {
    /// Name in the vault.
    pub secret: String,
    /// Environment name.
    pub name: String,
}

/// A hook that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HookRequest {
    /// Free text.
    pub name: String,
    /// Run by `/bin/sh -c`.
    pub cmd: String,
    /// `*`, or numbers of instances separated by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub instances: Option<String>,
    /// Whether it runs once per instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oneshot: Option<bool>,
}

/// `POST …/deploy`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeployRequest {
    /// Whether instances are replaced though nothing changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
}

/// `POST …/scale`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScaleRequest {
    /// Wanted number of instances.
    pub instances: i64,
}

/// `POST /v1/volumes/:grid`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VolumeCreate {
    /// `A-Za-z0-9_-`, not starting with `-`.
    pub name: String,
    /// `grid`, `stack` or `instance`.
    pub scope: String,
    /// Volume driver, without version, such as `local`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub driver: Option<String>,
    /// Driver options.
    #[serde(default)]
    pub driver_opts: BTreeMap<String, String>,
}
