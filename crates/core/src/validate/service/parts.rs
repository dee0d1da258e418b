//! The parts of a service's body that are more than one value: environment, ports, links, hooks, health
//! check, deploy options, and the texts with a form of their own.
//!
//! Which part stands in which field is in `wishes`; what a part needs from the grid, in `surroundings`.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::super::{
    error::Title,
    fields::{Fields, list, object},
    rules::{self, Checked},
};
use crate::domain::{DeployOpts, HealthCheck, HookKind, Port};

/// The most characters of one entry of the environment: what Linux passes to a program.
const LONGEST_ENV_ENTRY: usize = 131_072;

/// The share of instances that a deploy leaves alone at a time, where nothing was sent.
const DEFAULT_MIN_HEALTH: f64 = 0.8;

/// The longest span in seconds, 68 years: no time that it is added to overflows.
const LONGEST_SPAN: i64 = i32::MAX as i64;

/// Spans that have to last.
const SPAN: RangeInclusive<i64> = 1..=LONGEST_SPAN;

/// A link as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenLink {
    id: Option<String>,
    /// `service` or `stack/service`.
    pub(super) name: String,
    /// Name inside the container.
    pub(super) alias: String,
}

/// A secret or a certificate as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenSecret {
    /// Name of the secret, or subject of the certificate.
    pub(super) source: String,
    /// Environment name.
    pub(super) name: String,
}

/// A hook before it has an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenHook {
    /// When it runs.
    pub(super) kind: HookKind,
    /// Free text.
    pub(super) name: String,
    /// Shell text.
    pub(super) cmd: String,
    /// `*` or a comma list of instance numbers.
    pub(super) instances: String,
    /// Runs once per instance.
    pub(super) oneshot: bool,
}

impl WrittenLink {
    /// Stack and service by the id `grid/stack/service`, which clients send back as they received it.
    /// It tells more than the name, in which the default stack is left out.
    pub(super) fn identified(&self, grid: &str) -> Option<(&str, &str)> {
        let in_grid = self.id.as_deref()?.strip_prefix(grid)?.strip_prefix('/')?;
        in_grid.split_once('/')
    }
}

pub(super) fn env_entry(value: &Value, title: Title<'_>) -> Checked<String> {
    let entry = rules::exact_unblank_text(value, title)?;
    if entry.chars().count() > LONGEST_ENV_ENTRY {
        return Err(title.says("is too long"));
    }
    if entry.find('=').is_none_or(|position| position == 0) {
        return Err(title.says("isn't in the right format"));
    }
    Ok(entry)
}

/// The key of an entry of the environment.
pub(super) fn env_key(entry: &str) -> &str {
    entry.split_once('=').map_or(entry, |(key, _)| key)
}

/// Published ports. Port 0 of a node lets its engine choose one.
pub(super) fn ports(value: &Value, title: Title<'_>) -> Checked<Vec<Port>> {
    list(object(|fields| {
        let node_port = fields.required("node_port", rules::port(0));
        let container_port = fields.required("container_port", rules::port(1));
        let ip = fields.optional("ip", rules::text);
        let protocol = fields.optional("protocol", rules::text);
        Some(Port {
            ip: ip.unwrap_or_else(|| "0.0.0.0".to_owned()),
            protocol: protocol.unwrap_or_else(|| "tcp".to_owned()),
            node_port: node_port?,
            container_port: container_port?,
        })
    }))(value, title)
}

pub(super) fn links(value: &Value, title: Title<'_>) -> Checked<Vec<WrittenLink>> {
    /// Other than a text an id is an unknown key, which is ignored.
    fn id(value: &Value, _: Title<'_>) -> Checked<Option<String>> {
        Ok(value.as_str().map(str::to_owned))
    }
    list(object(|fields| {
        let name = fields.required("name", rules::text);
        let alias = fields.required("alias", rules::text);
        Some(WrittenLink { id: fields.optional("id", id).flatten(), name: name?, alias: alias? })
    }))(value, title)
}

/// Secrets (`secret`) or certificates (`subject`) as environment.
pub(super) fn secrets(source: &str) -> impl Fn(&Value, Title<'_>) -> Checked<Vec<WrittenSecret>> {
    list(object(move |fields| {
        let source = fields.required(source, rules::text);
        let name = fields.required("name", rules::text);
        Some(WrittenSecret { source: source?, name: name? })
    }))
}

pub(super) fn hooks(value: &Value, title: Title<'_>) -> Checked<Vec<WrittenHook>> {
    object(|fields| {
        let mut hooks = Vec::new();
        for kind in [HookKind::PreStart, HookKind::PostStart, HookKind::PreStop] {
            let of_kind = fields.optional(kind.as_str(), list(object(move |f| hook(f, kind))));
            hooks.extend(of_kind.unwrap_or_default());
        }
        Some(hooks)
    })(value, title)
}

fn hook(fields: &mut Fields<'_>, kind: HookKind) -> Option<WrittenHook> {
    let name = fields.required("name", rules::text);
    let cmd = fields.required("cmd", rules::exact_unblank_text);
    let instances = fields.required("instances", rules::matching(is_instance_list));
    let oneshot = fields.optional("oneshot", rules::boolean);
    Some(WrittenHook {
        kind,
        name: name?,
        cmd: cmd?,
        instances: instances?,
        oneshot: oneshot.unwrap_or_default(),
    })
}

fn is_instance_list(text: &str) -> bool {
    let is_number = |item: &str| !item.is_empty() && item.bytes().all(|byte| byte.is_ascii_digit());
    text.split(',').map(str::trim).all(|item| item == "*" || is_number(item))
}

/// A health check; none where neither port nor protocol is given, which removes it.
pub(super) fn health_check(value: &Value, title: Title<'_>) -> Checked<Option<HealthCheck>> {
    let check = object(|fields| {
        let port = fields.nullable("port", rules::port(1));
        let protocols = ["http", "tcp"].map(|word| (word, word.to_owned()));
        let protocol = fields.nullable("protocol", rules::one_of(&protocols));
        let uri = fields.optional("uri", rules::text);
        let timeout = fields.optional("timeout", rules::integer(SPAN));
        let interval = fields.optional("interval", rules::integer(SPAN));
        let initial_delay = fields.optional("initial_delay", rules::integer(0..=LONGEST_SPAN));
        Some(HealthCheck {
            protocol: protocol?,
            port: port?,
            uri: uri.unwrap_or_else(|| "/".to_owned()),
            timeout: timeout.unwrap_or(10),
            interval: interval.unwrap_or(60),
            initial_delay: initial_delay.unwrap_or(10),
        })
    })(value, title)?;
    if check.interval < check.timeout {
        return Err("Interval has to be bigger than timeout".into());
    }
    Ok(Some(check).filter(|check| check.protocol.is_some() || check.port.is_some()))
}

/// Deploy options; those that are not sent fall back to the defaults, `null` clears.
pub(super) fn deploy_opts(value: &Value, title: Title<'_>) -> Checked<DeployOpts> {
    let default = default_deploy_opts();
    object(|fields| {
        Some(DeployOpts {
            wait_for_port: fields.clearable("wait_for_port", default.wait_for_port, rules::port(1)),
            min_health: fields.clearable("min_health", default.min_health, rules::float(0.0..=1.0)),
            interval: fields.clearable("interval", default.interval, rules::integer(SPAN)),
        })
    })(value, title)
}

/// Deploy options where none were sent.
pub(super) fn default_deploy_opts() -> DeployOpts {
    DeployOpts { min_health: Some(DEFAULT_MIN_HEALTH), ..DeployOpts::default() }
}

pub(super) fn is_net(text: &str) -> bool {
    let container = text.strip_prefix("container:");
    matches!(text, "bridge" | "host") || container.is_some_and(|name| !name.is_empty())
}

/// Tells whether a text is a signal: a number, or a name such as `SIGTERM` or `SIGRTMIN+3`.
pub(super) fn is_signal(text: &str) -> bool {
    let in_name =
        |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"+-".contains(&byte);
    match text.strip_prefix("SIG") {
        Some(name) => !name.is_empty() && name.bytes().all(in_name),
        None => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// A span of time such as `1m30s` in whole seconds. Rounded up: half a second of grace is not none.
pub(super) fn span(value: &Value, title: Title<'_>) -> Checked<i64> {
    let text = rules::text(value, title)?;
    let seconds = seconds(&text).ok_or_else(|| title.says("isn't in the right format"))?;
    if seconds > LONGEST_SPAN as f64 {
        return Err(title.says("is too big"));
    }
    // By way of milliseconds, or 1.1 minutes would be rounded up to 67 seconds.
    let milliseconds = (seconds * 1000.0).round() as i64;
    Ok((milliseconds + 999) / 1000)
}

fn seconds(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|letter: char| letter != '.' && !letter.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(end)?;
        let (factor, after) = [("h", 3600.0), ("m", 60.0), ("s", 1.0)]
            .into_iter()
            .find_map(|(unit, factor)| Some((factor, after.strip_prefix(unit)?)))?;
        // Rust would take `.5` and `5.` too, Kontena does not.
        if number.starts_with('.') || number.ends_with('.') {
            return None;
        }
        total += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}
