//! What a body may say both of a new service and of one that exists, and how it is carried out.
//!
//! What only one of the two may say is in the parent; how a part is read, in `parts`.

use std::collections::BTreeMap;

use super::{
    super::{
        affinity,
        error::{FieldError, FieldErrors, Title},
        fields::{Fields, list, list_checked},
        rules::{self, Checked},
    },
    INSTANCES,
    parts::{self, WrittenHook, WrittenLink, WrittenSecret},
    surroundings::Surroundings,
    volume::{self, WrittenVolume},
};
use crate::{
    Moment,
    domain::{DeployOpts, HealthCheck, Hook, Port, ServiceSpec, Strategy},
};

/// The most weight of a service's share of the processors.
const MOST_CPU_SHARES: i64 = 1024;

/// More processors than any machine has; their number times 100,000 still fits into Docker's quota.
const MOST_CPUS: f64 = 1_000_000.0;

/// What was sent; what is none was not, and stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Wishes {
    strategy: Option<Strategy>,
    affinity: Option<Vec<String>>,
    ports: Option<Vec<Port>>,
    env: Option<Vec<String>>,
    links: Option<Vec<WrittenLink>>,
    secrets: Option<Vec<WrittenSecret>>,
    certificates: Option<Vec<WrittenSecret>>,
    volumes: Option<Vec<WrittenVolume>>,
    volumes_from: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    user: Option<String>,
    privileged: Option<bool>,
    read_only: Option<bool>,
    cap_add: Option<Vec<String>>,
    cap_drop: Option<Vec<String>>,
    devices: Option<Vec<String>>,
    log_driver: Option<String>,
    log_opts: Option<BTreeMap<String, String>>,
    memory: Option<i64>,
    memory_swap: Option<i64>,
    shm_size: Option<i64>,
    cpus: Option<f64>,
    cpu_shares: Option<i64>,
    net: Option<String>,
    hooks: Option<Vec<WrittenHook>>,
    health_check: Option<Option<HealthCheck>>,
    deploy_opts: Option<DeployOpts>,
    stop_signal: Option<String>,
    stop_grace_period: Option<i64>,
}

/// Reads the number of instances under its name, or else under its old one.
pub(super) fn instances(fields: &mut Fields<'_>) -> Option<i64> {
    let old = fields.optional("container_count", rules::integer(INSTANCES));
    fields.optional("instances", rules::integer(INSTANCES)).or(old)
}

impl Wishes {
    /// Reads what was sent; notes what is wrong with it.
    pub(super) fn read(fields: &mut Fields<'_>) -> Self {
        let bytes = || rules::integer(0..=i64::MAX);
        Self {
            strategy: fields.optional("strategy", strategy),
            affinity: fields.optional("affinity", affinity::expressions),
            ports: fields.optional("ports", parts::ports),
            env: fields.optional("env", list(parts::env_entry)),
            links: fields.optional("links", parts::links),
            secrets: fields.optional("secrets", parts::secrets("secret")),
            certificates: fields.optional("certificates", parts::secrets("subject")),
            volumes: fields.optional("volumes", list_checked(rules::text, volume::read)),
            volumes_from: fields.optional("volumes_from", list(rules::text)),
            cmd: fields.optional("cmd", list(rules::exact_text)),
            user: fields.optional("user", rules::text),
            privileged: fields.optional("privileged", rules::boolean),
            read_only: fields.optional("read_only", rules::boolean),
            cap_add: fields.optional("cap_add", list(rules::text)),
            cap_drop: fields.optional("cap_drop", list(rules::text)),
            devices: fields.optional("devices", list(rules::text)),
            log_driver: fields.optional("log_driver", rules::text),
            log_opts: fields.optional("log_opts", rules::texts_by_key("isn't a hash", rules::text)),
            memory: fields.optional("memory", bytes()),
            // Docker takes -1 for no limit.
            memory_swap: fields.optional("memory_swap", rules::integer(-1..=i64::MAX)),
            shm_size: fields.optional("shm_size", bytes()),
            cpus: fields.optional("cpus", rules::float(0.0..=MOST_CPUS)),
            cpu_shares: fields.optional("cpu_shares", rules::integer(0..=MOST_CPU_SHARES)),
            net: fields.optional("net", rules::matching(parts::is_net)),
            hooks: fields.optional("hooks", parts::hooks),
            health_check: fields.optional("health_check", parts::health_check),
            deploy_opts: fields.optional("deploy_opts", parts::deploy_opts),
            stop_signal: fields.optional("stop_signal", rules::matching(parts::is_signal)),
            stop_grace_period: fields.optional("stop_grace_period", parts::span),
        }
    }

    /// Puts what was sent on a specification; notes what the surroundings do not allow, upon which the
    /// result means nothing. `old` is the specification in force where the service exists.
    pub(super) fn put_on(
        &self,
        base: &ServiceSpec,
        old: Option<&ServiceSpec>,
        around: &Surroundings,
        moment: &mut Moment,
        errors: &mut FieldErrors,
    ) -> ServiceSpec {
        let mut spec = base.clone();
        self.put_plain(&mut spec);
        if let Some(written) = &self.env {
            spec.env = kept_values(written, &base.env);
        }
        if let Some(written) = &self.hooks {
            spec.hooks = identified(written, &base.hooks, moment);
        }
        if let Some(written) = &self.links {
            spec.links = around.links(written, errors);
        }
        if let Some(written) = &self.secrets {
            spec.secrets = around.secrets(written, errors);
        }
        if let Some(written) = &self.volumes {
            spec.volumes = around.volumes(written, old, errors);
        }
        self.refuse_certificates(errors);
        if spec.stateful && self.volumes_from.as_ref().is_some_and(|from| !from.is_empty()) {
            errors.add("volumes_from", "Cannot combine stateful & volumes_from");
        }
        spec
    }

    /// Puts on what needs nothing but itself. The pattern names every field, so that none is forgotten.
    fn put_plain(&self, spec: &mut ServiceSpec) {
        let Self {
            strategy,
            affinity,
            ports,
            env: _,
            links: _,
            secrets: _,
            certificates: _,
            volumes: _,
            volumes_from,
            cmd,
            user,
            privileged,
            read_only,
            cap_add,
            cap_drop,
            devices,
            log_driver,
            log_opts,
            memory,
            memory_swap,
            shm_size,
            cpus,
            cpu_shares,
            net,
            hooks: _,
            health_check,
            deploy_opts,
            stop_signal,
            stop_grace_period,
        } = self;
        put(&mut spec.strategy, strategy);
        put(&mut spec.affinity, affinity);
        put(&mut spec.ports, ports);
        put(&mut spec.volumes_from, volumes_from);
        put_some(&mut spec.cmd, cmd);
        put_some(&mut spec.user, user);
        put(&mut spec.privileged, privileged);
        put(&mut spec.read_only, read_only);
        put(&mut spec.cap_add, cap_add);
        put(&mut spec.cap_drop, cap_drop);
        put(&mut spec.devices, devices);
        put_some(&mut spec.log_driver, log_driver);
        put(&mut spec.log_opts, log_opts);
        put_some(&mut spec.memory, memory);
        put_some(&mut spec.memory_swap, memory_swap);
        put_some(&mut spec.shm_size, shm_size);
        put_some(&mut spec.cpus, cpus);
        put_some(&mut spec.cpu_shares, cpu_shares);
        put_some(&mut spec.net, net);
        put(&mut spec.health_check, health_check);
        put(&mut spec.deploy_opts, deploy_opts);
        put_some(&mut spec.stop_signal, stop_signal);
        put_some(&mut spec.stop_grace_period, stop_grace_period);
    }

    /// No grid has certificates yet, so that none can be found.
    fn refuse_certificates(&self, errors: &mut FieldErrors) {
        let wanted = self.certificates.iter().flatten();
        let failing: Vec<String> = wanted
            .map(|certificate| format!("Certificate {} does not exist", certificate.source))
            .collect();
        if !failing.is_empty() {
            errors.add("certificates", FieldError::failing(failing));
        }
    }
}

fn put<T: Clone>(target: &mut T, wish: &Option<T>) {
    if let Some(value) = wish {
        target.clone_from(value);
    }
}

fn put_some<T: Clone>(target: &mut Option<T>, wish: &Option<T>) {
    if wish.is_some() {
        target.clone_from(wish);
    }
}

fn strategy(value: &serde_json::Value, title: Title<'_>) -> Checked<Strategy> {
    let text = rules::text(value, title)?;
    Strategy::ALL
        .into_iter()
        .find(|strategy| strategy.as_str() == text)
        .ok_or_else(|| "Strategy not supported".into())
}

/// An entry with an empty value keeps the value it has: clients send `KEY=` for what they do not know.
fn kept_values(written: &[String], old: &[String]) -> Vec<String> {
    let keep = |entry: &String| {
        let key = entry.strip_suffix('=')?;
        old.iter().find(|known| parts::env_key(known) == key)
    };
    written.iter().map(|entry| keep(entry).unwrap_or(entry).clone()).collect()
}

/// Gives hooks ids. One that keeps kind and name keeps its id, so that agents know whether it has run.
fn identified(written: &[WrittenHook], old: &[Hook], moment: &mut Moment) -> Vec<Hook> {
    let mut known: Vec<&Hook> = old.iter().collect();
    written
        .iter()
        .map(|hook| {
            let same = known.iter().position(|old| old.kind == hook.kind && old.name == hook.name);
            Hook {
                id: same
                    .map_or_else(|| fresh_id(moment), |position| known.remove(position).id.clone()),
                name: hook.name.clone(),
                kind: hook.kind,
                cmd: hook.cmd.clone(),
                instances: hook.instances.clone(),
                oneshot: hook.oneshot,
            }
        })
        .collect()
}

fn fresh_id(moment: &mut Moment) -> String {
    let bytes = moment.id();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
